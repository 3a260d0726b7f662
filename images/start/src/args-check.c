/*
 * check [--state DIR|none] [--startup-within MS] [--pace MS] [--env NAME=FILE | --env-ip NAME]…
 *       [--startup PROBE] [--ready PROBE] [--live PROBE]
 * PROBE: http:PORT/PATH | tcp:PORT | grpc:PORT[/SERVICE] | exec:N ARG…   followed by --timeout MS and any --header 'NAME: VALUE'
 */
#include <string.h>

#include "args.h"

static bool has_control_or_space(const char *text, bool space_allowed) {
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte < ' ' || byte == 127 || (byte == ' ' && !space_allowed)) return true;
  }
  return false;
}

static struct probe *parse_probe(struct args *args, const char *option, char **all) {
  const char *text = take(args, option, "a probe");
  const char *colon = strchr(text, ':');
  if (colon == NULL) give_up(EXIT_HELPER, "%s: '%s' is no probe; expected http:, tcp:, grpc: or exec:", option, text);
  struct probe *probe = allocate(1, sizeof *probe);
  probe->timeout_ms = -1;
  probe->headers = allocate(count_args(all), sizeof *probe->headers);
  size_t kind = (size_t)(colon - text);
  const char *rest = colon + 1;
  const char *slash = strchr(rest, '/');
  const char *end_of_port = slash == NULL ? rest + strlen(rest) : slash;

  if (kind == 4 && strncmp(text, "exec", kind) == 0) {
    probe->kind = PROBE_EXEC;
    probe->argv = take_counted(args, option, rest);
    return probe;
  }
  if (kind == 4 && strncmp(text, "http", kind) == 0) {
    probe->kind = PROBE_HTTP;
    if (slash == NULL) give_up(EXIT_HELPER, "%s: '%s' has no path; write http:PORT/", option, text);
    probe->path = slash;
  } else if (kind == 4 && strncmp(text, "grpc", kind) == 0) {
    probe->kind = PROBE_GRPC;
    probe->path = slash == NULL ? "" : slash + 1;
  } else if (kind == 3 && strncmp(text, "tcp", kind) == 0) {
    probe->kind = PROBE_TCP;
    if (slash != NULL) give_up(EXIT_HELPER, "%s: '%s': tcp takes a port only", option, text);
  } else {
    give_up(EXIT_HELPER, "%s: '%s' is no probe; expected http:, tcp:, grpc: or exec:", option, text);
  }
  probe->port = parse_port(rest, end_of_port, text);
  if (probe->path != NULL && has_control_or_space(probe->path, false)) {
    give_up(EXIT_HELPER, "%s: '%s' holds a space or control character; percent-encode it", option, text);
  }
  return probe;
}

static void add_header(struct probe *probe, const char *header) {
  const char *colon = strchr(header, ':');
  if (probe == NULL || probe->kind != PROBE_HTTP) give_up(EXIT_HELPER, "--header: stands after an http probe");
  if (colon == NULL || colon == header || has_control_or_space(header, true)) {
    give_up(EXIT_HELPER, "--header: expected 'NAME: VALUE' in one line");
  }
  probe->headers[probe->header_count++] = header;
}

static void require_timeout(const struct probe *probe, const char *option) {
  if (probe != NULL && probe->timeout_ms < 1) give_up(EXIT_HELPER, "%s: --timeout MS (at least 1) is missing after the probe", option);
}

void parse_check(char **list, struct check_options *out) {
  struct args args = {.next = list};
  struct probe *latest = NULL;
  *out = (struct check_options){.env = new_env_list(list), .startup_within_ms = -1};
  while (*args.next != NULL) {
    const char *option = *args.next++;
    if (take_env(&args, option, &out->env)) continue;
    if (strcmp(option, "--state") == 0) {
      const char *place = take(&args, option, "a folder or none");
      out->stateless = strcmp(place, "none") == 0;
      out->state_dir = place;
    } else if (strcmp(option, "--startup-within") == 0) {
      out->startup_within_ms = take_ms(&args, option);
    } else if (strcmp(option, "--pace") == 0) {
      out->pace_ms = take_ms(&args, option);
    } else if (strcmp(option, "--startup") == 0) {
      latest = out->startup = parse_probe(&args, option, list);
    } else if (strcmp(option, "--ready") == 0) {
      latest = out->ready = parse_probe(&args, option, list);
    } else if (strcmp(option, "--live") == 0) {
      latest = out->live = parse_probe(&args, option, list);
    } else if (strcmp(option, "--timeout") == 0) {
      if (latest == NULL) give_up(EXIT_HELPER, "--timeout: stands after the probe it belongs to");
      latest->timeout_ms = take_ms(&args, option);
    } else if (strcmp(option, "--header") == 0) {
      add_header(latest, take(&args, option, "'NAME: VALUE'"));
    } else {
      give_up(EXIT_HELPER, "check: unknown option '%s'", option);
    }
  }
  require_timeout(out->startup, "--startup");
  require_timeout(out->ready, "--ready");
  require_timeout(out->live, "--live");
  if (out->startup == NULL && out->ready == NULL && out->live == NULL) {
    give_up(EXIT_HELPER, "check: at least one of --startup, --ready and --live is needed");
  }
  if (out->stateless && out->startup_within_ms < 0) {
    give_up(EXIT_HELPER, "check: --state none needs --startup-within, the age from which only --live counts");
  }
}
