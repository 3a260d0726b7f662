/** Time outside is RFC 3339 in UTC with milliseconds; inside it is epoch milliseconds. */
export const formatTime = (timeMs: number): string => new Date(timeMs).toISOString()

/** Epoch milliseconds of an RFC 3339 text, or undefined when it is none. */
export function parseTime(text: string): number | undefined {
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? undefined : timeMs
}
