/* Reading arguments: a cursor over a NULL-terminated list. All functions end the process when something is wrong. */
#ifndef ESCALE_START_ARGS_H
#define ESCALE_START_ARGS_H

#include "start.h"

struct args {
  char **next;
};

const char *take(struct args *args, const char *option, const char *what);
int64_t take_ms(struct args *args, const char *option);
char **take_counted(struct args *args, const char *option, const char *count);
struct env_list new_env_list(char **args);
bool take_env(struct args *args, const char *option, struct env_list *env);
uint16_t parse_port(const char *text, const char *end, const char *probe);
int parse_signal(const char *text);
size_t count_args(char **args);
void *allocate(size_t count, size_t size);

#endif
