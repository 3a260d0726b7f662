/*
 * Values that only exist inside the container, put into the environment of the program (ruling C8).
 * This runs in the child just before exec, so PID 1 never holds a secret and nothing shows in `inspect`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "start.h"

/* The kernel's limit on one `NAME=value` with its end (MAX_ARG_STRLEN with pages of 4 KiB). */
#define VARIABLE_BYTES (128 * 1024)

static void set_from_file(const struct env_entry *entry) {
  static char value[VARIABLE_BYTES];
  size_t capacity = VARIABLE_BYTES - strlen(entry->name) - 2;
  struct stat info;
  int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, &info) < 0) {
    give_up(EXIT_SECRET, "cannot set %s: %s: %s; mount the secret at this path, readable by the container's user",
            entry->name, entry->path, strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    give_up(EXIT_SECRET, "cannot set %s: %s is not a regular file; name the file that holds the value", entry->name, entry->path);
  }
  size_t length = 0;
  for (;;) {
    if (length > capacity) {
      give_up(EXIT_SECRET, "cannot set %s: %s is longer than %zu bytes, the most a variable can hold; use it as a file",
              entry->name, entry->path, capacity);
    }
    ssize_t got = read(fd, value + length, capacity + 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) give_up(EXIT_SECRET, "cannot set %s: %s: %s", entry->name, entry->path, strerror(errno));
    if (got == 0) break;
    length += (size_t)got;
  }
  close(fd);
  if (memchr(value, '\0', length) != NULL) {
    give_up(EXIT_SECRET, "cannot set %s: %s holds a NUL byte, which no variable can; use it as a file", entry->name, entry->path);
  }
  value[length] = '\0';
  if (setenv(entry->name, value, 1) < 0) give_up(EXIT_HELPER, "cannot set %s: %s", entry->name, strerror(errno));
}

/* Engines write the container's address beside its host name; on several networks the first line is the one to tell. */
static bool address_in_hosts_file(char *out, size_t capacity) {
  char host[256], line[1024];
  FILE *hosts = fopen("/etc/hosts", "re");
  if (hosts == NULL) return false;
  bool found = false;
  if (gethostname(host, sizeof host) == 0) {
    while (!found && fgets(line, sizeof line, hosts) != NULL) {
      struct in_addr parsed;
      char *rest, *address = strtok_r(line, " \t\r\n", &rest);
      if (address == NULL || inet_pton(AF_INET, address, &parsed) != 1 || ntohl(parsed.s_addr) >> 24 == 127) continue;
      for (char *name = strtok_r(NULL, " \t\r\n", &rest); name != NULL && *name != '#'; name = strtok_r(NULL, " \t\r\n", &rest)) {
        if (strcmp(name, host) == 0) found = inet_ntop(AF_INET, &parsed, out, (socklen_t)capacity) != NULL;
      }
    }
  }
  fclose(hosts);
  return found;
}

static bool address_of_interface(char *out, size_t capacity) {
  struct ifaddrs *all;
  if (getifaddrs(&all) < 0) return false;
  bool found = false;
  for (struct ifaddrs *each = all; each != NULL && !found; each = each->ifa_next) {
    if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET) continue;
    if ((each->ifa_flags & IFF_LOOPBACK) != 0 || (each->ifa_flags & IFF_UP) == 0) continue;
    found = inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)each->ifa_addr)->sin_addr, out, (socklen_t)capacity) != NULL;
  }
  freeifaddrs(all);
  return found;
}

static void set_from_address(const struct env_entry *entry) {
  char address[INET_ADDRSTRLEN];
  if (!address_in_hosts_file(address, sizeof address) && !address_of_interface(address, sizeof address)) {
    give_up(EXIT_HELPER, "cannot set %s: the container has no IPv4 address; attach it to a network", entry->name);
  }
  if (setenv(entry->name, address, 1) < 0) give_up(EXIT_HELPER, "cannot set %s: %s", entry->name, strerror(errno));
}

void fill_environment(const struct env_list *env) {
  for (size_t i = 0; i < env->count; i++) {
    switch (env->entries[i].source) {
      case ENV_FILE: set_from_file(&env->entries[i]); break;
      case ENV_ADDRESS: set_from_address(&env->entries[i]); break;
    }
  }
}
