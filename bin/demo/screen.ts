/** What the demo says: lines that stay, and on a terminal one line that is drawn anew. */

export interface Screen {
  readonly isTerminal: boolean
  line(text?: string): void
  /** Redrawn in place on a terminal, a line of its own elsewhere. */
  live(text: string): void
  /** Announces a piece of work, and says when it is done and how long it took. */
  work<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T>
}

export interface ScreenOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const clearLine = '\r\u001B[K'

export function createScreen(output: ScreenOutput, nowMs: () => number): Screen {
  const isTerminal = output.isTTY === true
  let drawn = false
  const clear = (): void => {
    if (drawn) output.write(clearLine)
    drawn = false
  }
  const line = (text = ''): void => {
    clear()
    output.write(`${text}\n`)
  }
  const live = (text: string): void => {
    if (!isTerminal) return line(text)
    output.write(`${clearLine}${text.slice(0, (output.columns ?? 80) - 1)}`)
    drawn = true
  }
  return {
    isTerminal,
    line,
    live,
    work: async (title, work) => {
      const startMs = nowMs()
      let last = ''
      live(`… ${title}`)
      const detail = (text: string): void => {
        if (text === last) return
        last = text
        live(isTerminal ? `… ${title}: ${text}` : `    ${text}`)
      }
      try {
        const result = await work(detail)
        line(`✓ ${title} (${seconds(nowMs() - startMs)})`)
        return result
      } catch (error) {
        line(`✗ ${title} (${seconds(nowMs() - startMs)})`)
        throw error
      }
    },
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
