/*
 * A disk that forgets and fails. Notes what a process changes and syncs in one folder, so that a
 * test can take back what a power failure would have taken, and lets calls fail on request. Loaded
 * into the process with LD_PRELOAD.
 *
 * UNSYNCED_FAULT names a file. While it exists, its first letter says what fails in the folder:
 * f = every write, as on a full disk; w = the next write, once; s = the next sync, once; o = every
 * write and sync of files whose path contains what follows the letter; d = every opening of such
 * files for writing.
 *
 * UNSYNCED_KILL_AT is the number of the change, from 1, instead of which the process is killed.
 * UNSYNCED_SYNC_US is how many microseconds a sync takes at most, for folders in memory.
 *
 * UNSYNCED_FOLDER names the folder, UNSYNCED_JOURNAL the file of records. Before a file changes, the
 * bytes that will be gone are appended to the journal; after a sync has succeeded, the number of
 * changes that it covers. Both happen inside the call, so when the process is killed the journal has
 * no change that it does not know how to undo and no sync that had not finished.
 *
 * Not noted: names. Creating, renaming and deleting files counts as durable at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { CHANGE = 1, SYNC = 2 };

/* Read by disk.rs: seven words, then `old_bytes` bytes. */
struct record {
  uint64_t kind;
  uint64_t inode;     /* 0 in a sync of all files */
  uint64_t time_ns;
  uint64_t offset;    /* of the change; for a sync, how many changes came before it */
  uint64_t new_bytes; /* how many bytes the change wrote */
  uint64_t old_size;  /* of the file */
  uint64_t old_bytes; /* how many bytes were there before */
};

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_syncfs)(int);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_open)(const char *, int, ...);

static const char *folder;
static const char *fault;
static int journal = -1;
static uint64_t changes;
static uint64_t kill_at;
static uint64_t sync_us;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_syncfs = dlsym(RTLD_NEXT, "syncfs");
  real_fallocate = dlsym(RTLD_NEXT, "fallocate64");
  real_open = dlsym(RTLD_NEXT, "open64");
  fault = getenv("UNSYNCED_FAULT");
  folder = getenv("UNSYNCED_FOLDER");
  const char *number = getenv("UNSYNCED_KILL_AT");
  if (number) kill_at = strtoull(number, NULL, 10);
  number = getenv("UNSYNCED_SYNC_US");
  if (number) sync_us = strtoull(number, NULL, 10);
  const char *path = getenv("UNSYNCED_JOURNAL");
  if (folder && path) journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Whether the descriptor is a regular file in the folder; then `path` is its path. */
static int is_watched_at(int fd, struct stat *status, char path[PATH_MAX]) {
  if (journal < 0 || fd == journal || fstat(fd, status) != 0 || !S_ISREG(status->st_mode)) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  size_t prefix = strlen(folder);
  if (length <= (ssize_t)prefix || memcmp(path, folder, prefix) != 0) return 0;
  path[length] = 0;
  return 1;
}

static int is_watched(int fd, struct stat *status) {
  char path[PATH_MAX];
  return is_watched_at(fd, status, path);
}

/* Reads what is to fail; 0 if nothing is. */
static size_t read_fault(char text[256]) {
  text[0] = 0;
  if (!fault || access(fault, F_OK) != 0) return 0;
  int reader = open(fault, O_RDONLY | O_CLOEXEC);
  if (reader < 0) return 0;
  ssize_t length = read(reader, text, 255);
  close(reader);
  if (length < 0) length = 0;
  text[length] = 0;
  return (size_t)length;
}

/*
 * Whether a call of this kind ('w' or 's') is to fail, with errno set. A full disk and a broken file
 * fail until the file is removed; the other faults happen to whoever removes it.
 */
static int fails(int fd, char kind) {
  struct stat status;
  char path[PATH_MAX], text[256];
  if (read_fault(text) == 0 || !is_watched_at(fd, &status, path)) return 0;
  char asked = text[0];
  if (asked == 'o' && strstr(path, text + 1)) {
    errno = EIO;
    return 1;
  }
  if (asked == 'f' && kind == 'w') {
    errno = ENOSPC;
    return 1;
  }
  if (asked != kind || unlink(fault) != 0) return 0;
  errno = EIO;
  return 1;
}

int open64(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  char text[256];
  if ((flags & O_ACCMODE) != O_RDONLY && read_fault(text) > 0 && text[0] == 'd' && strstr(path, text + 1)) {
    errno = EACCES;
    return -1;
  }
  return real_open(path, flags, mode);
}

/* A journal that misses a record would make the test wrong, so the process ends with it. */
static void append(const void *bytes, size_t length) {
  if (real_write(journal, bytes, length) != (ssize_t)length) abort();
}

