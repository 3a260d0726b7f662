/* Starting a program the way the engine itself would have started it, and reading how it ended. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "start.h"

static _Noreturn void become(char **argv, const struct env_list *env, const sigset_t *mask) {
  fill_environment(env);
  sigprocmask(SIG_SETMASK, mask, NULL);
  /* PATH is that of the container, or one that was just set; a name with a slash is taken as it is. */
  execvp(argv[0], argv);
  if (errno == ENOENT || errno == ENOTDIR) {
    give_up(EXIT_NOT_FOUND, "%s: %s", argv[0],
            strchr(argv[0], '/') == NULL ? "not found in PATH" : "no such file, or its interpreter or loader is missing");
  }
  give_up(EXIT_CANNOT_EXECUTE, "%s: cannot be executed: %s", argv[0], strerror(errno));
}

/*
 * Every child leads a process group of its own: what a terminal sends reaches the program once and not also through
 * the helper, and a whole probe or hook can be killed when its time is over. With a terminal, `foreground` hands it on.
 */
pid_t spawn(char **argv, const struct env_list *env, const sigset_t *mask, bool foreground, bool die_with_parent) {
  pid_t pid = fork();
  if (pid < 0) give_up(EXIT_HELPER, "cannot start %s: %s", argv[0], strerror(errno));
  if (pid == 0) {
    setpgid(0, 0);
    /* SIGTTOU is blocked here, so this does not stop the process; it fails harmlessly without a terminal. */
    if (foreground) tcsetpgrp(STDIN_FILENO, getpid());
    if (die_with_parent) prctl(PR_SET_PDEATHSIG, SIGKILL);
    become(argv, env, mask);
  }
  /* Also here: whoever comes first wins, and a kill of the group right after finds it. */
  setpgid(pid, pid);
  return pid;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
