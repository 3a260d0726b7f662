/* The kinds of probes. Each ends by its timeout whatever the other side does. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

static bool probe_tcp(const struct probe *probe, int64_t deadline, struct report *report) {
  int fd = net_connect(probe->port, deadline, report);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

/* Its output goes where ours goes, so the engine's health log shows it. */
static bool probe_exec(const struct probe *probe, const struct env_list *env, int64_t deadline, struct report *report) {
  sigset_t child, original;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  signal(SIGCHLD, SIG_DFL);
  sigprocmask(SIG_BLOCK, &child, &original);
  pid_t pid = spawn(probe->argv, env, &original, false, true);
  int status;
  for (;;) {
    pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) {
      int code = exit_code_of(status);
      return code == 0 || fails(report, "%s ended with %d", probe->argv[0], code);
    }
    if (ended < 0 && errno != EINTR) return fails(report, "%s: %s", probe->argv[0], strerror(errno));
    struct timespec left = time_left(deadline);
    if (sigtimedwait(&child, NULL, &left) < 0 && errno == EAGAIN) {
      kill(-pid, SIGKILL);
      waitpid(pid, &status, 0);
      return fails(report, "%s was killed after %lld ms", probe->argv[0], (long long)probe->timeout_ms);
    }
  }
}

bool probe(const struct probe *probe, const struct env_list *env, struct report *report) {
  int64_t deadline = now_ms() + probe->timeout_ms;
  switch (probe->kind) {
    case PROBE_HTTP: return probe_http(probe, deadline, report);
    case PROBE_TCP: return probe_tcp(probe, deadline, report);
    case PROBE_GRPC: return probe_grpc(probe, deadline, report);
    case PROBE_EXEC: return probe_exec(probe, env, deadline, report);
  }
  give_up(EXIT_HELPER, "unknown kind of probe");
}
