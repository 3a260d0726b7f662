/*
 * `check`: one invocation of the container's health check. The engine has one check that also decides on restart, so
 * it is healthy at the *first* ready success and follows `live` only from then on (ruling B6).
 */
#include <stdio.h>

#include "start.h"

static void print(const char *line) {
  printf("%s\n", line);
  fflush(stdout);
}

static int unhealthy(const char *which, const struct report *report, const char *after) {
  char line[600];
  snprintf(line, sizeof line, "%s: %s%s", which, report->text, after);
  print(line);
  return EXIT_UNHEALTHY;
}

/* Tells within which budget a container that was never ready still is. */
static void describe_budget(const struct check_options *options, char *out, size_t capacity) {
  int64_t age = age_of_init_ms();
  out[0] = '\0';
  if (options->startup_within_ms < 0 || age < 0) return;
  snprintf(out, capacity, age > options->startup_within_ms ? "; never ready, and the startup budget of %lld ms is used up (%lld ms)"
                                                           : "; starting, budget %lld ms (used %lld ms)",
           (long long)options->startup_within_ms, (long long)age);
}

static int check_before_ready(const struct check_options *options) {
  const struct probe *gates[] = {options->startup, options->ready};
  const char *names[] = {"startup", "ready"};
  struct report report = {.text = ""};
  char budget[120];
  for (size_t i = 0; i < 2; i++) {
    if (gates[i] != NULL && !probe(gates[i], &options->env, &report)) {
      describe_budget(options, budget, sizeof budget);
      return unhealthy(names[i], &report, budget);
    }
  }
  if (!state_remember(options, &report)) return unhealthy("state", &report, "");
  print("ready");
  return EXIT_HEALTHY;
}

static int check_after_ready(const struct check_options *options) {
  struct report report = {.text = ""};
  /* Engines have one interval for both phases: a short one sees readiness early, the pace keeps `live` to its own. */
  sleep_ms(options->pace_ms);
  if (options->live != NULL && !probe(options->live, &options->env, &report)) return unhealthy("live", &report, "");
  print(options->live == NULL ? "was ready; there is no live check" : "live");
  return EXIT_HEALTHY;
}

int check(const struct check_options *options) {
  bool gated = options->startup != NULL || options->ready != NULL;
  return gated && !state_recall(options) ? check_before_ready(options) : check_after_ready(options);
}
