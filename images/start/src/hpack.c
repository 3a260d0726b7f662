#include "hpack.h"

#include <string.h>

#define STRING_BYTES 2048
#define STATIC_ENTRIES 61
/* The only entries of the static table that matter here: the statuses. Others arrive with an empty name. */
#define FIRST_STATUS 8
#define LAST_STATUS 14

struct reader {
  const uint8_t *next, *end;
};

/* An integer with a prefix of `bits` (RFC 7541, 5.1); false when it is cut off or larger than anything sensible. */
static bool read_integer(struct reader *in, unsigned bits, uint32_t *out) {
  if (in->next == in->end) return false;
  uint32_t mask = (1u << bits) - 1;
  uint32_t value = *in->next++ & mask;
  if (value == mask) {
    uint8_t byte;
    unsigned shift = 0;
    do {
      if (in->next == in->end || shift > 21) return false;
      byte = *in->next++;
      value += (uint32_t)(byte & 0x7f) << shift;
      shift += 7;
    } while ((byte & 0x80) != 0);
  }
  *out = value;
  return true;
}

static bool read_string(struct reader *in, char *out, size_t *out_length) {
  if (in->next == in->end) return false;
  bool huffman = (*in->next & 0x80) != 0;
  uint32_t length;
  if (!read_integer(in, 7, &length) || length > (size_t)(in->end - in->next)) return false;
  const uint8_t *bytes = in->next;
  in->next += length;
  if (huffman) {
    ssize_t decoded = huffman_decode(bytes, length, out, STRING_BYTES);
    *out_length = decoded < 0 ? 0 : (size_t)decoded;
    return decoded >= 0;
  }
  *out_length = length < STRING_BYTES ? length : STRING_BYTES;
  memcpy(out, bytes, *out_length);
  return true;
}

static const char *static_name(uint32_t index) {
  return index >= FIRST_STATUS && index <= LAST_STATUS ? ":status" : "";
}

static const char *static_value(uint32_t index) {
  static const char *const statuses[] = {"200", "204", "206", "304", "400", "404", "500"};
  return index >= FIRST_STATUS && index <= LAST_STATUS ? statuses[index - FIRST_STATUS] : "";
}

static bool read_literal(struct reader *in, unsigned prefix_bits, header_sink sink, void *context) {
  char name[STRING_BYTES], value[STRING_BYTES];
  struct header_field field = {.name = name, .value = value};
  uint32_t index;
  if (!read_integer(in, prefix_bits, &index) || index > STATIC_ENTRIES) return false;
  if (index == 0) {
    if (!read_string(in, name, &field.name_length)) return false;
  } else {
    field.name = static_name(index);
    field.name_length = strlen(field.name);
  }
  if (!read_string(in, value, &field.value_length)) return false;
  sink(context, &field);
  return true;
}

bool hpack_decode(const uint8_t *block, size_t length, header_sink sink, void *context) {
  struct reader in = {.next = block, .end = block + length};
  while (in.next < in.end) {
    uint8_t first = *in.next;
    uint32_t number;
    if ((first & 0x80) != 0) { /* indexed field */
      if (!read_integer(&in, 7, &number) || number == 0 || number > STATIC_ENTRIES) return false;
      const char *name = static_name(number), *value = static_value(number);
      sink(context, &(struct header_field){name, strlen(name), value, strlen(value)});
    } else if ((first & 0xc0) == 0x40) { /* literal to be indexed: nothing stays in a table of size 0 */
      if (!read_literal(&in, 6, sink, context)) return false;
    } else if ((first & 0xe0) == 0x20) { /* new size of the dynamic table: ours allow only 0 */
      if (!read_integer(&in, 5, &number) || number != 0) return false;
    } else { /* literal without indexing, or never indexed */
      if (!read_literal(&in, 4, sink, context)) return false;
    }
  }
  return true;
}
