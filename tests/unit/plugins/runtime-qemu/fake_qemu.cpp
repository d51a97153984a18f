// Stands in for QEMU and the guest in one small program, so that every way in which the two can
// fail is a test that takes milliseconds and no kernel.
//
// It takes QEMU's command line and inherited descriptors. What it does wrong is asked for on the
// kernel command line:
//
//     fake.exit=TEXT     complains with TEXT and exits with 1
//     fake.kvm-fails     the same, but only under -accel kvm
//     fake.console=TEXT  prints TEXT on the console
//     fake.silent        the guest never speaks
//     fake.garbage       the guest speaks something else
//     fake.refuse        /v1/container fails
//     fake.immortal      takes no notice of signals and shutdown
//     fake.locked=PATH   complains that the disk is locked and exits with 1
//     fake.frames        each network card sends a frame at once
//
// The sockets of the guest echo.
//
// What a process does is its args[0]: echo TEXT, cat, sleep, deaf, exit N, flood KIB, missing,
// hang, lie, vanish.
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "fake_guest.hpp"
#include "qemu_arguments.hpp"

namespace bulkhead::qemu::test {
namespace {

void put(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n <= 0) ::_exit(3);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

class FakeMachine {
 public:
  explicit FakeMachine(const std::vector<std::string>& arguments) {
    for (size_t i = 0; i + 1 < arguments.size(); ++i) {
      if (arguments[i] == "-append") read_wishes(arguments[i + 1]);
      if (arguments[i] == "-accel") kvm_ = arguments[i + 1] == "kvm";
      if (arguments[i] == "-netdev") ++cards_;
    }
  }

  void run() {
    put(kQmpFd, R"({"QMP":{"version":{"qemu":{"major":9,"minor":8,"micro":7}},"capabilities":[]}})"
                "\r\n");
    if (wished("fake.exit") || (kvm_ && wished("fake.kvm-fails"))) {
      put(STDERR_FILENO, "qemu: " + wishes_["fake.exit"] + "\n");
      ::_exit(1);
    }
    if (wished("fake.locked")) {
      put(STDERR_FILENO,
          "qemu: -device {}: Failed to get \"write\" lock\nIs another process using "
          "the image [" +
              wishes_["fake.locked"] + "]?\n");
      ::_exit(1);
    }
    for (int card = 0; wished("fake.frames") && card < cards_; ++card) {
      put(kFirstNetworkFd + card, "frame of card " + std::to_string(card));
    }
    if (wished("fake.console")) put(kConsoleFd, wishes_["fake.console"] + "\r\n");
    if (wished("bulkhead.probe"))
      put(kConsoleFd, "bulkhead: guest ready\r\nreboot: Restarting system\r\n");
    if (wished("bulkhead.probe")) ::_exit(0);
    if (wished("fake.garbage"))
      put(kAgentFd, "login: garbage in, garbage out, and then some more of it\n");
    while (wished("fake.silent") || wished("fake.garbage")) ::pause();
    serve();
  }

 private:
  struct Running {
    std::string id;
    std::string verb;
    Json process;
    int32_t stream = 0;
    size_t input_taken = 0;
  };

  bool wished(const std::string& key) const { return wishes_.contains(key); }

