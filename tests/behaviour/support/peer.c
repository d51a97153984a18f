/* What busybox has no program for: the other end of datagrams, Unix sockets and an SSH agent's
 * protocol, and the rarer calls of a file system. Linked statically, so that it runs in an image of
 * nothing else.
 *
 *   peer udp-echo PORT            answers each datagram with itself, over IPv4 and IPv6
 *   peer udp-ask ADDRESS PORT TEXT  sends one and prints the answer
 *   peer tcp-crowd PORT COUNT     waits until COUNT clients are there at once, greets all, and then
 *                                 answers each with what it sends, until it ends; again and again
 *   peer unix-echo PATH           accepts connections and answers each with what it sends, until it
 *                                 ends
 *   peer unix-ask PATH            standard input to the socket, its end as a half-close, the answer
 *                                 to standard output
 *   peer agent-keys PATH          prints how many keys the SSH agent there has
 *   peer watch PATH...            says "ready" and then what inotify tells of these, a line for
 *                                 each: "modify PATH/NAME", or "other" for attributes, new and
 *                                 closed files
 *   peer watch-open PATH...       the same, and opens each file that was modified for writing and
 *                                 closes it as it was
 *   peer folder flock|fcntl|tmpfile|mmap|xattr
 *                                 tries that in the current folder; prints "ok", or the call that
 *                                 failed and why
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void need(int holds, const char* what) {
  if (holds) return;
  perror(what);
  exit(1);
}

static void send_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = write(fd, bytes, size);
    need(sent > 0, "write");
    bytes += sent;
    size -= (size_t)sent;
  }
}

static void copy(int from, int to) {
  char bytes[65536];
  ssize_t size;
  while ((size = read(from, bytes, sizeof bytes)) > 0) send_all(to, bytes, (size_t)size);
  need(size == 0, "read");
}

static void udp_echo(int port) {
  struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  int fd = socket(AF_INET6, SOCK_DGRAM, 0), off = 0;
  need(fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0, "socket");
  need(bind(fd, (struct sockaddr*)&here, sizeof here) == 0, "bind");
  puts("ready");
  fflush(stdout);
  for (;;) {
    static char bytes[65536];
    struct sockaddr_in6 client;
    socklen_t length = sizeof client;
    ssize_t size = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr*)&client, &length);
    if (size >= 0) sendto(fd, bytes, (size_t)size, 0, (struct sockaddr*)&client, length);
  }
}

static int udp_ask(const char* address, int port, const char* text) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  struct timeval patience = {.tv_sec = 20};
  char bytes[65536];
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  need(inet_pton(AF_INET, address, &there.sin_addr) == 1, address);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  need(sendto(fd, text, strlen(text), 0, (struct sockaddr*)&there, sizeof there) >= 0, "sendto");
  ssize_t size = recv(fd, bytes, sizeof bytes, 0);
  need(size >= 0, "recv");
  send_all(1, bytes, (size_t)size);
  return 0;
}

static void tcp_crowd(int port, int count) {
  struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  struct rlimit most;
  int* clients = calloc((size_t)count, sizeof *clients);
  int fd = socket(AF_INET6, SOCK_STREAM, 0), off = 0;
  need(clients && getrlimit(RLIMIT_NOFILE, &most) == 0, "getrlimit");
  most.rlim_cur = most.rlim_max;
  need(setrlimit(RLIMIT_NOFILE, &most) == 0, "setrlimit");
  need(fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0, "socket");
  need(bind(fd, (struct sockaddr*)&here, sizeof here) == 0 && listen(fd, 4096) == 0, "listen");
  signal(SIGPIPE, SIG_IGN);
  puts("ready");
  fflush(stdout);
  for (;;) {
    for (int i = 0; i < count; i++) need((clients[i] = accept(fd, NULL, NULL)) >= 0, "accept");
    for (int i = 0; i < count; i++) send_all(clients[i], "all here\n", 9);
    for (int i = 0; i < count; i++) {
      copy(clients[i], clients[i]);
      close(clients[i]);
    }
  }
}

static struct sockaddr_un unix_address(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

static void unix_echo(const char* path) {
  struct sockaddr_un here = unix_address(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  unlink(path);
  need(bind(fd, (struct sockaddr*)&here, sizeof here) == 0 && listen(fd, 128) == 0, path);
  signal(SIGCHLD, SIG_IGN);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int connection = accept(fd, NULL, NULL);
    if (connection >= 0 && fork() == 0) {
      copy(connection, connection);
      _exit(0);
    }
    close(connection);
  }
}

static int unix_connect(const char* path) {
  struct sockaddr_un there = unix_address(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  need(connect(fd, (struct sockaddr*)&there, sizeof there) == 0, path);
  return fd;
}

static int unix_ask(const char* path) {
  int fd = unix_connect(path);
  if (fork() == 0) {
    copy(0, fd);
    shutdown(fd, SHUT_WR);
    _exit(0);
  }
  copy(fd, 1);
  return 0;
}

static void receive(int fd, unsigned char* bytes, size_t size) {
  while (size > 0) {
    ssize_t got = read(fd, bytes, size);
    need(got > 0, "the agent's answer");
    bytes += got;
    size -= (size_t)got;
  }
}

static int agent_keys(const char* path) {
  static const char request_identities[] = {0, 0, 0, 1, 11};
  unsigned char answer[9];
  int fd = unix_connect(path);
  send_all(fd, request_identities, sizeof request_identities);
  receive(fd, answer, sizeof answer);
  need(answer[4] == 12, "an answer that tells keys");
  printf("%d\n", answer[5] << 24 | answer[6] << 16 | answer[7] << 8 | answer[8]);
  return 0;
}

static void watch(char** paths, int count, int open_them) {
  _Alignas(struct inotify_event) char bytes[65536];
  int fd = inotify_init(), first = 0;
  need(fd >= 0, "inotify_init");
  for (int i = 0; i < count; i++) {
    int number =
        inotify_add_watch(fd, paths[i], IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_CLOSE_WRITE);
    need(number >= 0, paths[i]);
    if (i == 0) first = number;
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    ssize_t size = read(fd, bytes, sizeof bytes);
    need(size > 0, "read");
    for (ssize_t at = 0; at < size;) {
      const struct inotify_event* event = (const struct inotify_event*)(bytes + at);
      char path[8192];
      at += (ssize_t)(sizeof *event + event->len);
      if (event->wd < first || event->wd - first >= count) continue;
      snprintf(path, sizeof path, "%s%s%s", paths[event->wd - first], event->len ? "/" : "",
               event->len ? event->name : "");
      printf("%s %s\n", event->mask & IN_MODIFY ? "modify" : "other", path);
      if (open_them && event->mask & IN_MODIFY) close(open(path, O_RDWR));
    }
    fflush(stdout);
  }
}

/* Ends with the reason on standard output: it is what a test compares. */
static void holds(int condition, const char* what) {
  if (condition) return;
  printf("%s: %s\n", what, errno ? strerror(errno) : "not so");
  exit(1);
}

