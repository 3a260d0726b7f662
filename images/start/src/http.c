/* The http probe: one GET over HTTP/1.1, healthy for a status of 200 to 399. Only the status is read. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net.h"

#define HEAD_BYTES 16384
#define REQUEST_BYTES 8192
/* What is read of the body, so that a server does not see its answer thrown away half-sent. */
#define BODY_BYTES 65536
#define QUIET_MS 100

#define STATUS_LINE_BYTES 12 /* `HTTP/1.1 200` */
#define NEED_MORE 0
#define NOT_HTTP (-1)

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/* Where a head ends, or NULL. A bare line feed is accepted as line end (RFC 9112, 2.2). */
static const char *end_of_head(const char *bytes, const char *end) {
  for (const char *at = bytes; at < end; at++) {
    if (*at != '\n') continue;
    if (at + 1 < end && at[1] == '\n') return at + 2;
    if (at + 2 < end && at[1] == '\r' && at[2] == '\n') return at + 3;
  }
  return NULL;
}

/* The final status in what has arrived, NEED_MORE or NOT_HTTP. Interim answers (100, 103) are passed over. */
static int final_status(const char *bytes, size_t length) {
  const char *end = bytes + length;
  for (;;) {
    static const char shape[] = "HTTP/1.d ddd";
    for (size_t i = 0; i < STATUS_LINE_BYTES; i++) {
      if (bytes + i == end) return NEED_MORE;
      if (shape[i] == 'd' ? !is_digit(bytes[i]) : bytes[i] != shape[i]) return NOT_HTTP;
    }
    int status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0');
    if (status < 100 || status == 101) return NOT_HTTP;
    if (status >= 200) return status;
    bytes = end_of_head(bytes, end);
    if (bytes == NULL) return NEED_MORE;
  }
}

static bool has_header(const struct probe *probe, const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < probe->header_count; i++) {
    if (strncasecmp(probe->headers[i], name, length) == 0 && probe->headers[i][length] == ':') return true;
  }
  return false;
}

static bool add(char *request, size_t *used, const char *text, struct report *report) {
  size_t length = strlen(text);
  if (*used + length >= REQUEST_BYTES) return fails(report, "the request is longer than %d bytes", REQUEST_BYTES);
  memcpy(request + *used, text, length);
  *used += length;
  return true;
}

static bool send_request(int fd, const struct probe *probe, int64_t deadline, struct report *report) {
  char request[REQUEST_BYTES], host[40];
  size_t used = 0;
  /* `localhost` is what the curl and wget checks this replaces send; --header Host: overrides it. */
  snprintf(host, sizeof host, "Host: localhost:%u\r\n", probe->port);
  bool fits = add(request, &used, "GET ", report) && add(request, &used, probe->path, report) &&
              add(request, &used, " HTTP/1.1\r\n", report) &&
              (has_header(probe, "Host") || add(request, &used, host, report)) &&
              (has_header(probe, "User-Agent") || add(request, &used, "User-Agent: escale-start/" START_VERSION "\r\n", report)) &&
              (has_header(probe, "Accept") || add(request, &used, "Accept: */*\r\n", report));
  for (size_t i = 0; fits && i < probe->header_count; i++) {
    fits = add(request, &used, probe->headers[i], report) && add(request, &used, "\r\n", report);
  }
  fits = fits && add(request, &used, "Connection: close\r\n\r\n", report);
  return fits && net_send(fd, request, used, deadline, report);
}

static int receive_status(int fd, int64_t deadline, struct report *report) {
  char head[HEAD_BYTES];
  size_t used = 0;
  while (used < sizeof head) {
    ssize_t got = net_receive(fd, head + used, sizeof head - used, deadline, report);
    if (got < 0) return NOT_HTTP;
    if (got == 0) {
      fails(report, "the connection was closed before a status came");
      return NOT_HTTP;
    }
    used += (size_t)got;
    int status = final_status(head, used);
    if (status == NOT_HTTP) fails(report, "what came is no HTTP/1 answer");
    if (status != NEED_MORE) return status;
  }
  fails(report, "no final status in the first %d bytes", HEAD_BYTES);
  return NOT_HTTP;
}

static void read_on(int fd, int64_t deadline) {
  char body[4096];
  struct report ignored; /* the status has decided */
  for (size_t used = 0; used < BODY_BYTES;) {
    int64_t quiet = now_ms() + QUIET_MS;
    ssize_t got = net_receive(fd, body, sizeof body, quiet < deadline ? quiet : deadline, &ignored);
    if (got <= 0) return;
    used += (size_t)got;
  }
}

bool probe_http(const struct probe *probe, int64_t deadline, struct report *report) {
  struct report why = {.text = ""};
  int fd = net_connect(probe->port, deadline, &why);
  int status = NOT_HTTP;
  if (fd >= 0) {
    if (send_request(fd, probe, deadline, &why)) status = receive_status(fd, deadline, &why);
    if (status > 0) read_on(fd, deadline);
    close(fd);
  }
  if (status == NOT_HTTP) return fails(report, "http :%u%.80s: %.250s", probe->port, probe->path, why.text);
  return (status >= 200 && status < 400) || fails(report, "http :%u%.80s answered %d", probe->port, probe->path, status);
}
