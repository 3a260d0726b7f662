/* A TCP connection to a port of this container, every operation bounded by a deadline. */
#ifndef ESCALE_START_NET_H
#define ESCALE_START_NET_H

#include "start.h"

int net_connect(uint16_t port, int64_t deadline, struct report *report); /* -1 with a report */
bool net_send(int fd, const void *bytes, size_t length, int64_t deadline, struct report *report);
/* Bytes read, 0 at the end of the stream, -1 with a report. */
ssize_t net_receive(int fd, void *out, size_t capacity, int64_t deadline, struct report *report);

#endif
