/** One line of JSON an entry, on standard error. */
import type { Log, LogFields } from '../lib/core/deps.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]

export function jsonLog(level: LogLevel, write: (line: string) => void, fields: LogFields = {}): Log {
  const at =
    (mine: LogLevel) =>
    (message: string, more: LogFields = {}): void => {
      if (levels.indexOf(mine) < levels.indexOf(level)) return
      write(`${JSON.stringify({ time: new Date().toISOString(), level: mine, message, ...fields, ...more })}\n`)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (more) => jsonLog(level, write, { ...fields, ...more }),
  }
}