static int lock_by_flock(int fd) {
  return flock(fd, LOCK_EX | LOCK_NB);
}

static int lock_by_fcntl(int fd) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_SETLK, &whole);
}

/* Another process is kept out as long as this one has it, and no longer. */
static void try_lock(int (*lock)(int fd)) {
  int mine = open("locked", O_RDWR | O_CREAT, 0600), status = 0;
  holds(mine >= 0, "open");
  holds(lock(mine) == 0, "lock");
  for (int held = 1; held >= 0; held--) {
    pid_t child = fork();
    if (child == 0) {
      int other = open("locked", O_RDWR);
      _exit(other < 0 ? 2 : lock(other) == 0 ? 0 : errno == EAGAIN || errno == EACCES ? 1 : 3);
    }
    holds(waitpid(child, &status, 0) == child && WIFEXITED(status), "waitpid");
    errno = 0;
    holds(WEXITSTATUS(status) == held, held ? "kept out" : "let in");
    close(mine);
  }
}

static void try_tmpfile(void) {
  struct stat made;
  char path[32];
  int fd = open(".", O_TMPFILE | O_RDWR, 0640);
  holds(fd >= 0, "O_TMPFILE");
  holds(write(fd, "whole", 5) == 5, "write");
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  holds(linkat(AT_FDCWD, path, AT_FDCWD, "linked", AT_SYMLINK_FOLLOW) == 0, "linkat");
  holds(stat("linked", &made) == 0, "stat");
  errno = 0;
  holds(made.st_size == 5 && (made.st_mode & 0777) == 0640 && made.st_nlink == 1, "what was made");
}

