#include "http2.h"

#include <string.h>

#include "net.h"

#define PRIORITY_BYTES 5

uint32_t h2_number(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool read_exactly(const struct h2_connection *connection, uint8_t *out, size_t length) {
  while (length > 0) {
    ssize_t got = net_receive(connection->fd, out, length, connection->deadline, connection->report);
    if (got < 0) return false;
    if (got == 0) return fails(connection->report, "the connection was closed before the answer was complete");
    out += got;
    length -= (size_t)got;
  }
  return true;
}

bool h2_read(const struct h2_connection *connection, struct h2_frame *frame) {
  uint8_t head[H2_HEADER_BYTES];
  if (!read_exactly(connection, head, sizeof head)) return false;
  frame->length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
  frame->type = head[3];
  frame->flags = head[4];
  frame->stream = h2_number(head + 5) & 0x7fffffff;
  if (frame->length > sizeof frame->payload) return fails(connection->report, "what came is no HTTP/2, or its frames are too large");
  return read_exactly(connection, frame->payload, frame->length);
}

size_t h2_compose(uint8_t *out, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t length) {
  memset(out, 0, H2_HEADER_BYTES);
  out[1] = (uint8_t)(length >> 8);
  out[2] = (uint8_t)length;
  out[3] = type;
  out[4] = flags;
  out[8] = (uint8_t)stream; /* only streams 0 and 1 are used */
  if (length > 0) memcpy(out + H2_HEADER_BYTES, payload, length);
  return H2_HEADER_BYTES + length;
}

bool h2_content(const struct h2_frame *frame, const uint8_t **content, size_t *length) {
  size_t before = 0, after = 0;
  if ((frame->flags & H2_PADDED) != 0) {
    if (frame->length < 1) return false;
    before = 1;
    after = frame->payload[0];
  }
  if (frame->type == H2_HEADERS && (frame->flags & H2_PRIORITY_FLAG) != 0) before += PRIORITY_BYTES;
  if (before + after > frame->length) return false;
  *content = frame->payload + before;
  *length = frame->length - before - after;
  return true;
}
