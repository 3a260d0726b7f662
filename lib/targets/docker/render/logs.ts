/** Where the output of containers goes. */
import type { JsonObject } from '../../../core/hash.ts'
import type { Unit } from '../../../model/unit.ts'

export function logDriver({ logs }: Unit): JsonObject {
  const driver = driverFor(logs)
  return driver === undefined ? {} : { LogDriver: driver }
}

function driverFor({ to, rotate }: Unit['logs']): JsonObject | undefined {
  if (to === 'none') return { Name: 'none' }
  if (to === 'default')
    return rotate === undefined
      ? undefined
      : { Name: 'json-file', Options: { 'max-size': String(rotate.sizeBytes), 'max-file': String(rotate.files) } }
  const { scheme, rest } = splitScheme(to)
  // Destinations must not be able to hold a container up, nor keep it from starting.
  switch (scheme) {
    case 'gelf':
      return { Name: 'gelf', Options: { 'gelf-address': `udp://${rest}` } }
    case 'gelf+tcp':
      return { Name: 'gelf', Options: { 'gelf-address': `tcp://${rest}` } }
    case 'fluentd':
      return { Name: 'fluentd', Options: { 'fluentd-address': rest, 'fluentd-async': 'true' } }
    case 'syslog+tcp':
      return { Name: 'syslog', Options: { 'syslog-address': `tcp://${rest}`, 'syslog-format': 'rfc5424' } }
    case 'syslog+udp':
    case 'syslog':
      return { Name: 'syslog', Options: { 'syslog-address': `udp://${rest}`, 'syslog-format': 'rfc5424' } }
    default:
      return undefined
  }
}

export const logSchemes = ['gelf', 'gelf+tcp', 'fluentd', 'syslog+tcp', 'syslog+udp', 'syslog'] as const

export function splitScheme(to: string): { readonly scheme: string; readonly rest: string } {
  const at = to.indexOf('://')
  return at === -1 ? { scheme: '', rest: to } : { scheme: to.slice(0, at), rest: to.slice(at + 3) }
}
