/**
 * A cursor over log lines, which have times but no numbers. It says up to when each instance's lines were
 * given, and how many of that last millisecond; instances that were silent for the look-back are left out.
 */
import { EscaleError } from '../core/errors.ts'
import { shortHash } from '../core/hash.ts'
import type { LogLine } from '../targets/target.ts'

/** How much later than another instance's line a line may turn up and still be given. */
const lookBackMs = 5_000

const mostMarks = 250

/** Instance and stream → [time of the last line given, lines given of that time]. */
type Marks = Readonly<Record<string, readonly [lastMs: number, count: number]>>

export interface LogCursor {
  readonly marks: Marks
  readonly newestMs: number
}

export const startOfLogs: LogCursor = { marks: {}, newestMs: 0 }

const markOf = (line: LogLine): string => shortHash([line.unit, line.instance, line.stream], 8)

/** From when to read so that nothing new is missed. */
export const sinceMs = (cursor: LogCursor): number => Math.max(0, cursor.newestMs - lookBackMs)

export function encodeCursor(cursor: LogCursor): string {
  const parts = Object.entries(cursor.marks).map(
    ([mark, [lastMs, count]]) => `${mark}.${String(lastMs)}.${String(count)}`,
  )
  return [String(cursor.newestMs), ...parts].join('~')
}

export function decodeCursor(text: string): LogCursor {
  const [newest = '', ...parts] = text.split('~')
  const marks: Record<string, readonly [number, number]> = {}
  for (const part of parts) {
    const match = /^([a-z2-7]{8})\.(\d{1,15})\.(\d{1,9})$/.exec(part)
    if (match === null) throw badCursor(text)
    marks[match[1] ?? ''] = [Number(match[2]), Number(match[3])]
  }
  if (!/^\d{1,15}$/.test(newest)) throw badCursor(text)
  return { marks, newestMs: Number(newest) }
}

const badCursor = (text: string): EscaleError =>
  new EscaleError('usage', `${JSON.stringify(text.slice(0, 80))} is no cursor that a log answer gave as \`next\`.`)

/** Tells lines that the cursor has seen from new ones, while reading from `sinceMs` on in time's order. */
export class LogReader {
  #marks: Record<string, readonly [number, number]>
  #newestMs: number
  readonly #start: LogCursor
  /** Lines met so far of each mark's last millisecond. */
  readonly #met = new Map<string, number>()

  constructor(start: LogCursor) {
    this.#start = start
    this.#marks = { ...start.marks }
    this.#newestMs = start.newestMs
  }

  /** Whether the line is new; if so the cursor moves past it. */
  take(line: LogLine): boolean {
    const mark = markOf(line)
    const given = this.#start.marks[mark]
    if (given !== undefined) {
      const [lastMs, count] = given
      if (line.atMs < lastMs) return false
      if (line.atMs === lastMs) {
        const met = (this.#met.get(mark) ?? 0) + 1
        this.#met.set(mark, met)
        if (met <= count) return false
      }
    } else if (line.atMs < sinceMs(this.#start)) return false
    const now = this.#marks[mark]
    this.#marks[mark] = [line.atMs, now !== undefined && now[0] === line.atMs ? now[1] + 1 : 1]
    this.#newestMs = Math.max(this.#newestMs, line.atMs)
    return true
  }

  cursor(): LogCursor {
    const oldestMs = this.#newestMs - lookBackMs
    const recent = Object.entries(this.#marks).filter(([, [lastMs]]) => lastMs >= oldestMs)
    // A cursor has to fit into an address. Who is dropped may be given a line twice, but loses none.
    const kept = recent.length <= mostMarks ? recent : recent.sort(([, [a]], [, [b]]) => b - a).slice(0, mostMarks)
    return { marks: Object.fromEntries(kept), newestMs: this.#newestMs }
  }
}
