/** The Hono app, made of the routes' records. It never learns where it runs. */
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { EscaleError } from '../core/errors.ts'
import { jsonResponse, problemResponse } from './answer.ts'
import { handle } from './handle.ts'
import type { HandleOptions } from './handle.ts'
import { openApiDocument } from './openapi.ts'
import type { AnyRoute } from './route.ts'
import { routes } from './routes/table.ts'

export interface ApiOptions extends HandleOptions {
  /** Origins of web pages that may call; without it none but the server's own may. */
  readonly cors?: { readonly origins: readonly string[] }
}

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1')

export function createApi(options: ApiOptions): Hono {
  const app = new Hono()
  const newTraceId = (): string => Buffer.from(options.deps.random.bytes(16)).toString('hex')
  const methods = new Map<string, string[]>()

  if (options.cors !== undefined) {
    const allowHeaders = ['authorization', 'content-type', 'idempotency-key', 'last-event-id']
    const exposeHeaders = ['location', 'retry-after', 'x-trace-id']
    app.use('*', cors({ origin: [...options.cors.origins], allowHeaders, exposeHeaders, maxAge: 600 }))
  }

  for (const [operation, record] of Object.entries<AnyRoute>(routes)) {
    const path = honoPath(record.path)
    methods.set(path, [...(methods.get(path) ?? []), record.method])
    app.on(record.method, path, (c) =>
      handle(options, {
        operation,
        record,
        params: c.req.param() as Record<string, string>,
        request: c.req.raw,
        traceId: newTraceId(),
      }),
    )
  }

  // Made once, when first asked for: most processes never are.
  let document: object | undefined
  const documentPath = '/openapi.json'
  methods.set(documentPath, ['GET'])
  app.get(documentPath, () => {
    document ??= openApiDocument(options.version)
    return jsonResponse(200, document, newTraceId())
  })

  for (const [path, allowed] of methods) {
    const allow = allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed
    app.all(path, (c) =>
      problemResponse(
        new EscaleError('method-not-allowed', `${c.req.method} is not possible here; ${allow.join(', ')} is.`),
        newTraceId(),
        { allow: allow.join(', ') },
      ),
    )
  }

  app.notFound((c) =>
    problemResponse(
      new EscaleError(
        'not-found',
        `There is nothing at ${JSON.stringify(c.req.path.slice(0, 200))}; /openapi.json lists what there is.`,
      ),
      newTraceId(),
    ),
  )
  app.onError((error) => {
    const traceId = newTraceId()
    options.deps.log.error('a request failed', { trace: traceId, error })
    return problemResponse(new EscaleError('internal-error', 'unforeseen', { cause: error }), traceId)
  })
  return app
}
