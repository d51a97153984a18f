// A host that sends anything at all. The first byte chooses what comes before the input, because
// few random bytes would ever find their way past an HTTP/2 session's beginning: nothing, a proper
// beginning, a running process on stream 1, or a client that frames the input's lines properly, so
// that what is wrong is the requests themselves.
//
// Whatever comes: no crash, at most one owner's call after the other in the order of the contract,
// and no more input held than the windows allow.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "guest/core/router.hpp"
#include "host_client.hpp"

namespace bulkhead::guest {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// Takes its input late, answers with as much output, and ends with its input.
class Echo final : public StreamOwner {
 public:
  explicit Echo(Caller caller, bool socket = false) : caller_(caller), socket_(socket) {}
  void answer() {
    if (!detached_ && !socket_) caller_.server.respond_from_owner(caller_.stream, {{"x-pid", "1"}});
  }
  void settle() {
    if (detached_) return;
    // A socket's program that has gone.
    if (socket_ && output_ended_ && !ended_) return caller_.server.reset(caller_.stream);
    if (held_ == 0) return;
    caller_.server.consumed(caller_.stream, held_);
    output_ += held_;
    held_ = 0;
    caller_.server.resume(caller_.stream);
  }
  void take_input(std::string_view bytes) override {
    require(!detached_ && !ended_);
    held_ += bytes.size();
    taken_ += bytes.size();
    require(held_ <= size_t{kStreamWindow});
  }
  void end_input() override {
    require(!detached_ && !ended_);
    ended_ = true;
  }
  Output fill_output(std::span<uint8_t> space) override {
    require(!detached_ && !space.empty());
    size_t step = std::min(space.size(), output_);
    memset(space.data(), 'x', step);
    output_ -= step;
    // A socket's answer may end long before its request.
    if (socket_ && step == 0 && taken_ > kSocketAnswer) output_ended_ = true;
    if (output_ended_) return {step, Then::kEnd};
    return {step, ended_ && output_ == 0 ? Then::kEnd : Then::kWait};
  }
  Headers trailers() override { return {{"x-exit-code", "0"}}; }
  bool takes_input_after_output() const override { return socket_; }
  void detach() override {
    require(!detached_);
    detached_ = true;
  }

 private:
  static constexpr size_t kSocketAnswer = 8;

  Caller caller_;
  bool socket_;
  size_t held_ = 0, output_ = 0, taken_ = 0;
  bool ended_ = false, output_ended_ = false, detached_ = false;
};

class Stub final : public Backend {
 public:
  std::string ping() override { return "{}"; }
  Status configure(const ContainerSpec&) override { return {}; }
  Result<StreamOwner*> start(const std::string& id, const ProcessSpec& spec, std::string_view,
                             Caller caller) override {
    require(!id.empty() && !spec.args.empty());
    if (id == "refused") return fail(Code::kConflict, "refused");
    owners.push_back(std::make_unique<Echo>(caller));
    return owners.back().get();
  }
  Status signal(const std::string&, int signal) override {
    require(signal > 0 && signal <= 64);
    return {};
  }
  Status resize(const std::string&, TerminalSize) override { return {}; }
  Result<StreamOwner*> socket_notices(Caller caller) override { return connect_socket(0, caller); }
  Result<StreamOwner*> take_connection(uint64_t number, Caller caller) override {
    return connect_socket(number, caller);
  }
  Result<StreamOwner*> connect_socket(uint64_t number, Caller caller) override {
    if (number == 1) return fail(Code::kNotFound, "no such socket");
    owners.push_back(std::make_unique<Echo>(caller, true));
    return owners.back().get();
  }
  Status reset() override { return {}; }
  Status touch(const std::vector<std::string>& paths) override {
    for (const std::string& path : paths) require(path.starts_with('/'));
    return {};
  }
  Result<Statistics> statistics() override { return Statistics{}; }
  std::string kernel_log() override { return "{}"; }
  void shut_down() override {}

  std::vector<std::unique_ptr<Echo>> owners;
};

class Session {
 public:
  Session() { router_.serve(server_.get()); }

  // False at the session's end.
  bool carry(std::string_view bytes) {
    if (!server_->feed(bytes)) return false;
    drain();
    for (; answered_ < stub_.owners.size(); answered_++) stub_.owners[answered_]->answer();
    for (auto& owner : stub_.owners) owner->settle();
    drain();
    return !server_->over();
  }

 private:
  void drain() {
    std::array<uint8_t, 1000> space;
    while (server_->take_output(space) > 0) {
    }
  }

  Stub stub_;
  Router router_{stub_};
  std::unique_ptr<Http2Server> server_ = std::make_unique<Http2Server>(router_);
  size_t answered_ = 0;
};

// Lines of "METHOD PATH BODY".
void submit_lines(test::HostClient& client, std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    size_t first = line.find(' ');
    if (first == std::string_view::npos) continue;
    size_t second = std::min(line.find(' ', first + 1), line.size());
    std::string body(line.substr(std::min(line.size(), second + 1)));
    std::string path(line.substr(first + 1, second - first - 1));
    if (path.starts_with("/v1/processes/") && !path.ends_with("/signal") &&
        !path.ends_with("/resize"))
      body = test::process_body(body, "input");
    client.request(std::string(line.substr(0, first)), path, body, line.size() % 2 == 0);
  }
}

void run(uint8_t mode, std::string_view input) {
  Session session;
  test::HostClient client;
  if ((mode & 3) == 2)
    client.request("POST", "/v1/processes/p", test::process_body(R"({"args":["a"],"stdin":true})"),
                   false);
  if ((mode & 3) == 3) submit_lines(client, input);
  if ((mode & 3) != 0 && !session.carry(client.take_output())) return;
  if ((mode & 3) == 3) return;
  size_t piece = (mode >> 2) == 0 ? input.size() : mode >> 2;
  for (; !input.empty(); input.remove_prefix(std::min(piece, input.size()))) {
    if (!session.carry(input.substr(0, piece))) return;
  }
}

}  // namespace
}  // namespace bulkhead::guest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) bulkhead::guest::run(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
