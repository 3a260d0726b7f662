/** Streams of JSON values, one per line (events, progress, stats). */

/** Longest line that is believed; the engine's own are far shorter. */
const maxLineBytes = 16 * 1024 * 1024

export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = []
  let held = 0
  for await (const chunk of source) {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at))
      yield Buffer.concat(parts).toString('utf8')
      parts = []
      held = 0
      from = at + 1
    }
    if (from < chunk.length) {
      parts.push(chunk.subarray(from))
      held += chunk.length - from
      if (held > maxLineBytes) throw new Error(`a line of the engine's stream is longer than ${maxLineBytes} bytes`)
    }
  }
  if (held > 0) yield Buffer.concat(parts).toString('utf8')
}

/** The engine separates values by CR LF or LF and may send blank lines to keep a connection alive. */
export async function* readJsonLines<T>(source: AsyncIterable<Buffer>): AsyncGenerator<T> {
  for await (const line of readLines(source)) if (line.trim() !== '') yield JSON.parse(line) as T
}