static void try_mmap(void) {
  char found[6] = {0};
  int fd = open("mapped", O_RDWR | O_CREAT, 0600);
  holds(fd >= 0 && ftruncate(fd, 100000) == 0, "open");
  char* map = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  holds(map != MAP_FAILED, "mmap");
  memcpy(map + 70000, "there", 5);
  holds(msync(map, 100000, MS_SYNC) == 0, "msync");
  holds(pread(fd, found, 5, 70000) == 5, "pread");
  errno = 0;
  holds(strcmp(found, "there") == 0, "what was written");
  holds(pwrite(fd, "again", 5, 70000) == 5, "pwrite");
  holds(memcmp(map + 70000, "again", 5) == 0, "what is mapped");
}

static void try_xattr(void) {
  char value[16] = {0};
  int fd = open("attributed", O_RDWR | O_CREAT, 0600);
  holds(fd >= 0, "open");
  holds(fsetxattr(fd, "user.bulkhead", "value", 5, 0) == 0, "setxattr");
  holds(fgetxattr(fd, "user.bulkhead", value, sizeof value) == 5, "getxattr");
  errno = 0;
  holds(strcmp(value, "value") == 0, "what was set");
}

static int folder(const char* what) {
  if (strcmp(what, "flock") == 0) try_lock(lock_by_flock);
  if (strcmp(what, "fcntl") == 0) try_lock(lock_by_fcntl);
  if (strcmp(what, "tmpfile") == 0) try_tmpfile();
  if (strcmp(what, "mmap") == 0) try_mmap();
  if (strcmp(what, "xattr") == 0) try_xattr();
  puts("ok");
  return 0;
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (argc == 3 && strcmp(mode, "udp-echo") == 0) udp_echo(atoi(argv[2]));
  if (argc == 5 && strcmp(mode, "udp-ask") == 0) return udp_ask(argv[2], atoi(argv[3]), argv[4]);
  if (argc == 4 && strcmp(mode, "tcp-crowd") == 0) tcp_crowd(atoi(argv[2]), atoi(argv[3]));
  if (argc == 3 && strcmp(mode, "unix-echo") == 0) unix_echo(argv[2]);
  if (argc == 3 && strcmp(mode, "unix-ask") == 0) return unix_ask(argv[2]);
  if (argc == 3 && strcmp(mode, "agent-keys") == 0) return agent_keys(argv[2]);
  if (argc >= 3 && strcmp(mode, "watch") == 0) watch(argv + 2, argc - 2, 0);
  if (argc >= 3 && strcmp(mode, "watch-open") == 0) watch(argv + 2, argc - 2, 1);
  if (argc == 3 && strcmp(mode, "folder") == 0) return folder(argv[2]);
  fprintf(stderr,
          "usage: peer udp-echo|udp-ask|tcp-crowd|unix-echo|unix-ask|agent-keys|watch|watch-open|"
          "folder ...\n");
  return 2;
}
