/* What loads the file systems of folder.py and block.py. Linked statically, so that it is all that
 * a guest needs: as the command of a container, or as the first process of a bare machine.
 *
 *   fsload FOLDER                           works in that folder
 *   fsload guest TYPE SOURCE OPTIONS        mounts that at /mnt first (no options: "-"), and works
 *                                           there
 *
 * It says "fsload: ready", and then answers each line of its standard input with a line, "fsload:
 * done", or "fsload: " and what failed. So it is the host's clock that measures. A line is one of
 *   write NAME MIB     makes a file, with blocks of 1 MiB
 *   commit NAME MIB    the same, with one fsync in the end
 *   read NAME MIB      all of it, in such blocks, and nothing from the guest's cache
 *   sync NAME COUNT    writes 4 KiB each after the other, each followed by fsync
 *   unpack NAME COUNT  makes a folder of so many small files, 20 to a folder, by the system calls
 *                      of `git checkout`: lstat, open for a new file, write, fstat, close
 *   stat NAME COUNT    looks at each of them
 *   remove NAME COUNT  removes a file (0), or what unpack has made
 *   checkout NAME 0    lets /usr/bin/git check out the repository `repository` into a new folder
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kBlock = 1 << 20, kSmall = 4096, kInFolder = 20, kLine = 256 };

static char block[kBlock];

/* The step that failed, with errno; NULL if none has. */
static const char* failed;

static int good(int holds, const char* what) {
  if (!holds && !failed) failed = what;
  return holds;
}

static void write_file(const char* name, long mebibytes, int commit) {
  int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (!good(fd >= 0, "open")) return;
  for (long i = 0; i < mebibytes; i++)
    if (!good(write(fd, block, kBlock) == kBlock, "write")) break;
  if (commit) good(fsync(fd) == 0, "fsync");
  good(close(fd) == 0, "close");
}

static void read_file(const char* name, long mebibytes) {
  int fd = open(name, O_RDONLY);
  long long all = 0;
  ssize_t piece;
  if (!good(fd >= 0, "open")) return;
  good(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "fadvise");
  while ((piece = read(fd, block, kBlock)) > 0) all += piece;
  errno = 0;
  good(all == (long long)mebibytes * kBlock, "read");
  close(fd);
}

static void write_synced(const char* name, long count) {
  int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (!good(fd >= 0, "open")) return;
  for (long i = 0; i < count; i++)
    if (!good(write(fd, block, kSmall) == kSmall && fsync(fd) == 0, "write or fsync")) break;
  close(fd);
}

/* One in five is large for a source file; together they have 4 KiB each. */
static size_t size_of(long number) {
  return number % 5 ? 300 + (size_t)(number * 977 % 3000) : 8000 + (size_t)(number * 3371 % 9000);
}

static void path_of(char* path, const char* name, long number) {
  snprintf(path, kLine, "%s/%ld/%ld", name, number / kInFolder, number);
}

static void unpack(const char* name, long count) {
  char path[kLine];
  struct stat found;
  if (!good(mkdir(name, 0755) == 0, "mkdir")) return;
  for (long i = 0; i < count && !failed; i++) {
    if (i % kInFolder == 0) {
      snprintf(path, sizeof path, "%s/%ld", name, i / kInFolder);
      good(mkdir(path, 0755) == 0, "mkdir");
    }
    path_of(path, name, i);
    good(lstat(path, &found) != 0 && errno == ENOENT, "lstat");
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    size_t size = size_of(i);
    if (!good(fd >= 0, "open")) return;
    good(write(fd, block, size) == (ssize_t)size, "write");
    good(fstat(fd, &found) == 0 && found.st_size == (off_t)size, "fstat");
    good(close(fd) == 0, "close");
  }
}

static void look(const char* name, long count) {
  char path[kLine];
  struct stat found;
  for (long i = 0; i < count; i++) {
    path_of(path, name, i);
    if (!good(lstat(path, &found) == 0 && found.st_size == (off_t)size_of(i), "lstat")) return;
  }
}

static void take_away(const char* name, long count) {
  char path[kLine];
  for (long i = 0; i < count; i++) {
    path_of(path, name, i);
    good(unlink(path) == 0, "unlink");
    if (i % kInFolder != kInFolder - 1 && i != count - 1) continue;
    snprintf(path, sizeof path, "%s/%ld", name, i / kInFolder);
    good(rmdir(path) == 0, "rmdir");
  }
  good(remove(name) == 0, "remove");
}

static void check_out(const char* name) {
  char index[kLine];
  int status = 0;
  snprintf(index, sizeof index, "%s.index", name);
  if (!good(mkdir(name, 0755) == 0, "mkdir")) return;
  pid_t git = fork();
  if (!good(git >= 0, "fork")) return;
  if (git == 0) {
    setenv("GIT_DIR", "repository", 1);
    setenv("GIT_WORK_TREE", name, 1);
    setenv("GIT_INDEX_FILE", index, 1);
    execl("/usr/bin/git", "git", "checkout", "-q", "-f", (char*)NULL);
    _exit(127);
  }
  good(waitpid(git, &status, 0) == git && status == 0, "git");
}

static void carry_out(const char* what, const char* name, long number) {
  if (strcmp(what, "write") == 0) return write_file(name, number, 0);
  if (strcmp(what, "commit") == 0) return write_file(name, number, 1);
  if (strcmp(what, "read") == 0) return read_file(name, number);
  if (strcmp(what, "sync") == 0) return write_synced(name, number);
  if (strcmp(what, "unpack") == 0) return unpack(name, number);
  if (strcmp(what, "stat") == 0) return look(name, number);
  if (strcmp(what, "remove") == 0) return take_away(name, number);
  if (strcmp(what, "checkout") == 0) return check_out(name);
  errno = EINVAL;
  good(0, what);
}

static void serve(void) {
  char line[kLine], what[16], name[64];
  long number;
  puts("fsload: ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "%15s %63s %ld", what, name, &number) != 3) continue;
    failed = NULL;
    errno = 0;
    carry_out(what, name, number);
    if (failed) {
      printf("fsload: %s: %s\n", failed, errno ? strerror(errno) : "not so");
    } else {
      puts("fsload: done");
    }
    fflush(stdout);
  }
}

int main(int count, char** words) {
  const char* folder = count == 2 ? words[1] : "/mnt";
  for (size_t i = 0; i < kBlock; i++) block[i] = (char)(i * 31 + i / 256 + 1);
  if (count == 5 && strcmp(words[1], "guest") == 0) {
    const char* options = strcmp(words[4], "-") == 0 ? NULL : words[4];
    mkdir("/dev", 0755);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mkdir(folder, 0755);
    if (!good(mount(words[3], folder, words[2], 0, options) == 0, "mount")) perror(failed);
  } else if (count != 2) {
    fputs("fsload: see the head of fsload.c\n", stderr);
    return 2;
  }
  if (failed || chdir(folder) != 0) {
    perror(folder);
    return 1;
  }
  serve();
  return 0;
}
