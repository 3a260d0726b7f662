/** A few lines at the bottom of a terminal that change in place, with what stays printed above them. */
import type { Sink } from '../world.ts'
import { cut, widthOf } from './width.ts'

const ansi = /\u001b\[[0-9;]*m/g

export class LiveArea {
  readonly #sink: Sink
  #drawn = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Replaces what was drawn. */
  draw(lines: readonly string[]): void {
    const fitting = lines.slice(0, Math.max(1, this.#sink.rows - 1)).map((line) => this.#fit(line))
    this.#sink.write(this.#erase() + fitting.map((line) => `${line}\n`).join(''))
    this.#drawn = fitting.length
  }

  /** Prints lines that stay; what is live is to be drawn again below them. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return
    this.#sink.write(this.#erase() + lines.map((line) => `${line}\n`).join(''))
    this.#drawn = 0
  }

  #erase(): string {
    return this.#drawn === 0 ? '' : `\u001b[${String(this.#drawn)}A\u001b[J`
  }

  /** A line that wraps would be two, and erasing would miss one. */
  #fit(line: string): string {
    return widthOf(line) < this.#sink.columns ? line : cut(line.replace(ansi, ''), this.#sink.columns - 1)
  }
}
