/* The grpc probe: grpc.health.v1.Health/Check over cleartext HTTP/2; healthy for SERVING with grpc-status 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hpack.h"
#include "http2.h"
#include "net.h"

#define SERVICE_BYTES 200
#define SERVICE_FIELD_BYTES (3 + SERVICE_BYTES) /* tag, length in two bytes, name */
#define MESSAGE_BYTES 1024
#define HEADER_BLOCK_BYTES 32768
#define GRPC_PREFIX_BYTES 5
#define OUR_STREAM 1
#define PING_BYTES 8
#define SERVING 1

struct answer {
  int http_status, grpc_status; /* -1 until seen */
  char grpc_message[120];
  uint8_t message[GRPC_PREFIX_BYTES + MESSAGE_BYTES];
  size_t message_length;
  uint8_t block[HEADER_BLOCK_BYTES];
  size_t block_length;
  bool in_headers;     /* a header block goes on in CONTINUATION */
  bool ends_with_it;   /* that block ends the stream */
  bool ended;
};

static size_t literal(uint8_t *out, uint8_t static_name, const char *value) {
  size_t length = strlen(value);
  out[0] = static_name; /* literal without indexing, name from the static table: all of them are below 15 */
  out[1] = (uint8_t)length;
  memcpy(out + 2, value, length);
  return length + 2;
}

static size_t named_literal(uint8_t *out, const char *name, const char *value) {
  size_t length = strlen(name);
  out[0] = 0;
  out[1] = (uint8_t)length;
  memcpy(out + 2, name, length);
  size_t used = length + 2, value_length = strlen(value);
  out[used] = (uint8_t)value_length;
  memcpy(out + used + 1, value, value_length);
  return used + 1 + value_length;
}

static bool send_request(const struct h2_connection *to, const struct probe *probe) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  /* No dynamic table (so the decoder needs none) and no push. */
  static const uint8_t settings[] = {0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0};
  uint8_t headers[512], message[GRPC_PREFIX_BYTES + SERVICE_FIELD_BYTES] = {0};
  char authority[24];
  size_t used = 0, service = strlen(probe->path);
  if (service > SERVICE_BYTES) return fails(to->report, "the service's name is longer than %d bytes", SERVICE_BYTES);
  snprintf(authority, sizeof authority, "localhost:%u", probe->port);
  headers[used++] = 0x83; /* :method POST */
  headers[used++] = 0x86; /* :scheme http */
  used += literal(headers + used, 4, "/grpc.health.v1.Health/Check"); /* :path */
  used += literal(headers + used, 1, authority);                      /* :authority */
  used += named_literal(headers + used, "content-type", "application/grpc");
  used += named_literal(headers + used, "te", "trailers");
  used += named_literal(headers + used, "user-agent", "escale-start/" START_VERSION);

  /* Prefix: not compressed, length in four bytes; then field 1 as a string, absent when empty. */
  size_t length = 0;
  if (service > 0) {
    uint8_t *body = message + GRPC_PREFIX_BYTES;
    body[length++] = 0x0a;
    if (service > 127) {
      body[length++] = (uint8_t)(service | 0x80);
      body[length++] = (uint8_t)(service >> 7);
    } else {
      body[length++] = (uint8_t)service;
    }
    memcpy(body + length, probe->path, service);
    length += service;
  }
  message[4] = (uint8_t)length;
  /* In one piece, so that a server that hangs up is heard before we speak on. */
  uint8_t request[sizeof preface + 3 * H2_HEADER_BYTES + sizeof settings + sizeof headers + sizeof message];
  size_t at = sizeof preface - 1;
  memcpy(request, preface, at);
  at += h2_compose(request + at, H2_SETTINGS, 0, 0, settings, sizeof settings);
  at += h2_compose(request + at, H2_HEADERS, H2_END_HEADERS, OUR_STREAM, headers, used);
  at += h2_compose(request + at, H2_DATA, H2_END_STREAM, OUR_STREAM, message, GRPC_PREFIX_BYTES + length);
  return net_send(to->fd, request, at, to->deadline, to->report);
}

static bool acknowledge(const struct h2_connection *to, const struct h2_frame *frame, size_t length) {
  uint8_t answer[H2_HEADER_BYTES + PING_BYTES];
  size_t size = h2_compose(answer, frame->type, H2_ACK, 0, frame->payload, length);
  return (frame->flags & H2_ACK) != 0 || net_send(to->fd, answer, size, to->deadline, to->report);
}

static bool is_named(const struct header_field *field, const char *name) {
  return field->name_length == strlen(name) && memcmp(field->name, name, field->name_length) == 0;
}

static int small_number(const struct header_field *field) {
  int value = 0;
  if (field->value_length < 1 || field->value_length > 3) return -1;
  for (size_t i = 0; i < field->value_length; i++) {
    if (field->value[i] < '0' || field->value[i] > '9') return -1;
    value = value * 10 + (field->value[i] - '0');
  }
  return value;
}

static void see_header(void *context, const struct header_field *field) {
  struct answer *answer = context;
  if (is_named(field, ":status")) answer->http_status = small_number(field);
  if (is_named(field, "grpc-status")) answer->grpc_status = small_number(field);
  if (is_named(field, "grpc-message")) {
    printable(answer->grpc_message, sizeof answer->grpc_message, field->value, field->value_length);
  }
}

static bool take_block(struct answer *answer, const uint8_t *bytes, size_t length, bool last, struct report *report) {
  if (length > sizeof answer->block - answer->block_length) return fails(report, "the headers are longer than %d bytes", HEADER_BLOCK_BYTES);
  memcpy(answer->block + answer->block_length, bytes, length);
  answer->block_length += length;
  answer->in_headers = !last;
  if (!last) return true;
  if (!hpack_decode(answer->block, answer->block_length, see_header, answer)) return fails(report, "the headers cannot be decoded");
  answer->block_length = 0;
  answer->ended = answer->ends_with_it;
  return true;
}

