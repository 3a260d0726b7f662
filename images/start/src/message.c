/* Messages: one line each, written at once so that lines of several processes do not mix. */
#include "start.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_line(const char *format, va_list args) {
  char line[700] = "escale-start: ";
  size_t prefix = strlen(line);
  vsnprintf(line + prefix, sizeof line - prefix - 1, format, args);
  /* An argument may hold anything; a message stays one line. */
  for (char *at = line; *at != '\0'; at++) {
    if ((unsigned char)*at < ' ' || *at == 127) *at = '?';
  }
  strcat(line, "\n");
  /* There is nowhere left to report that stderr is closed. */
  ssize_t written = write(STDERR_FILENO, line, strlen(line));
  (void)written;
}

void complain(const char *format, ...) {
  va_list args;
  va_start(args, format);
  write_line(format, args);
  va_end(args);
}

_Noreturn void give_up(int exit_code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  write_line(format, args);
  va_end(args);
  _exit(exit_code);
}

bool fails(struct report *report, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(report->text, sizeof report->text, format, args);
  va_end(args);
  return false;
}

/* What a server says may hold anything; only printable ASCII reaches the health log. */
void printable(char *out, size_t capacity, const char *bytes, size_t length) {
  size_t used = 0;
  for (size_t i = 0; i < length && used + 1 < capacity; i++) {
    out[used++] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
  }
  out[used] = '\0';
}
