// A program of the container for tests in a VM:
//
//     program connect PATH    its input to the Unix socket and back
//     program serve PATH      one connection, which is answered with what it says
//     program watch PATH...   says "ready", then the masks of inotify's events as they come
//     program map FILE        writes to a shared mapping of the file
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

sockaddr_un address_of(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

int failed(const char* doing) {
  perror(doing);
  return 1;
}

void pump(int from, int to) {
  char piece[4096];
  ssize_t got = 0;
  while ((got = read(from, piece, sizeof piece)) > 0) {
    if (write(to, piece, static_cast<size_t>(got)) != got) return;
  }
}

int connect_to(const char* path) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = address_of(path);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return failed("connect");
  pump(STDIN_FILENO, fd);
  shutdown(fd, SHUT_WR);
  pump(fd, STDOUT_FILENO);
  return 0;
}

int serve(const char* path) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = address_of(path);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1) != 0)
    return failed("listen");
  puts("ready");
  fflush(stdout);
  int connection = accept(fd, nullptr, nullptr);
  pump(connection, connection);
  return 0;
}

int watch(int count, char** paths) {
  int fd = inotify_init();
  for (int i = 0; i < count; i++) {
    if (inotify_add_watch(fd, paths[i], IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE) < 0)
      return failed(paths[i]);
  }
  puts("ready");
  fflush(stdout);
  alignas(inotify_event) char events[4096];
  for (ssize_t size = 0; (size = read(fd, events, sizeof events)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      printf("%s %x %s\n", paths[event->wd - 1], event->mask, event->len > 0 ? event->name : "");
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    fflush(stdout);
  }
  return 0;
}

int map(const char* path) {
  int fd = open(path, O_RDWR);
  void* bytes = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) return failed("mmap");
  memcpy(bytes, "mapped", 6);
  if (msync(bytes, 4096, MS_SYNC) != 0) return failed("msync");
  return 0;
}

}  // namespace

int main(int count, char** args) {
  if (count < 3) return 2;
  if (strcmp(args[1], "connect") == 0) return connect_to(args[2]);
  if (strcmp(args[1], "serve") == 0) return serve(args[2]);
  if (strcmp(args[1], "watch") == 0) return watch(count - 2, args + 2);
  if (strcmp(args[1], "map") == 0) return map(args[2]);
  return 2;
}
