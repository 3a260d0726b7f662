/** One line of JSON an entry. */
export type Level = 'info' | 'warn' | 'error'

export type WriteLog = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void

export const jsonLog =
  (service: string): WriteLog =>
  (level, message, fields = {}) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, service, message, ...fields })}\n`)
  }

export const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
