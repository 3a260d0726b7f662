/* What the files of the start helper share: exit codes, options, and the few functions they call across files. */
#ifndef ESCALE_START_H
#define ESCALE_START_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define START_VERSION "1.0.0"

/* Exit codes of the helper itself; the README holds the table. */
#define EXIT_HEALTHY 0
#define EXIT_UNHEALTHY 1
#define EXIT_SECRET 124
#define EXIT_HELPER 125
#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127

#define SECOND_MS 1000

/* A variable of the environment whose value is known only inside the container. */
enum env_source { ENV_FILE, ENV_ADDRESS };
struct env_entry {
  enum env_source source;
  const char *name;
  const char *path; /* ENV_FILE only */
};
struct env_list {
  struct env_entry *entries;
  size_t count;
};

struct run_options {
  struct env_list env;
  int stop_signal;
  int64_t drain_ms;
  char **stop_exec; /* NULL-terminated, or NULL when there is no hook */
  int64_t stop_exec_timeout_ms;
  char **argv;
};

enum probe_kind { PROBE_HTTP, PROBE_TCP, PROBE_GRPC, PROBE_EXEC };
struct probe {
  enum probe_kind kind;
  uint16_t port;
  const char *path;      /* http: with its leading slash; grpc: the service, "" for the whole server */
  char **argv;           /* exec */
  const char **headers;  /* http: `Name: value` lines */
  size_t header_count;
  int64_t timeout_ms;
};

struct check_options {
  struct env_list env;        /* for exec probes */
  const char *state_dir;      /* NULL: the first of the usual places that can be written */
  bool stateless;             /* `--state none` */
  int64_t startup_within_ms;  /* -1 when not given */
  int64_t pace_ms;
  struct probe *startup, *ready, *live; /* NULL when not given */
};

/* One line on what a probe saw; it ends up in the engine's health log. */
struct report {
  char text[400];
};

/* args-run.c, args-check.c: end the process with EXIT_HELPER and a message when the arguments are wrong. */
void parse_run(char **args, struct run_options *out);
void parse_check(char **args, struct check_options *out);

/* run.c, check.c: answer the exit code. */
int run(const struct run_options *options);
int check(const struct check_options *options);

/* child.c */
pid_t spawn(char **argv, const struct env_list *env, const sigset_t *mask, bool foreground, bool die_with_parent);
int exit_code_of(int wait_status);

/* environment.c: ends the process with EXIT_SECRET when a value cannot be had. */
void fill_environment(const struct env_list *env);

/* state.c */
bool state_recall(const struct check_options *options);
bool state_remember(const struct check_options *options, struct report *report);
int64_t age_of_init_ms(void); /* -1 when it cannot be known */

/* probe.c */
bool probe(const struct probe *probe, const struct env_list *env, struct report *report);
bool probe_http(const struct probe *probe, int64_t deadline, struct report *report);
bool probe_grpc(const struct probe *probe, int64_t deadline, struct report *report);

/* message.c */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void give_up(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fails(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3))); /* always false */
void printable(char *out, size_t capacity, const char *bytes, size_t length);

/* time.c */
int64_t now_ms(void);
struct timespec time_left(int64_t deadline);
void sleep_ms(int64_t ms);

#endif
