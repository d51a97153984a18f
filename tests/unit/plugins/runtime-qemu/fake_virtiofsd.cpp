// Stands in for virtiofsd: accepts its one connection at the descriptor that --fd names, answers
// the question for features, and ends when the connection does.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  int listener = -1;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with("--fd=")) listener = std::atoi(argv[i] + 5);
  }
  const int connection = ::accept(listener, nullptr, nullptr);
  uint32_t question[3];
  if (connection < 0 || ::read(connection, question, sizeof question) != sizeof question)
    ::_exit(1);
  const uint32_t answer[5] = {question[0], 5, 8, 0, 0};
  if (::write(connection, answer, sizeof answer) != sizeof answer) ::_exit(1);
  char rest;
  ::_exit(::read(connection, &rest, 1) < 0 ? 1 : 0);
}
