/*
 * What `check` must remember between two invocations: that this container was ready once (ruling B6).
 *
 * The memory is one empty file. /dev/shm is a writable tmpfs in every container, also with a read-only root, any user
 * and no /tmp, and works without `run` as PID 1. The name holds the PID namespace and the start time of PID 1, so a
 * restarted container, or another one that shares the folder, begins anew whatever the folder outlives.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "start.h"

#define PATH_BYTES 512
#define START_TIME_FIELD 22 /* of /proc/PID/stat, see proc(5) */

static const char *const usual_places[] = {"/dev/shm", "/run", "/tmp"};

/* Start of PID 1 in clock ticks since boot, or -1 when /proc does not tell. */
static long long start_of_init(void) {
  char text[1024];
  int fd = open("/proc/1/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return -1;
  text[length] = '\0';
  /* The second field is a name that may hold anything, also spaces and parentheses; the last parenthesis ends it. */
  char *field = strrchr(text, ')');
  for (int number = 2; field != NULL && number < START_TIME_FIELD; number++) {
    field = strchr(field + 1, ' ');
  }
  return field == NULL ? -1 : strtoll(field + 1, NULL, 10);
}

int64_t age_of_init_ms(void) {
  struct timespec now;
  long long start = start_of_init();
  if (start < 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0) return -1;
  int64_t age = (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000 - start * SECOND_MS / sysconf(_SC_CLK_TCK);
  return age < 0 ? 0 : age;
}

static void file_in(const char *folder, char *out) {
  char space[64] = "";
  ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
  space[length < 0 ? 0 : length] = '\0';
  char digits[24];
  size_t used = 0;
  for (const char *at = space; *at != '\0' && used + 1 < sizeof digits; at++) {
    if (*at >= '0' && *at <= '9') digits[used++] = *at;
  }
  digits[used] = '\0';
  snprintf(out, PATH_BYTES, "%s/escale-ready-%s-%lld", folder, digits, start_of_init());
}

static size_t places(const struct check_options *options, const char *const **out) {
  *out = options->state_dir == NULL ? usual_places : &options->state_dir;
  return options->state_dir == NULL ? sizeof usual_places / sizeof usual_places[0] : 1;
}

bool state_recall(const struct check_options *options) {
  if (options->stateless) {
    int64_t age = age_of_init_ms();
    return age >= 0 && age > options->startup_within_ms;
  }
  const char *const *folders;
  size_t count = places(options, &folders);
  for (size_t i = 0; i < count; i++) {
    char path[PATH_BYTES];
    struct stat info;
    file_in(folders[i], path);
    if (lstat(path, &info) == 0 && S_ISREG(info.st_mode)) return true;
  }
  return false;
}

bool state_remember(const struct check_options *options, struct report *report) {
  if (options->stateless) return true;
  const char *const *folders;
  size_t count = places(options, &folders);
  int reason = 0;
  for (size_t i = 0; i < count; i++) {
    char path[PATH_BYTES];
    file_in(folders[i], path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (fd >= 0) {
      close(fd);
      return true;
    }
    if (errno == EEXIST && state_recall(options)) return true; /* two invocations at once */
    if (reason == 0) reason = errno;
  }
  return fails(report, "cannot remember that it was ready: %s: %s; name a writable folder with --state", folders[0], strerror(reason));
}
