/* Decoding of header blocks (RFC 7541) without a dynamic table, which our SETTINGS forbid the server to use. */
#ifndef ESCALE_START_HPACK_H
#define ESCALE_START_HPACK_H

#include "start.h"

struct header_field {
  const char *name;
  size_t name_length;
  const char *value;
  size_t value_length;
};

typedef void (*header_sink)(void *context, const struct header_field *field);

/* False when the block is malformed. Strings longer than the decoder's buffer arrive cut off. */
bool hpack_decode(const uint8_t *block, size_t length, header_sink sink, void *context);
/* Characters of a Huffman-coded string (RFC 7541, 5.2), or -1 when it is malformed. */
ssize_t huffman_decode(const uint8_t *bytes, size_t length, char *out, size_t capacity);

#endif
