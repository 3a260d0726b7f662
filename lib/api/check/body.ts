/** Reads a body: bounded in size, strict in its encoding, and as JSON bounded in depth. */
import { EscaleError } from '../../core/errors.ts'
import { requestProblem } from '../present/problems.ts'
import type { RequestProblem } from '../present/problems.ts'
import { pointerOf } from './issues.ts'

export const maxDepth = 16
export const defaultBodyLimitBytes = 256 * 1024

const tooLarge = (limitBytes: number): EscaleError =>
  new EscaleError('request-too-large', `The body exceeds the ${String(limitBytes)} bytes that this route takes.`)

export async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > limitBytes) throw tooLarge(limitBytes)
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The media type without parameters; throws where a charset other than UTF-8 stands. */
export function mediaType(request: Request): string | undefined {
  const header = request.headers.get('content-type')
  if (header === null) return undefined
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase())
  for (const parameter of parameters) {
    if (parameter.startsWith('charset=') && !/^charset="?utf-8"?$/.test(parameter)) {
      throw new EscaleError('unsupported-media-type', `The body must be in UTF-8, not ${JSON.stringify(parameter)}.`)
    }
  }
  return type
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it cannot be parsed as JSON' : 'it is not UTF-8'
    throw new EscaleError('invalid-json', `The body is not valid: ${why}.`, { cause: error })
  }
}

/** Nesting beyond the limit, and keys that would reach an object's prototype. */
export function shapeProblems(value: unknown, path: readonly string[] = []): readonly RequestProblem[] {
  if (typeof value !== 'object' || value === null) return []
  if (path.length >= maxDepth) {
    return [
      requestProblem('too-deep', `The body is nested more than ${String(maxDepth)} levels deep.`, {
        pointer: pointerOf(path),
      }),
    ]
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => shapeProblems(item, [...path, String(index)]))
  return Object.entries(value).flatMap(([key, item]) =>
    key === '__proto__'
      ? [requestProblem('unknown-key', 'The key "__proto__" is not allowed.', { pointer: pointerOf([...path, key]) })]
      : shapeProblems(item, [...path, key]),
  )
}