static bool take_data(struct answer *answer, const uint8_t *bytes, size_t length, struct report *report) {
  if (length > sizeof answer->message - answer->message_length) return fails(report, "the answer is longer than a health answer can be");
  memcpy(answer->message + answer->message_length, bytes, length);
  answer->message_length += length;
  return true;
}

static bool take_frame(struct answer *answer, const struct h2_frame *frame, const struct h2_connection *to) {
  const uint8_t *content;
  size_t length;
  if (answer->in_headers != (frame->type == H2_CONTINUATION)) return fails(to->report, "frames came in an impossible order");
  bool ends = (frame->flags & H2_END_STREAM) != 0, last = (frame->flags & H2_END_HEADERS) != 0;
  switch (frame->type) {
    case H2_SETTINGS: return acknowledge(to, frame, 0);
    case H2_PING:
      if (frame->length != PING_BYTES) return fails(to->report, "a malformed frame came");
      return acknowledge(to, frame, PING_BYTES);
    case H2_HEADERS:
    case H2_DATA:
      if (frame->stream != OUR_STREAM || !h2_content(frame, &content, &length)) return fails(to->report, "a malformed frame came");
      if (frame->type == H2_HEADERS) {
        answer->ends_with_it = ends;
        return take_block(answer, content, length, last, to->report);
      }
      answer->ended = ends;
      return take_data(answer, content, length, to->report);
    case H2_CONTINUATION:
      if (frame->stream != OUR_STREAM) return fails(to->report, "a malformed frame came");
      return take_block(answer, frame->payload, frame->length, last, to->report);
    case H2_RST_STREAM:
      if (frame->stream != OUR_STREAM) return true;
      return fails(to->report, "the server reset the stream, code %u", frame->length == 4 ? h2_number(frame->payload) : 0);
    case H2_GOAWAY:
      /* A server that stops still answers streams up to the one it names. */
      if (frame->length >= 8 && (h2_number(frame->payload) & 0x7fffffff) >= OUR_STREAM) return true;
      return fails(to->report, "the server turned the connection away, code %u", frame->length >= 8 ? h2_number(frame->payload + 4) : 0);
    case H2_PUSH_PROMISE: return fails(to->report, "the server pushed although that was turned off");
    default: return true; /* WINDOW_UPDATE, PRIORITY and what is not known (RFC 9113, 4.1) */
  }
}

/* A base-128 number; false when cut off or above 64 bits. */
static bool read_varint(const uint8_t **next, const uint8_t *end, uint64_t *out) {
  *out = 0;
  for (unsigned shift = 0; shift < 64 && *next < end; shift += 7) {
    uint8_t byte = *(*next)++;
    *out |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

/* Field 1 of a HealthCheckResponse; 0 (UNKNOWN) when absent, -1 when the message is malformed. Other fields are passed over. */
static int64_t serving_status(const uint8_t *next, const uint8_t *end) {
  uint64_t tag, number;
  int64_t status = 0;
  while (next < end) {
    size_t skip = 0;
    if (!read_varint(&next, end, &tag)) return -1;
    switch (tag & 7) {
      case 0:
        if (!read_varint(&next, end, &number)) return -1;
        if (tag >> 3 == 1) status = (int64_t)(number & INT32_MAX);
        break;
      case 1: skip = 8; break;
      case 2:
        if (!read_varint(&next, end, &number) || number > (uint64_t)(end - next)) return -1;
        skip = (size_t)number;
        break;
      case 5: skip = 4; break;
      default: return -1;
    }
    if (skip > (size_t)(end - next)) return -1;
    next += skip;
  }
  return status;
}

static bool judge(const struct answer *answer, struct report *report) {
  static const char *const names[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  if (answer->http_status != 200) return fails(report, "HTTP status %d", answer->http_status);
  if (answer->grpc_status < 0) return fails(report, "no grpc-status in the answer");
  if (answer->grpc_status != 0) return fails(report, "grpc-status %d %s", answer->grpc_status, answer->grpc_message);
  if (answer->message_length < GRPC_PREFIX_BYTES || answer->message[0] != 0 ||
      h2_number(answer->message + 1) != answer->message_length - GRPC_PREFIX_BYTES) {
    return fails(report, "no health answer in the body");
  }
  int64_t status = serving_status(answer->message + GRPC_PREFIX_BYTES, answer->message + answer->message_length);
  if (status == SERVING) return true;
  if (status < 0) return fails(report, "the health answer is malformed");
  return status < (int64_t)(sizeof names / sizeof names[0]) ? fails(report, "%s", names[status])
                                                            : fails(report, "serving status %lld", (long long)status);
}

static bool talk(const struct h2_connection *to, const struct probe *probe) {
  static struct answer answer; /* static for its size only: one probe at a time */
  static struct h2_frame frame;
  memset(&answer, 0, sizeof answer);
  answer.http_status = answer.grpc_status = -1;
  if (!send_request(to, probe)) return false;
  while (!answer.ended) {
    if (!h2_read(to, &frame) || !take_frame(&answer, &frame, to)) return false;
  }
  return judge(&answer, to->report);
}

bool probe_grpc(const struct probe *probe, int64_t deadline, struct report *report) {
  struct report why = {.text = ""};
  int fd = net_connect(probe->port, deadline, &why);
  bool healthy = false;
  if (fd >= 0) {
    healthy = talk(&(struct h2_connection){.fd = fd, .deadline = deadline, .report = &why}, probe);
    close(fd);
  }
  return healthy || fails(report, "grpc :%u/%.80s: %.250s", probe->port, probe->path, why.text);
}
