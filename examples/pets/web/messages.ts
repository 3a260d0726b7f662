/** Messages of the PostgreSQL protocol, version 3: how they are written, and taken from a stream. */

export interface Message {
  readonly type: string
  readonly body: Buffer
}

/** A message with its type and length; the first one of a connection has no type. */
export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function text(value: string): Buffer {
  if (value.includes('\0')) throw new Error('PostgreSQL stores no text with a zero character')
  return Buffer.from(`${value}\0`, 'utf8')
}

/** Whole messages at the beginning of `bytes`, and what is left. */
export function takeMessages(bytes: Buffer): { readonly messages: readonly Message[]; readonly rest: Buffer } {
  const messages: Message[] = []
  let at = 0
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    if (bytes.length < end) break
    messages.push({ type: bytes.toString('latin1', at, at + 1), body: bytes.subarray(at + 5, end) })
    at = end
  }
  return { messages, rest: bytes.subarray(at) }
}

/** Texts of a DataRow. */
export function rowOf(body: Buffer): (string | null)[] {
  const values: (string | null)[] = []
  let at = 2
  for (let left = body.readInt16BE(0); left > 0; left -= 1) {
    const length = body.readInt32BE(at)
    at += 4
    values.push(length === -1 ? null : body.toString('utf8', at, at + length))
    at += Math.max(0, length)
  }
  return values
}

/** What an ErrorResponse says, as `message (SQLSTATE)`. */
export function errorOf(body: Buffer): Error {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  return new Error(`the database refused: ${fields.get('M') ?? 'no reason given'} (${fields.get('C') ?? '?'})`)
}
