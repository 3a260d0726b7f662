/* Frames of HTTP/2 (RFC 9113), as much as one request on one connection needs. */
#ifndef ESCALE_START_HTTP2_H
#define ESCALE_START_HTTP2_H

#include "start.h"

#define H2_DATA 0x0
#define H2_HEADERS 0x1
#define H2_RST_STREAM 0x3
#define H2_SETTINGS 0x4
#define H2_PUSH_PROMISE 0x5
#define H2_PING 0x6
#define H2_GOAWAY 0x7
#define H2_CONTINUATION 0x9

#define H2_END_STREAM 0x1
#define H2_ACK 0x1
#define H2_END_HEADERS 0x4
#define H2_PADDED 0x8
#define H2_PRIORITY_FLAG 0x20

#define H2_FRAME_BYTES 16384 /* the size no peer may exceed, as we never raise it */
#define H2_HEADER_BYTES 9

struct h2_frame {
  uint8_t type, flags;
  uint32_t stream;
  size_t length;
  uint8_t payload[H2_FRAME_BYTES];
};

struct h2_connection {
  int fd;
  int64_t deadline;
  struct report *report;
};

/* The next frame; false with a report at the end of the stream, the deadline, or when it is no HTTP/2. */
bool h2_read(const struct h2_connection *connection, struct h2_frame *frame);
/* Writes a frame of less than 64 KiB to `out`; answers its size. */
size_t h2_compose(uint8_t *out, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t length);
/* The part of a DATA or HEADERS payload that is neither padding nor priority; false when they do not fit. */
bool h2_content(const struct h2_frame *frame, const uint8_t **content, size_t *length);
uint32_t h2_number(const uint8_t *bytes);

#endif
