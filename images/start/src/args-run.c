/* run [--env NAME=FILE | --env-ip NAME]… [--stop-signal SIGNAL] [--drain MS] [--stop-exec N ARG… --stop-exec-timeout MS] -- ARG… */
#include <string.h>

#include "args.h"

void parse_run(char **list, struct run_options *out) {
  struct args args = {.next = list};
  *out = (struct run_options){.env = new_env_list(list), .stop_signal = SIGTERM, .stop_exec_timeout_ms = -1};
  for (;;) {
    const char *option = take(&args, "run", "options, then -- and the command");
    if (strcmp(option, "--") == 0) break;
    if (take_env(&args, option, &out->env)) continue;
    if (strcmp(option, "--stop-signal") == 0) {
      out->stop_signal = parse_signal(take(&args, option, "a signal"));
    } else if (strcmp(option, "--drain") == 0) {
      out->drain_ms = take_ms(&args, option);
    } else if (strcmp(option, "--stop-exec") == 0) {
      out->stop_exec = take_counted(&args, option, take(&args, option, "a count"));
    } else if (strcmp(option, "--stop-exec-timeout") == 0) {
      out->stop_exec_timeout_ms = take_ms(&args, option);
    } else {
      give_up(EXIT_HELPER, "run: unknown option '%s'; the command stands after --", option);
    }
  }
  if ((out->stop_exec != NULL) != (out->stop_exec_timeout_ms >= 0)) {
    give_up(EXIT_HELPER, "run: --stop-exec and --stop-exec-timeout go together");
  }
  if (*args.next == NULL) give_up(EXIT_HELPER, "run: no command after --");
  out->argv = args.next;
}
