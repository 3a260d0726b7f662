#include "net.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0, or the reason as an errno; ETIMEDOUT at the deadline. */
static int wait_for(int fd, short events, int64_t deadline) {
  struct pollfd poll_fd = {.fd = fd, .events = events};
  for (;;) {
    int64_t left = deadline - now_ms();
    int ready = left <= 0 ? 0 : poll(&poll_fd, 1, (int)left);
    if (ready > 0) return 0;
    if (ready == 0) return ETIMEDOUT;
    if (errno != EINTR) return errno;
  }
}

static int connect_one(const struct sockaddr *address, socklen_t length, int64_t deadline, int *reason) {
  int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *reason = errno;
    return -1;
  }
  *reason = connect(fd, address, length) == 0 ? 0 : errno;
  if (*reason == EINPROGRESS) {
    *reason = wait_for(fd, POLLOUT, deadline);
    socklen_t size = sizeof *reason;
    if (*reason == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, reason, &size) < 0) *reason = errno;
  }
  if (*reason == 0) return fd;
  close(fd);
  return -1;
}

/* A server may listen on the address of one network only (some images bind to their host name). */
static int connect_own_addresses(uint16_t port, int64_t deadline) {
  struct ifaddrs *all;
  int fd = -1, reason;
  if (getifaddrs(&all) < 0) return -1;
  for (struct ifaddrs *each = all; each != NULL && fd < 0; each = each->ifa_next) {
    if (each->ifa_addr == NULL || (each->ifa_flags & IFF_LOOPBACK) != 0) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      struct sockaddr_in address = *(struct sockaddr_in *)(void *)each->ifa_addr;
      address.sin_port = htons(port);
      fd = connect_one((struct sockaddr *)&address, sizeof address, deadline, &reason);
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      struct sockaddr_in6 address = *(struct sockaddr_in6 *)(void *)each->ifa_addr;
      address.sin6_port = htons(port);
      fd = connect_one((struct sockaddr *)&address, sizeof address, deadline, &reason);
    }
  }
  freeifaddrs(all);
  return fd;
}

/* Loopback first, then the container's own addresses; the reason told is that of 127.0.0.1. */
int net_connect(uint16_t port, int64_t deadline, struct report *report) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int reason, other;
  int fd = connect_one((struct sockaddr *)&v4, sizeof v4, deadline, &reason);
  if (fd < 0 && reason == ECONNREFUSED) fd = connect_one((struct sockaddr *)&v6, sizeof v6, deadline, &other);
  if (fd < 0 && reason == ECONNREFUSED) fd = connect_own_addresses(port, deadline);
  if (fd < 0) fails(report, "port %u: %s", port, reason == ETIMEDOUT ? "timed out while connecting" : strerror(reason));
  return fd;
}

bool net_send(int fd, const void *bytes, size_t length, int64_t deadline, struct report *report) {
  const char *next = bytes;
  while (length > 0) {
    int reason = wait_for(fd, POLLOUT, deadline);
    if (reason != 0) return fails(report, "%s", reason == ETIMEDOUT ? "timed out while sending" : strerror(reason));
    ssize_t sent = send(fd, next, length, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return fails(report, "while sending: %s", strerror(errno));
    next += sent;
    length -= (size_t)sent;
  }
  return true;
}

ssize_t net_receive(int fd, void *out, size_t capacity, int64_t deadline, struct report *report) {
  for (;;) {
    int reason = wait_for(fd, POLLIN, deadline);
    if (reason != 0) {
      fails(report, "%s", reason == ETIMEDOUT ? "timed out waiting for the answer" : strerror(reason));
      return -1;
    }
    ssize_t got = recv(fd, out, capacity, 0);
    if (got >= 0) return got;
    if (errno == EINTR || errno == EAGAIN) continue;
    fails(report, "while waiting for the answer: %s", strerror(errno));
    return -1;
  }
}
