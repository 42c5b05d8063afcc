/* Preloaded into a program under test: moves its wall clock, slows its fsync, makes its writes fail,
 * and writes down every change to files below one folder, in the order in which it took effect; of
 * several programs with one trace too, for a change and its note are one step under a lock on it.
 *
 * GONGYUAN_SHIM_CONTROL: a file of three int64: wall clock offset in ms, delay of fsync in ms, errno
 * of every write (0: none). GONGYUAN_SHIM_FOLDER: what is slowed, failed and traced.
 * GONGYUAN_SHIM_TRACE: the trace; see tests/faults/crash_image.py for its records. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS 4096
static char *names[FDS];
static int trace = -1;
static const char *folder;
static volatile int64_t *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("GONGYUAN_SHIM_CONTROL");
  folder = getenv("GONGYUAN_SHIM_FOLDER");
  if (path) {
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
    void *at = mmap(0, 24, PROT_READ, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) control = at;
    syscall(SYS_close, fd);
  }
  path = getenv("GONGYUAN_SHIM_TRACE");
  if (path) trace = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

static void locked(short how) {
  struct flock whole = {.l_type = how, .l_whence = SEEK_SET};
  while (trace >= 0 && syscall(SYS_fcntl, trace, F_SETLKW, &whole) && errno == EINTR) continue;
}

static void enter(void) { pthread_mutex_lock(&lock), locked(F_WRLCK); }

static void leave(void) {
  int kept = errno;
  locked(F_UNLCK), pthread_mutex_unlock(&lock);
  errno = kept;
}

/* From the root, without "./" in front and slashes behind; the buffer holds PATH_MAX. */
static const char *whole(const char *path, char *to) {
  if (!path || !*path || *path == '/') return path;
  char at[PATH_MAX];
  if (syscall(SYS_getcwd, at, sizeof at) < 0) return path;
  while (path[0] == '.' && path[1] == '/') path += 2;
  if (path[0] == '.' && !path[1]) path = "";
  snprintf(to, PATH_MAX, "%s%s%s", at, *path ? "/" : "", path);
  return to;
}
#define WHOLE(path) whole(path, (char[PATH_MAX]){0})

static int concerns(const char *path) {
  size_t n = path ? strlen(path) : 0;
  return folder && n && !strncmp(path, folder, strlen(folder)) &&
         !(n > 4 && !strcmp(path + n - 4, "-shm"));
}

static const char *name_of(int fd) { return fd >= 0 && fd < FDS ? names[fd] : 0; }

static void put(const void *at, size_t n) {
  for (const char *p = at; n;) {
    ssize_t done = syscall(SYS_write, trace, p, n);
    if (done <= 0) abort();
    p += done, n -= done;
  }
}

static void note(char op, const char *a, const char *b, uint64_t offset, const void *data, uint64_t n) {
  if (trace < 0) return;
  struct { uint64_t op, a, b, offset, n; } head = {op, strlen(a), b ? strlen(b) : 0, offset, n};
  put(&head, sizeof head), put(a, head.a);
  if (b) put(b, head.b);
  if (data) put(data, n);
}

static int fails(void) {
  if (!control || !control[2]) return 0;
  errno = control[2];
  return 1;
}

static int opened(int fd, const char *path, int flags) {
  if (fd >= 0 && fd < FDS && concerns(path)) {
    free(names[fd]);
    size_t n = strlen(path);
    names[fd] = strdup(path);
    while (n > 1 && names[fd][n - 1] == '/') names[fd][--n] = 0;
    if (flags & O_CREAT) note('C', path, 0, 0, 0, 0);
    if (flags & O_TRUNC) note('T', path, 0, 0, 0, 0);
  }
  return fd;
}

#define OPEN(name)                                                          \
  int name(const char *path, int flags, ...) {                              \
    mode_t mode = 0;                                                        \
    if (flags & (O_CREAT | O_TMPFILE)) {                                    \
      va_list more;                                                         \
      va_start(more, flags);                                                \
      mode = va_arg(more, int);                                             \
      va_end(more);                                                         \
    }                                                                       \
    const char *full = WHOLE(path);                                         \
    if (concerns(full) && (flags & (O_CREAT | O_TRUNC)) && access(path, F_OK) && fails()) return -1; \
    enter();                                              \
    int fd = opened(REAL(name)(path, flags, mode), full, flags);            \
    leave();                                            \
    return fd;                                                              \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  enter();
  if (fd >= 0 && fd < FDS) free(names[fd]), names[fd] = 0;
  int done = REAL(close)(fd);
  leave();
  return done;
}

