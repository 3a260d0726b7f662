/* Huffman decoding of HPACK strings. The code is canonical, so the lengths of RFC 7541, appendix B are the whole table. */
#include "hpack.h"

#define SYMBOLS 257 /* 256 bytes and the end of string */
#define END_OF_STRING 256
#define LONGEST_CODE 30

static const uint8_t code_lengths[SYMBOLS] = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
};

struct huffman {
  uint16_t count[LONGEST_CODE + 1];
  uint16_t by_code[SYMBOLS]; /* symbols in the order of their codes */
};

static void build(struct huffman *table) {
  size_t used = 0;
  for (unsigned length = 0; length <= LONGEST_CODE; length++) {
    table->count[length] = 0;
    for (uint16_t symbol = 0; symbol < SYMBOLS; symbol++) {
      if (code_lengths[symbol] != length) continue;
      table->by_code[used++] = symbol;
      table->count[length]++;
    }
  }
}

ssize_t huffman_decode(const uint8_t *bytes, size_t length, char *out, size_t capacity) {
  struct huffman table;
  build(&table);
  size_t used = 0;
  uint32_t code = 0, first = 0, index = 0;
  unsigned bits = 0;
  bool all_ones = true;
  for (size_t i = 0; i < length * 8; i++) {
    uint32_t bit = (bytes[i / 8] >> (7 - i % 8)) & 1;
    all_ones = all_ones && bit == 1;
    code |= bit;
    bits++;
    uint32_t count = table.count[bits];
    if (code - first < count) {
      uint16_t symbol = table.by_code[index + (code - first)];
      if (symbol == END_OF_STRING) return -1;
      if (used < capacity) out[used++] = (char)symbol;
      code = first = index = bits = 0;
      all_ones = true;
      continue;
    }
    if (bits == LONGEST_CODE) return -1;
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  /* Padding is the beginning of the end of string, less than a byte of it. */
  return bits < 8 && all_ones ? (ssize_t)used : -1;
}
