#include "credential_helper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "bulkhead/child.hpp"
#include "bulkhead/json.hpp"

namespace bulkhead::registry {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostOutput = 64 << 10;
constexpr size_t kLongestKey = 2048;  // fits into a pipe that nobody reads yet

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Filled and closed before the helper starts: one that doesn't read can't be the end of us.
Result<UniqueFd> input_with(const std::string& text) {
  auto pipe = make_pipe();
  if (!pipe) return fail(std::move(pipe.error()));
  if (::write(pipe->writing.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno("write to a pipe", errno);
  return std::move(pipe->reading);
}

// A helper that runs. Whatever becomes of it, it is reaped.
class Running {
 public:
  Running(Child child, UniqueFd output, Clock::time_point deadline)
      : child_(std::move(child)), output_(std::move(output)), deadline_(deadline) {
    ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  }
  ~Running() {
    if (!ended_) kill();
    wipe(text_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Its exit status as waitpid has it, once all it wrote is in text(). Who inherited its output and
  // lives on, as a keyring's agent may, is not waited for.
  Result<int> finish() {
    text_.reserve(kMostOutput + 1);
    while (!ended_) {
      auto more = wait();
      if (!more) return fail(std::move(more.error()));
      // In this order: what it wrote before its end is there when the end is.
      const bool end = *more;
      if (auto read = drain(); !read) return fail(std::move(read.error()));
      if (end) reap();
    }
    return status_;
  }
  std::string_view text() const { return text_; }

 private:
  // True once the helper has ended.
  Result<bool> wait() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) return fail(Code::kTimeout, "it didn't answer in time");
    pollfd waiting[] = {{child_.pidfd.get(), POLLIN, 0}, {output_ ? output_.get() : -1, POLLIN, 0}};
    const int n = ::poll(waiting, 2, static_cast<int>(left.count()));
    if (n < 0 && errno != EINTR) return fail_errno("wait for it", errno);
    return n > 0 && waiting[0].revents != 0;
  }

  Status drain() {
    char chunk[4096];
    while (output_) {
      const ssize_t n = ::read(output_.get(), chunk, sizeof chunk);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) break;
      if (n <= 0) {
        output_.reset();
      } else if (text_.size() + static_cast<size_t>(n) > kMostOutput) {
        return fail(Code::kCorrupt, "it wrote more than 64 KiB");
      } else {
        text_.append(chunk, static_cast<size_t>(n));
      }
    }
    return {};
  }

  void reap() {
    while (::waitpid(child_.pid, &status_, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
  }
  // With all it started: it leads a session of its own, so its pid names a group until it is
  // reaped.
  void kill() {
    ::kill(-child_.pid, SIGKILL);
    reap();
  }

  Child child_;
  UniqueFd output_;
  Clock::time_point deadline_;
  std::string text_;
  int status_ = 0;
  bool ended_ = false;
};

Result<std::optional<Credential>> run(const std::string& program, const std::string& key,
                                      std::chrono::milliseconds patience) {
  auto input = input_with(key);
  if (!input) return fail(std::move(input.error()));
  auto output = make_pipe();
  if (!output) return fail(std::move(output.error()));
  auto child = spawn({.arguments = {program, "get"},
                      .fds = {{0, input->get()}, {1, output->writing.get()}},
                      .new_session = true,
                      .parent_death_signal = SIGKILL});
  if (!child) return fail(std::move(child.error()));
  output->writing.reset();
  Running helper(std::move(*child), std::move(output->reading), Clock::now() + patience);
  const auto status = helper.finish();
  if (!status) return fail(status.error());
  if (*status == 0) return parse_helper_answer(helper.text());
  // All helpers share this sentence; Docker's own client looks for it too.
  if (helper.text().find("credentials not found") != std::string_view::npos) {
    return std::optional<Credential>();
  }
  return fail(Code::kUnavailable,
              WIFEXITED(*status) ? "it ended with status " + std::to_string(WEXITSTATUS(*status))
                                 : "signal " + std::to_string(WTERMSIG(*status)) + " ended it");
}

}  // namespace

bool is_helper_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<std::optional<Credential>> ask_helper(const std::string& name, const std::string& key,
                                             std::chrono::milliseconds patience) {
  if (!is_helper_name(name)) {
    return fail(Code::kInvalid, "a credential helper's name has letters, digits, - and _ only");
  }
  if (key.size() > kLongestKey) return fail(Code::kInvalid, "the server's name is too long");
  const std::string program = "docker-credential-" + name;
  auto credential = run(program, key, patience);
  if (!credential) return fail(std::move(credential.error()).context("ask " + program));
  return credential;
}

Result<std::optional<Credential>> parse_helper_answer(std::string_view text) {
  const auto answer = parse_json(text, 8);
  if (!answer) return fail(Code::kCorrupt, "its answer is not JSON");
  auto secret = string_at(*answer, "Secret");
  auto username = string_at(*answer, "Username");
  if (!secret || !username) return fail(Code::kCorrupt, "its answer lacks Username or Secret");
  if (secret->empty()) return std::optional<Credential>();
  const bool is_token = *username == "<token>";
  return std::optional<Credential>(
      Credential{std::move(*username), Secret(std::move(*secret)), is_token});
}

}  // namespace bulkhead::registry