ssize_t write(int fd, const void *data, size_t n) {
  if (!name_of(fd)) return REAL(write)(fd, data, n);
  if (fails()) return -1;
  enter();
  ssize_t done = REAL(write)(fd, data, n);
  if (done > 0) note('W', names[fd], 0, lseek(fd, 0, SEEK_CUR) - done, data, done);
  leave();
  return done;
}

#define PWRITE(name, off)                                          \
  ssize_t name(int fd, const void *data, size_t n, off at) {       \
    if (!name_of(fd)) return REAL(name)(fd, data, n, at);          \
    if (fails()) return -1;                                        \
    enter();                                     \
    ssize_t done = REAL(name)(fd, data, n, at);                    \
    if (done > 0) note('W', names[fd], 0, at, data, done);         \
    leave();                                   \
    return done;                                                   \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  if (!name_of(fd)) return REAL(pwritev)(fd, parts, count, at);
  if (fails()) return -1;
  enter();
  ssize_t done = REAL(pwritev)(fd, parts, count, at), left = done;
  for (int i = 0; left > 0; i++) {
    ssize_t n = left < (ssize_t)parts[i].iov_len ? left : (ssize_t)parts[i].iov_len;
    note('W', names[fd], 0, at, parts[i].iov_base, n);
    at += n, left -= n;
  }
  leave();
  return done;
}

int posix_fallocate(int fd, off_t at, off_t n) {
  if (!name_of(fd)) return REAL(posix_fallocate)(fd, at, n);
  if (fails()) return errno;
  enter();
  int done = REAL(posix_fallocate)(fd, at, n);
  struct stat now;
  if (!done && !fstat(fd, &now)) note('T', names[fd], 0, now.st_size, 0, 0);
  leave();
  return done;
}

int truncate(const char *path, off_t size) {
  const char *full = WHOLE(path);
  if (!concerns(full)) return REAL(truncate)(path, size);
  if (fails()) return -1;
  enter();
  int done = REAL(truncate)(path, size);
  if (!done) note('T', full, 0, size, 0, 0);
  leave();
  return done;
}

#define TRUNCATE(name, off)                                        \
  int name(int fd, off size) {                                     \
    if (!name_of(fd)) return REAL(name)(fd, size);                 \
    if (fails()) return -1;                                        \
    enter();                                     \
    int done = REAL(name)(fd, size);                               \
    if (!done) note('T', names[fd], 0, size, 0, 0);                \
    leave();                                   \
    return done;                                                   \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                 \
  int name(int fd) {                                               \
    if (!name_of(fd)) return REAL(name)(fd);                       \
    if (fails()) return -1;                                        \
    if (control && control[1]) usleep(control[1] * 1000);          \
    enter();                                     \
    int done = REAL(name)(fd);                                     \
    if (!done) note('S', names[fd], 0, 0, 0, 0);                   \
    leave();                                   \
    return done;                                                   \
  }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
  const char *source = WHOLE(from), *target = WHOLE(to);
  if (!concerns(target)) return REAL(rename)(from, to);
  if (fails()) return -1;
  enter();
  int done = REAL(rename)(from, to);
  if (!done) note('R', source, target, 0, 0, 0);
  leave();
  return done;
}

static int linked(int done, const char *from, const char *to) {
  if (!done) note('L', from, to, 0, 0, 0);
  return done;
}

int link(const char *from, const char *to) {
  if (!concerns(to)) return REAL(link)(from, to);
  if (fails()) return -1;
  enter();
  int done = linked(REAL(link)(from, to), from, to);
  leave();
  return done;
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
  if (!concerns(to)) return REAL(linkat)(from_fd, from, to_fd, to, flags);
  if (fails()) return -1;
  enter();
  int done = linked(REAL(linkat)(from_fd, from, to_fd, to, flags), from, to);
  leave();
  return done;
}

int unlink(const char *path) {
  const char *full = WHOLE(path);
  if (!concerns(full)) return REAL(unlink)(path);
  enter();
  int done = REAL(unlink)(path);
  if (!done) note('U', full, 0, 0, 0, 0);
  leave();
  return done;
}

int clock_gettime(clockid_t which, struct timespec *at) {
  int done = syscall(SYS_clock_gettime, which, at);
  if (!done && which == CLOCK_REALTIME && control) at->tv_sec += control[0] / 1000;
  return done;
}

time_t time(time_t *to) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (to) *to = at.tv_sec;
  return at.tv_sec;
}

int gettimeofday(struct timeval *at, void *zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