  void read_wishes(const std::string& line) {
    for (size_t at = 0; at < line.size();) {
      const size_t end = std::min(line.find(' ', at), line.size());
      const std::string word = line.substr(at, end - at);
      const size_t equals = word.find('=');
      wishes_[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
      at = end + 1;
    }
  }

  void serve() {
    put(kAgentFd, guest_.take_output());
    for (;;) {
      pollfd waits[] = {{kAgentFd, POLLIN, 0}, {kQmpFd, POLLIN, 0}};
      ::poll(waits, 2, -1);
      char buffer[64 * 1024];
      if (waits[1].revents) {
        if (::read(kQmpFd, buffer, sizeof buffer) <= 0) ::_exit(0);
      }
      if (!waits[0].revents) continue;
      const ssize_t n = ::read(kAgentFd, buffer, sizeof buffer);
      if (n <= 0 || !guest_.feed({buffer, static_cast<size_t>(n)})) ::_exit(2);
      while (handled_ < guest_.requests().size()) handle(guest_.requests()[handled_++]);
      for (auto& [id, process] : running_) take_input(process);
      for (auto& [stream, taken] : echoes_) echo(stream, taken);
      std::erase_if(running_, [](const auto& entry) { return entry.second.stream == 0; });
      put(kAgentFd, guest_.take_output());
      if (off_) ::_exit(0);
    }
  }

  void handle(const GuestRequest& request) {
    const std::string prefix = "/v1/processes/";
    if (request.path == "/v1/container") {
      if (wished("fake.refuse"))
        return answer(request, 500, {{"code", 13}, {"message", "disk image: bad superblock"}});
      return answer(request, 200, {{"version", "fake"}});
    }
    if (request.path == "/v1/stats")
      return answer(request, 200, {{"memoryUsageBytes", 5}, {"cpuUsageUsec", "many"}});
    if (request.path == "/v1/kernel-log")
      return answer(request, 200, {{"text", "<6>[    0.000000] Linux version fake\n"}});
    if (request.path == "/v1/shutdown") {
      if (wished("fake.immortal")) return;
      off_ = true;
      for (auto& [id, process] : running_) end(process, 137, 9);
      return answer(request, 200, Json::object());
    }
    if (request.path.starts_with("/v1/sockets/")) {
      guest_.begin(request.stream, 200);
      echoes_[request.stream] = 0;
      return;
    }
    if (!request.path.starts_with(prefix))
      return answer(request, 404, {{"code", 3}, {"message", "no such path"}});
    const std::string rest = request.path.substr(prefix.size());
    const size_t slash = rest.find('/');
    if (slash != std::string::npos)
      return order(request, rest.substr(0, slash), rest.substr(slash + 1));
    running_[rest] = {rest, "", {}, request.stream, 0};
  }

  void order(const GuestRequest& request, const std::string& id, const std::string& verb) {
    pending_orders_.push_back({request.stream, id, verb});
    carry_out_orders();
  }

  // An order's body may come in a later read than its head.
  void carry_out_orders() {
    std::erase_if(pending_orders_, [&](const Order& order) {
      const GuestRequest* request = find(order.stream);
      if (!request || !request->complete) return false;
      const Json body = Json::parse(request->body);
      const auto found = running_.find(order.id);
      if (found == running_.end()) {
        answer(*request, 404, {{"code", 3}, {"message", "no process " + order.id}});
        return true;
      }
      answer(*request, 200, Json::object());
      if (order.verb == "resize") {
        say(found->second, 1, "resize " + body.dump());
      } else if (!wished("fake.immortal") &&
                 (found->second.verb != "deaf" || body["signal"] == 9)) {
        end(found->second, 128 + body["signal"].get<int>(), body["signal"]);
      }
      return true;
    });
  }

  void take_input(Running& process) {
    GuestRequest* request = find(process.stream);
    if (!request) return;
    if (process.verb.empty() && !begin(process, *request)) return;
    carry_out_orders();
    if (process.stream == 0 || process.verb != "cat") return;
    const std::string input = request->body.substr(process.input_taken);
    process.input_taken = request->body.size();
    if (!input.empty()) say(process, 1, input);
    if (request->complete) end(process, 0, 0);
  }

  // True if the process exists now.
  bool begin(Running& process, const GuestRequest& request) {
    if (request.body.size() < 4) return false;
    const auto* bytes = reinterpret_cast<const uint8_t*>(request.body.data());
    const size_t length = size_t{bytes[2]} << 8 | bytes[3];
    if (request.body.size() < 4 + length) return false;
    process.process = Json::parse(request.body.substr(4, length));
    process.input_taken = 4 + length;
    process.verb = process.process["args"][0];
    const std::string argument =
        process.process["args"].size() > 1 ? process.process["args"][1] : "";
    if (process.verb == "vanish") ::_exit(9);
    if (process.verb == "hang") return false;
    if (process.verb == "missing") {
      answer(request, 404, {{"code", 127}, {"message", argument + ": not found in PATH"}});
      process.stream = 0;
      return false;
    }
    guest_.begin(process.stream, 200, {{"x-pid", "7"}});
    if (process.verb == "echo") {
      say(process, 1, argument + "\n");
      say(process, 2, "done\n");
      end(process, 0, 0);
    } else if (process.verb == "exit") {
      end(process, std::stoi(argument), 0);
    } else if (process.verb == "flood") {
      say(process, 1, std::string(std::stoul(argument) << 10, 'f'));
      end(process, 0, 0);
    } else if (process.verb == "lie") {
      guest_.send(process.stream, "this is not a frame");
      guest_.end_without_trailers(process.stream);
      process.stream = 0;
    }
    return true;
  }

  void echo(int32_t stream, size_t& taken) {
    const GuestRequest* request = find(stream);
    if (!request || taken == request->body.size()) return;
    guest_.send(stream, request->body.substr(taken));
    taken = request->body.size();
  }

  void say(const Running& process, uint8_t type, std::string_view bytes) {
    guest_.send(process.stream, output_frame(type, bytes));
  }

  void end(Running& process, int code, int signal) {
    guest_.end(process.stream, {{"x-exit-code", std::to_string(code)},
                                {"x-signal", std::to_string(signal)},
                                {"x-oom-killed", "0"},
                                {"x-at", "1"}});
    process.stream = 0;
  }

  void answer(const GuestRequest& request, int status, const Json& body) {
    guest_.answer(request.stream, status, body.dump());
  }

  GuestRequest* find(int32_t stream) {
    for (GuestRequest& request : guest_.requests()) {
      if (request.stream == stream) return &request;
    }
    return nullptr;
  }

  struct Order {
    int32_t stream;
    std::string id, verb;
  };

  std::map<std::string, std::string> wishes_;
  bool kvm_ = false;
  int cards_ = 0;
  bool off_ = false;
  FakeGuest guest_;
  size_t handled_ = 0;
  std::map<std::string, Running> running_;
  std::map<int32_t, size_t> echoes_;  // by stream: how much has been sent back
  std::vector<Order> pending_orders_;
};

}  // namespace
}  // namespace bulkhead::qemu::test

int main(int argc, char** argv) {
  bulkhead::qemu::test::FakeMachine({argv + 1, argv + argc}).run();
}
