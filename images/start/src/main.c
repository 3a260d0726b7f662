/* The start helper: one static program for what a target cannot do by itself. images/start/README.md has the grammar. */
#include <stdio.h>
#include <string.h>

#include "args.h"

static int wait_mode(char **list) {
  struct args args = {.next = list};
  int64_t ms = take_ms(&args, "wait");
  if (*args.next != NULL) give_up(EXIT_HELPER, "wait: unexpected argument '%s'", *args.next);
  sleep_ms(ms);
  return 0;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  char **rest = argv + (argc > 1 ? 2 : argc);
  if (strcmp(mode, "run") == 0) {
    struct run_options options;
    parse_run(rest, &options);
    return run(&options);
  }
  if (strcmp(mode, "check") == 0) {
    struct check_options options;
    parse_check(rest, &options);
    return check(&options);
  }
  if (strcmp(mode, "wait") == 0) return wait_mode(rest);
  if (strcmp(mode, "version") == 0) {
    puts(START_VERSION);
    return 0;
  }
  give_up(EXIT_HELPER, "'%s' is no mode; expected run, check, wait or version", mode);
}
