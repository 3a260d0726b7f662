/** Where things are inside a proxy's container. */

/** A volume of its own, so that a proxy that starts anew serves the last good configuration at once. */
export const proxyHome = '/var/lib/haproxy'
export const configFile = `${proxyHome}/haproxy.cfg`

/** Control ports, on loopback inside the container: only commands run in it get there (see `backendAddress`). */
export const workerPort = 9999
export const masterPort = 9998

/** What the container listens on, whatever the machine's port is. */
export const containerPort = 8080

export const tablesFolder = (tablesHash: string): string => `${proxyHome}/tables-${tablesHash}`
