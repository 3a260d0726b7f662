/** Everything a route takes besides its address, checked at once: query, body, headers. */
import type * as z from 'zod'
import { EscaleError } from '../../core/errors.ts'
import { refuseRequest } from '../answer.ts'
import { requestProblem } from '../present/problems.ts'
import type { RequestProblem } from '../present/problems.ts'
import type { AnyRoute } from '../route.ts'
import { defaultBodyLimitBytes, mediaType, parseJson, readBytes, shapeProblems } from './body.ts'
import { problemsOf } from './issues.ts'
import type { Place } from './issues.ts'

export interface Checked {
  readonly query: unknown
  readonly body: unknown
  readonly idempotencyKey?: string
  readonly archive?: ReadableStream<Uint8Array>
}

interface Parsed {
  readonly value: unknown
  readonly problems: readonly RequestProblem[]
}

function check(schema: z.ZodType, input: unknown, place: Place, secret: boolean): Parsed {
  const result = schema.safeParse(input)
  return result.success
    ? { value: result.data, problems: [] }
    : { value: undefined, problems: problemsOf(result.error.issues, { place, input, secret }) }
}

/** Whether a key may stand several times. */
function takesSeveral(schema: z.core.$ZodType | undefined): boolean {
  let inner: z.core.$ZodType | undefined = schema
  while (inner !== undefined) {
    const { def } = inner._zod as { def: { type: string; innerType?: z.core.$ZodType } }
    if (def.type === 'array') return true
    inner = def.innerType
  }
  return false
}

function checkQuery(record: AnyRoute, url: URL): Parsed {
  const input: Record<string, string | readonly string[]> = {}
  const problems: RequestProblem[] = []
  for (const key of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(key)
    const several = takesSeveral(record.query?.shape[key])
    if (!several && values.length > 1) {
      problems.push(requestProblem('conflict', `\`${key}\` stands ${String(values.length)} times.`, { parameter: key }))
    }
    Object.defineProperty(input, key, { value: several ? values : values[0], enumerable: true })
  }
  if (record.query === undefined) {
    const unknown = Object.keys(input).map((key) =>
      requestProblem('unknown-key', `\`${key}\` is not known here.`, { parameter: key }),
    )
    return { value: {}, problems: [...unknown, ...problems] }
  }
  const parsed = check(record.query, input, 'query', false)
  return { value: parsed.value, problems: [...parsed.problems, ...problems] }
}

function checkKey(record: AnyRoute, request: Request): { key?: string; problems: readonly RequestProblem[] } {
  const key = request.headers.get('idempotency-key')
  if (key === null || record.write === undefined) return { problems: [] }
  const parameter = 'Idempotency-Key'
  if (record.write.repeat === 'never') {
    const message = 'An idempotency key is not taken here: the answer is given once and kept nowhere.'
    return { problems: [requestProblem('usage', message, { parameter, fix: 'Leave the header out.' })] }
  }
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const message = 'An idempotency key is 1 to 255 visible ASCII characters.'
    return { problems: [requestProblem('invalid-format', message, { parameter })] }
  }
  return { key, problems: [] }
}

async function checkBody(record: AnyRoute, request: Request): Promise<Parsed> {
  const nothing: Parsed = { value: undefined, problems: [] }
  if (request.method === 'GET' || request.method === 'HEAD') return nothing
  const bytes = await readBytes(request, record.bodyLimitBytes ?? defaultBodyLimitBytes)
  if (record.body === undefined) {
    if (bytes.length === 0) return nothing
    return {
      value: undefined,
      problems: [requestProblem('unknown-key', 'This route takes no body.', { pointer: '#' })],
    }
  }
  if (bytes.length === 0) {
    if (record.bodyOptional === true) return check(record.body, {}, 'body', false)
    return { value: undefined, problems: [requestProblem('missing-key', 'The body is missing.', { pointer: '#' })] }
  }
  const type = mediaType(request)
  if (type !== 'application/json') {
    throw new EscaleError(
      'unsupported-media-type',
      `The body must be of type application/json, not ${type === undefined ? 'of none' : JSON.stringify(type)}.`,
    )
  }
  const input = parseJson(bytes)
  const shape = shapeProblems(input)
  return shape.length > 0
    ? { value: undefined, problems: shape }
    : check(record.body, input, 'body', record.secretBody === true)
}

function openArchive(request: Request, limitBytes: number): ReadableStream<Uint8Array> {
  const type = mediaType(request)
  if (type !== 'application/x-tar') {
    throw new EscaleError(
      'unsupported-media-type',
      `The body must be of type application/x-tar, not ${type === undefined ? 'of none' : JSON.stringify(type)}.`,
    )
  }
  const declared = request.headers.get('content-length')
  const tooLarge = (): EscaleError =>
    new EscaleError('request-too-large', `The archive exceeds the ${String(limitBytes)} bytes that this route takes.`)
  if (declared !== null && Number(declared) > limitBytes) throw tooLarge()
  let size = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.length
      if (size > limitBytes) controller.error(tooLarge())
      else controller.enqueue(chunk)
    },
  })
  return (request.body ?? new Blob([]).stream()).pipeThrough(counter)
}

/** Throws one error with all the problems there are. */
export async function checkRequest(record: AnyRoute, request: Request, url: URL): Promise<Checked> {
  const query = checkQuery(record, url)
  const { key, problems: keyProblems } = checkKey(record, request)
  const archive =
    record.takesArchive === true ? openArchive(request, record.bodyLimitBytes ?? defaultBodyLimitBytes) : undefined
  const body = archive === undefined ? await checkBody(record, request) : { value: undefined, problems: [] }
  refuseRequest([...keyProblems, ...query.problems, ...body.problems])
  return {
    query: query.value,
    body: body.value,
    ...(key !== undefined && { idempotencyKey: key }),
    ...(archive !== undefined && { archive }),
  }
}
