/* What the argument grammars of `run` and `check` have in common. */
#include "args.h"

#include <stdlib.h>
#include <string.h>

/* A day: nothing that is waited for here is longer, and sums stay far from overflow. */
#define LONGEST_MS 86400000

size_t count_args(char **args) {
  size_t count = 0;
  while (args[count] != NULL) count++;
  return count;
}

/* Never freed: arguments live as long as the process. */
void *allocate(size_t count, size_t size) {
  void *memory = calloc(count + 1, size);
  if (memory == NULL) give_up(EXIT_HELPER, "out of memory");
  return memory;
}

const char *take(struct args *args, const char *option, const char *what) {
  if (*args->next == NULL) give_up(EXIT_HELPER, "%s: expected %s after it", option, what);
  return *args->next++;
}

/* Digits only; -1 when it is no number or above the limit. */
static int64_t parse_number(const char *text, const char *end, int64_t most) {
  int64_t value = 0;
  if (text == end) return -1;
  for (; text < end; text++) {
    if (*text < '0' || *text > '9') return -1;
    value = value * 10 + (*text - '0');
    if (value > most) return -1;
  }
  return value;
}

int64_t take_ms(struct args *args, const char *option) {
  const char *text = take(args, option, "milliseconds");
  int64_t ms = parse_number(text, text + strlen(text), LONGEST_MS);
  if (ms < 0) give_up(EXIT_HELPER, "%s: '%s' is no number of milliseconds from 0 to %d", option, text, LONGEST_MS);
  return ms;
}

/* `COUNT ARG…`: a command inside the argument list, without quoting. The copy ends with NULL as execvp wants it. */
char **take_counted(struct args *args, const char *option, const char *count) {
  size_t left = count_args(args->next);
  int64_t wanted = parse_number(count, count + strlen(count), (int64_t)left);
  if (wanted < 1) {
    give_up(EXIT_HELPER, "%s: '%s' does not count the arguments that follow; it must be 1 to %zu here", option, count, left);
  }
  char **argv = allocate((size_t)wanted, sizeof *argv);
  memcpy(argv, args->next, (size_t)wanted * sizeof *argv);
  args->next += wanted;
  return argv;
}

struct env_list new_env_list(char **args) {
  return (struct env_list){.entries = allocate(count_args(args), sizeof(struct env_entry)), .count = 0};
}

static void add_env(struct env_list *env, struct env_entry entry, const char *option) {
  if (entry.name[0] == '\0' || strchr(entry.name, '=') != NULL) {
    give_up(EXIT_HELPER, "%s: '%s' is no name of a variable", option, entry.name);
  }
  for (size_t i = 0; i < env->count; i++) {
    if (strcmp(env->entries[i].name, entry.name) == 0) give_up(EXIT_HELPER, "%s: %s is given twice", option, entry.name);
  }
  env->entries[env->count++] = entry;
}

bool take_env(struct args *args, const char *option, struct env_list *env) {
  if (strcmp(option, "--env") == 0) {
    const char *text = take(args, option, "NAME=FILE");
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals[1] == '\0') give_up(EXIT_HELPER, "--env: '%s' is not of the form NAME=FILE", text);
    size_t length = (size_t)(equals - text);
    char *name = allocate(length, 1);
    memcpy(name, text, length);
    add_env(env, (struct env_entry){.source = ENV_FILE, .name = name, .path = equals + 1}, option);
    return true;
  }
  if (strcmp(option, "--env-ip") == 0) {
    add_env(env, (struct env_entry){.source = ENV_ADDRESS, .name = take(args, option, "NAME")}, option);
    return true;
  }
  return false;
}

uint16_t parse_port(const char *text, const char *end, const char *probe) {
  int64_t port = parse_number(text, end, UINT16_MAX);
  if (port < 1) give_up(EXIT_HELPER, "probe '%s': expected a port from 1 to 65535 after the colon", probe);
  return (uint16_t)port;
}

static const struct {
  const char *name;
  int number;
} signal_names[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ABRT", SIGABRT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
    {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CONT", SIGCONT}, {"TSTP", SIGTSTP}, {"XCPU", SIGXCPU}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"PWR", SIGPWR},
};

/* Engines count real-time signals from the kernel's 34; the C library keeps 32 to 34 for itself and numbers from 35. */
#define FIRST_REALTIME 34
#define LAST_SIGNAL 64

static bool can_be_held(int64_t signal) {
  switch (signal) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCHLD:
    case SIGPIPE:
    case SIGTTIN:
    case SIGTTOU:
    case 32:
    case 33:
    case 34: return false;
    default: return signal >= 1 && signal <= LAST_SIGNAL;
  }
}

int parse_signal(const char *text) {
  const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
  const char *end = name + strlen(name);
  int64_t number = parse_number(name, end, LAST_SIGNAL);
  if (strncmp(name, "RTMIN+", 6) == 0) {
    int64_t above = parse_number(name + 6, end, LAST_SIGNAL - FIRST_REALTIME);
    if (above >= 0) number = FIRST_REALTIME + above;
  }
  if (strncmp(name, "RTMAX-", 6) == 0) {
    int64_t below = parse_number(name + 6, end, LAST_SIGNAL - FIRST_REALTIME);
    if (below >= 0) number = LAST_SIGNAL - below;
  }
  if (strcmp(name, "RTMAX") == 0) number = LAST_SIGNAL;
  for (size_t i = 0; i < sizeof signal_names / sizeof signal_names[0]; i++) {
    if (strcmp(name, signal_names[i].name) == 0) number = signal_names[i].number;
  }
  if (!can_be_held(number)) {
    give_up(EXIT_HELPER, "--stop-signal: '%s' is no signal that can be held; give a name such as TERM, QUIT, RTMIN+3 or a number", text);
  }
  return (int)number;
}
