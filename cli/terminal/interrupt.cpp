#include "terminal/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>
#include <utility>

#include "terminal/raw_mode.hpp"

namespace bulkhead::cli {

namespace {

// What the handler needs must be where a handler may look: in static storage, written before the
// flag is set.
char g_path[PATH_MAX];
std::atomic<bool> g_has_path{false};
std::atomic<const char*> g_last_words{nullptr};
std::atomic<int> g_last_words_fd{-1};

void end_program(int signal) {
  if (g_has_path) unlink(g_path);
  if (const char* text = g_last_words; text != nullptr) {
    if (write(g_last_words_fd, text, std::strlen(text)) < 0) {
    }
  }
  restore_terminal();
  _exit(128 + signal);
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action = {};
  action.sa_handler = end_program;
  sigfillset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction former = {};
    sigaction(signal, nullptr, &former);
    // What was ignored when we were started (nohup) stays ignored.
    if (former.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

void remove_on_interrupt(const std::string& path) {
  g_has_path = false;
  if (path.empty() || path.size() >= sizeof g_path) return;
  std::memcpy(g_path, path.c_str(), path.size() + 1);
  g_has_path = true;
}

UnfinishedFile::UnfinishedFile(std::string path) : path_(std::move(path)) {
  remove_on_interrupt(path_);
}

UnfinishedFile::~UnfinishedFile() {
  remove_on_interrupt("");
  if (!finished_) unlink(path_.c_str());
}

LastWords::LastWords(int fd, const char* text) {
  g_last_words_fd = fd;
  g_last_words = text;
}

LastWords::~LastWords() {
  g_last_words = nullptr;
}

}  // namespace bulkhead::cli
