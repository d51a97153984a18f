/* What loads the networks of network.py, at both ends. Linked statically, so that it is all that a
 * guest needs: as the command of a container, or as the first process of a bare machine.
 *
 *   netload serve PORT [COMMAND...]    answers requests at PORT, and runs a server beside it
 *   netload guest ADDRESS MASK GATEWAY MTU PORT [COMMAND...]   first gives eth0 these
 *   netload ask ADDRESS PORT REQUEST...            prints the nanoseconds that the request took
 *
 * A request is a line:
 *   sink N     what follows is N bytes; they are counted, and the count is the answer
 *   source N   the answer is N bytes
 *   echo N     what follows comes back, N times 64 bytes that each wait for the one before
 *   ask ADDRESS PORT REQUEST   the one who reads it asks that of somebody else; so a host measures,
 *              with its own clock, what goes on between guests
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kBlock = 1 << 17, kPing = 64, kLine = 200 };

static char block[kBlock];

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

static void send_blocks(int fd, unsigned long long size) {
  while (size > 0) {
    size_t piece = size < kBlock ? (size_t)size : kBlock;
    send_all(fd, block, piece);
    size -= piece;
  }
}

/* Until there are as many, or the end: how many there were. */
static unsigned long long receive(int fd, unsigned long long most) {
  unsigned long long all = 0;
  while (all < most) {
    ssize_t size = read(fd, block, most - all < kBlock ? (size_t)(most - all) : kBlock);
    need(size >= 0, "read");
    if (size == 0) break;
    all += (unsigned long long)size;
  }
  return all;
}

static int read_line(int fd, char* line) {
  for (int size = 0; size < kLine - 1; size++) {
    if (read(fd, line + size, 1) != 1) return 0;
    if (line[size] == '\n') {
      line[size] = 0;
      return 1;
    }
  }
  return 0;
}

static void without_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int connect_to(const char* address, int port) {
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  need(inet_pton(AF_INET, address, &there.sin_addr) == 1, address);
  need(connect(fd, (struct sockaddr*)&there, sizeof there) == 0, "connect");
  without_delay(fd);
  return fd;
}

/* Both halves of a request: 1 if it was done as it should be. */
static int ask(const char* address, int port, const char* request) {
  unsigned long long count = 0;
  char line[kLine], wanted[kLine];
  int fd = connect_to(address, port), good = 0;
  snprintf(line, sizeof line, "%s\n", request);
  send_all(fd, line, strlen(line));
  if (sscanf(request, "sink %llu", &count) == 1) {
    send_blocks(fd, count);
    snprintf(wanted, sizeof wanted, "%llu", count);
    good = read_line(fd, line) && strcmp(line, wanted) == 0;
  } else if (sscanf(request, "source %llu", &count) == 1) {
    good = receive(fd, count) == count;
  } else if (sscanf(request, "echo %llu", &count) == 1) {
    for (good = 1; count > 0 && good; count--) {
      send_all(fd, block, kPing);
      good = receive(fd, kPing) == kPing;
    }
  } else {
    good = read_line(fd, line) && strcmp(line, "done") == 0;
  }
  close(fd);
  return good;
}

static void answer(int fd) {
  unsigned long long count = 0;
  char line[kLine], address[kLine];
  int port = 0, rest = 0;
  if (!read_line(fd, line)) return;
  if (sscanf(line, "sink %llu", &count) == 1) {
    dprintf(fd, "%llu\n", receive(fd, count));
  } else if (sscanf(line, "source %llu", &count) == 1) {
    send_blocks(fd, count);
  } else if (sscanf(line, "echo %llu", &count) == 1) {
    for (; count > 0 && receive(fd, kPing) == kPing; count--) send_all(fd, block, kPing);
  } else if (sscanf(line, "ask %s %d %n", address, &port, &rest) == 2 && rest > 0) {
    dprintf(fd, "%s\n", ask(address, port, line + rest) ? "done" : "failed");
  }
}

static int listen_at(int port) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  need(bind(fd, (struct sockaddr*)&here, sizeof here) == 0, "bind");
  need(listen(fd, 1024) == 0, "listen");
  return fd;
}

static void serve(int port, char** server) {
  if (*server && fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it goes with the one that a bench ends
    execv(*server, server);
    need(0, *server);
  }
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  int listener = listen_at(port);
  puts("netload is ready");
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    if (fork() == 0) {
      without_delay(fd);
      answer(fd);
      exit(0);
    }
    close(fd);
  }
}

static struct sockaddr internet_address(const char* text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  struct sockaddr out;
  need(inet_pton(AF_INET, text, &address.sin_addr) == 1, text);
  memcpy(&out, &address, sizeof out);
  return out;
}

static void set_interface(int fd, const char* name, const char* address, const char* mask,
                          int mtu) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_mtu = mtu;
  need(mtu == 0 || ioctl(fd, SIOCSIFMTU, &request) == 0, "SIOCSIFMTU");
  request.ifr_addr = internet_address(address);
  need(ioctl(fd, SIOCSIFADDR, &request) == 0, "SIOCSIFADDR");
  request.ifr_netmask = internet_address(mask);
  need(ioctl(fd, SIOCSIFNETMASK, &request) == 0, "SIOCSIFNETMASK");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  need(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "SIOCSIFFLAGS");
}

static void become_guest(char** words) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
  set_interface(fd, "lo", "127.0.0.1", "255.0.0.0", 0);
  set_interface(fd, "eth0", words[0], words[1], atoi(words[3]));
  route.rt_dst = route.rt_genmask = internet_address("0.0.0.0");
  route.rt_gateway = internet_address(words[2]);
  need(ioctl(fd, SIOCADDRT, &route) == 0, "SIOCADDRT");
  close(fd);
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char** words) {
  if (count >= 3 && strcmp(words[1], "serve") == 0) {
    serve(atoi(words[2]), words + 3);
  } else if (count >= 7 && strcmp(words[1], "guest") == 0) {
    become_guest(words + 2);
    serve(atoi(words[6]), words + 7);
  } else if (count >= 5 && strcmp(words[1], "ask") == 0) {
    char request[kLine] = "";
    for (int i = 4; i < count; i++) {
      size_t size = strlen(request);
      snprintf(request + size, sizeof request - size, "%s%s", i > 4 ? " " : "", words[i]);
    }
    long long begun = now();
    int good = ask(words[2], atoi(words[3]), request);
    long long took = now() - begun;
    if (!good) return 1;
    printf("%lld\n", took);
    return 0;
  }
  fputs("netload: see the head of netload.c\n", stderr);
  return 2;
}