static void append_record(enum kind kind, const struct stat *status, uint64_t offset, uint64_t new_bytes,
                          const void *old, uint64_t old_bytes) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct record record = {kind, status->st_ino, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                          offset, new_bytes, (uint64_t)status->st_size, old_bytes};
  append(&record, sizeof record);
  if (old_bytes > 0) append(old, old_bytes);
}

/*
 * Notes a change and keeps the lock until end_change, so that a sync counts only changes that have
 * happened. Returns whether there is anything to end.
 */
static int begin_change(int fd, off_t offset, size_t new_bytes, size_t affected) {
  struct stat status;
  if (!is_watched(fd, &status)) return 0;
  /* Opening the file again, as a descriptor for writing only needs, would drop SQLite's locks. */
  int reader = fd;
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    reader = open(link, O_RDONLY | O_CLOEXEC);
  }
  void *old = malloc(affected > 0 ? affected : 1);
  ssize_t old_bytes = old && reader >= 0 ? pread(reader, old, affected, offset) : -1;
  if (reader != fd) close(reader);
  if (old_bytes < 0) abort();
  pthread_mutex_lock(&lock);
  if (kill_at > 0 && changes + 1 == kill_at) raise(SIGKILL);
  append_record(CHANGE, &status, (uint64_t)offset, new_bytes, old, (uint64_t)old_bytes);
  changes++;
  free(old);
  return 1;
}

static void end_change(int begun) {
  if (begun) pthread_mutex_unlock(&lock);
}

static size_t total(const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  return bytes;
}

/* Where `write` would write. */
static off_t position(int fd) {
  if (fcntl(fd, F_GETFL) & O_APPEND) return lseek(fd, 0, SEEK_END);
  return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (fails(fd, 'w')) return -1;
  int begun = begin_change(fd, position(fd), length, length);
  ssize_t result = real_write(fd, bytes, length);
  end_change(begun);
  return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
  if (fails(fd, 'w')) return -1;
  int begun = begin_change(fd, offset, length, length);
  ssize_t result = real_pwrite(fd, bytes, length, offset);
  end_change(begun);
  return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (fails(fd, 'w')) return -1;
  int begun = begin_change(fd, position(fd), total(parts, count), total(parts, count));
  ssize_t result = real_writev(fd, parts, count);
  end_change(begun);
  return result;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
  if (fails(fd, 'w')) return -1;
  int begun = begin_change(fd, offset, total(parts, count), total(parts, count));
  ssize_t result = real_pwritev(fd, parts, count, offset);
  end_change(begun);
  return result;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return pwritev64(fd, parts, count, offset);
}

int ftruncate64(int fd, off_t size) {
  struct stat status;
  off_t gone = fstat(fd, &status) == 0 && status.st_size > size ? status.st_size - size : 0;
  int begun = begin_change(fd, size, 0, (size_t)gone);
  int result = real_ftruncate(fd, size);
  end_change(begun);
  return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* Only what makes a file longer: that is all that databases and logs ask for. */
int fallocate64(int fd, int mode, off_t offset, off_t length) {
  if (fails(fd, 'w')) return -1;
  int begun = begin_change(fd, offset, 0, 0);
  int result = real_fallocate(fd, mode, offset, length);
  end_change(begun);
  return result;
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int posix_fallocate64(int fd, off_t offset, off_t length) {
  return fallocate64(fd, 0, offset, length) == 0 ? 0 : errno;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

/* Waits as long as a disk might take. The moments at which syncs end need not be repeatable. */
static void take_time(void) {
  if (sync_us == 0) return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  usleep((useconds_t)((uint64_t)now.tv_nsec / 64 % sync_us));
}

static int synced(int fd, int (*sync)(int)) {
  if (fails(fd, 's')) return -1;
  take_time();
  pthread_mutex_lock(&lock);
  uint64_t covered = changes;
  pthread_mutex_unlock(&lock);
  int result = sync(fd);
  struct stat status;
  if (result == 0 && is_watched(fd, &status)) {
    pthread_mutex_lock(&lock);
    append_record(SYNC, &status, covered, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }

int fdatasync(int fd) { return synced(fd, real_fdatasync); }

/* The folder's file system is taken to be the one that is meant. */
int syncfs(int fd) {
  pthread_mutex_lock(&lock);
  uint64_t covered = changes;
  pthread_mutex_unlock(&lock);
  int result = real_syncfs(fd);
  if (result == 0 && journal >= 0) {
    struct stat all = {0};
    pthread_mutex_lock(&lock);
    append_record(SYNC, &all, covered, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}
