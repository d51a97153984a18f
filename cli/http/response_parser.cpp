#include "http/response_parser.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>
#include <utility>

namespace bulkhead::cli {

namespace http = boost::beast::http;

namespace {

// A body that grows with what arrives. Beast's own string_body would reserve whatever length the
// head claims.
struct PieceBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<uint64_t>&, boost::beast::error_code& error) { error = {}; }
    template <class Buffers>
    size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      size_t size = 0;
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace

struct ResponseParser::Impl {
  http::response_parser<PieceBody> parser;
};

namespace {

Failure broken(const boost::beast::error_code& error) {
  return fail(Code::kUnavailable, "the service's answer can't be understood: " + error.message());
}

}  // namespace

ResponseParser::ResponseParser() : impl_(std::make_unique<Impl>()) {
  impl_->parser.header_limit(64 * 1024);
  impl_->parser.body_limit(
      std::numeric_limits<uint64_t>::max());  // the reader bounds what it keeps
}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

Result<size_t> ResponseParser::feed(std::string_view bytes) {
  size_t used = 0;
  while (used < bytes.size() && !done()) {
    const bool had_head = head_done();
    boost::beast::error_code error;
    const size_t count = impl_->parser.put(
        boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    used += count;
    if (error && error != http::error::need_more) return broken(error);
    if (error == http::error::need_more || (count == 0 && had_head == head_done())) break;
    if (!had_head && head_done()) break;
  }
  return used;
}

Status ResponseParser::end() {
  if (done()) return {};
  if (!head_done()) {
    return fail(Code::kUnavailable, "the service ended the connection without an answer");
  }
  boost::beast::error_code error;
  if (impl_->parser.need_eof()) impl_->parser.put_eof(error);
  if (error || !done()) {
    return fail(Code::kUnavailable, "the service ended the connection in the middle of its answer");
  }
  return {};
}

bool ResponseParser::head_done() const {
  return impl_->parser.is_header_done();
}
bool ResponseParser::done() const {
  return impl_->parser.is_done();
}
unsigned ResponseParser::status() const {
  return impl_->parser.get().result_int();
}

std::string ResponseParser::header(std::string_view name) const {
  const auto found = impl_->parser.get().find(boost::beast::string_view(name.data(), name.size()));
  return found == impl_->parser.get().end() ? std::string() : found->value().to_string();
}

std::string ResponseParser::take_body() {
  return std::exchange(impl_->parser.get().body(), {});
}

}  // namespace bulkhead::cli
