#include <time.h>

#include "start.h"

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

struct timespec time_left(int64_t deadline) {
  int64_t left = deadline - now_ms();
  if (left < 0) left = 0;
  return (struct timespec){.tv_sec = left / SECOND_MS, .tv_nsec = (left % SECOND_MS) * 1000000};
}

void sleep_ms(int64_t ms) {
  int64_t deadline = now_ms() + ms;
  while (now_ms() < deadline) {
    struct timespec left = time_left(deadline);
    nanosleep(&left, NULL);
  }
}
