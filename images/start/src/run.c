/*
 * `run`: PID 1 in front of the image's own entrypoint. Signals are taken one at a time with sigtimedwait, so there are
 * no handlers and nothing runs concurrently.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "start.h"

/* The way of a stop (MANIFEST: leave traffic, wait `drain`, `exec` if any, signal, wait `grace`, kill). The last two are the engine's. */
enum phase { RUNNING, DRAINING, STOP_HOOK, SIGNALLED };

struct supervisor {
  const struct run_options *options;
  sigset_t original_mask;
  pid_t program;
  pid_t hook; /* 0 when none runs */
  enum phase phase;
  int64_t deadline; /* of DRAINING and STOP_HOOK */
};

static void signal_program(struct supervisor *self, int signal) {
  kill(self->program, signal);
}

static void kill_hook(struct supervisor *self) {
  if (self->hook != 0) kill(-self->hook, SIGKILL);
  self->hook = 0;
}

static void finish_stop(struct supervisor *self) {
  kill_hook(self);
  self->phase = SIGNALLED;
  signal_program(self, self->options->stop_signal);
}

static void after_drain(struct supervisor *self) {
  const struct run_options *options = self->options;
  if (options->stop_exec == NULL) {
    finish_stop(self);
    return;
  }
  self->phase = STOP_HOOK;
  self->deadline = now_ms() + options->stop_exec_timeout_ms;
  self->hook = spawn(options->stop_exec, &options->env, &self->original_mask, false, false);
}

static void deadline_passed(struct supervisor *self) {
  if (self->phase == DRAINING) {
    after_drain(self);
  } else {
    complain("the stop hook %s was killed after %lld ms", self->options->stop_exec[0],
             (long long)self->options->stop_exec_timeout_ms);
    finish_stop(self);
  }
}

static void stop_signal(struct supervisor *self) {
  switch (self->phase) {
    case RUNNING:
      self->phase = DRAINING;
      self->deadline = now_ms() + self->options->drain_ms;
      if (self->options->drain_ms == 0) after_drain(self);
      break;
    case DRAINING:
    case STOP_HOOK: finish_stop(self); break; /* the second one: whoever stops us does not want to wait */
    case SIGNALLED: signal_program(self, self->options->stop_signal); break;
  }
}

/* Takes every ended child, also those orphaned to us. True when the program itself has ended. */
static bool reap(struct supervisor *self, int *exit_code) {
  bool ended = false, hook_ended = false;
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == self->program) {
      *exit_code = exit_code_of(status);
      ended = true;
    } else if (pid == self->hook) {
      if (exit_code_of(status) != 0) complain("the stop hook %s ended with %d", self->options->stop_exec[0], exit_code_of(status));
      self->hook = 0;
      hook_ended = true;
    }
  }
  if (hook_ended && !ended && self->phase == STOP_HOOK) finish_stop(self);
  return ended;
}

/* Those below concern the helper alone; the rest is the program's, also what a user invents. */
static bool is_forwarded(int signal) {
  return signal != SIGCHLD && signal != SIGPIPE && signal != SIGTTIN && signal != SIGTTOU;
}

static int next_signal(const struct supervisor *self, const sigset_t *all) {
  if (self->phase != DRAINING && self->phase != STOP_HOOK) return sigwaitinfo(all, NULL);
  struct timespec left = time_left(self->deadline);
  return sigtimedwait(all, NULL, &left);
}

int run(const struct run_options *options) {
  struct supervisor self = {.options = options, .phase = RUNNING};
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &self.original_mask);
  signal(SIGCHLD, SIG_DFL); /* ignored children could not be waited for */
  /* Where another init is PID 1, orphans would pass us by. */
  if (getpid() != 1) prctl(PR_SET_CHILD_SUBREAPER, 1);
  self.program = spawn(options->argv, &options->env, &self.original_mask, true, false);

  for (;;) {
    int signal = next_signal(&self, &all);
    int exit_code;
    if (signal == SIGCHLD) {
      /* Not raised again against ourselves: PID 1 cannot die of a signal, 128 + number is what engines show. */
      if (reap(&self, &exit_code)) return exit_code;
    } else if (signal == options->stop_signal) {
      stop_signal(&self);
    } else if (signal > 0) {
      if (is_forwarded(signal)) signal_program(&self, signal);
    } else if (errno == EAGAIN) {
      deadline_passed(&self);
    } else if (errno != EINTR) {
      give_up(EXIT_HELPER, "cannot wait for signals: %s", strerror(errno));
    }
  }
}
