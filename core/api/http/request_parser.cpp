#include "request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cctype>
#include <limits>

namespace bulkhead::api {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr uint32_t kHeadLimit = 32 * 1024;

std::string lower(beast::string_view text) {
  std::string out(text.data(), text.size());
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

// basic_parser calls back for every part; the overrides only collect.
struct RequestParser::Impl final : http::basic_parser<true> {
  Impl() {
    eager(false);
    header_limit(kHeadLimit);
    body_limit(std::numeric_limits<uint64_t>::max());
  }

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int,
                       error_code&) override {
    head.method.assign(method.data(), method.size());
    head.target.assign(target.data(), target.size());
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    head.fields[lower(name)] = std::string(value.data(), value.size());
  }
  void on_header_impl(error_code&) override {
    head.keep_alive = keep_alive();
    head.has_body = chunked() || (content_length() && *content_length() > 0);
  }
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(uint64_t, beast::string_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}

  Head head;
  std::string body;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

Result<size_t> RequestParser::feed(std::string_view bytes) {
  error_code error;
  size_t used = impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::need_more) return used;
  if (error) return fail(Code::kInvalid, "malformed HTTP request: " + error.message());
  return used;
}

bool RequestParser::head_done() const {
  return impl_->is_header_done();
}
bool RequestParser::done() const {
  return impl_->is_done();
}
const Head& RequestParser::head() const {
  return impl_->head;
}
std::string RequestParser::take_body() {
  return std::exchange(impl_->body, {});
}

}  // namespace bulkhead::api
