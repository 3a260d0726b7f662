/** The OpenAPI 3.1 document, made of the routes' records. */
import * as z from 'zod'
import { actions } from '../control/access/roles.ts'
import { paramPatterns } from './check/params.ts'
import type { AnyRoute } from './route.ts'
import { routes } from './routes/table.ts'
import { problemDocument } from './schemas/problem.ts'

type JsonSchema = Record<string, unknown>

const reasons: Readonly<Record<number, string>> = {
  400: 'The request is not of the documented form.',
  401: 'No valid token was given.',
  403: 'The token does not allow this.',
  404: 'There is no such thing, or it may not be seen.',
  409: 'The state of things does not allow this.',
  413: 'The body is too large.',
  415: 'The body is of another content type.',
  422: 'The input is not valid; `problems` says where and why.',
  431: 'The address and headers are longer than the server takes.',
  500: 'Something went wrong inside Escale.',
  502: 'A container engine refused a call.',
  503: 'A server that is needed did not answer.',
}

/** Statuses of problems that a route may answer. */
export function refusalsOf(record: AnyRoute): readonly number[] {
  const statuses = new Set<number>([431, 500, ...(record.refusals ?? [])])
  if (record.needs !== 'public') {
    statuses.add(401)
    if (actions[record.needs].reach !== 'self') statuses.add(403)
  }
  if (record.path.includes('{')) statuses.add(404)
  // Every route checks its query, if only that there is none; a cursor may be one that was never given.
  statuses.add(422)
  if (record.query !== undefined) statuses.add(400)
  if (record.method !== 'GET') for (const status of [400, 413]) statuses.add(status)
  if (record.body !== undefined || record.takesArchive === true) statuses.add(415)
  if (record.write !== undefined) statuses.add(409)
  return [...statuses].sort((a, b) => a - b)
}

class Components {
  readonly schemas: Record<string, JsonSchema> = {}

  /** The JSON schema of `schema`, with named parts moved to the components. */
  schema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const made = z.toJSONSchema(schema, {
      io,
      target: 'draft-2020-12',
      override: ({ zodSchema, jsonSchema }) => {
        delete jsonSchema['parameter']
        delete jsonSchema['id']
        if (io === 'input' || zodSchema._zod.def.type !== 'object') return
        // Answers may grow fields within v1: clients must not refuse what they do not know.
        delete jsonSchema['additionalProperties']
      },
    }) as JsonSchema
    const { $defs, $schema: _dialect, ...rest } = made
    for (const [id, part] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>)) this.#keep(id, part)
    const id = z.globalRegistry.get(schema)?.id
    // A named schema comes as a reference to itself among the parts.
    if (id === undefined || '$ref' in rest) return moved(rest) as JsonSchema
    this.#keep(id, rest)
    return { $ref: `#/components/schemas/${id}` }
  }

  #keep(id: string, part: JsonSchema): void {
    this.schemas[id] = moved(part) as JsonSchema
  }
}

function moved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moved)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === '$ref' && typeof item === 'string'
        ? [key, item.replace('#/$defs/', '#/components/schemas/')]
        : [key, moved(item)],
    ),
  )
}

/** A query parameter as callers write it: an integer, though it travels as text. */
function parameterSchema(schema: z.ZodType, components: Components): JsonSchema {
  const outer = components.schema(schema, 'input')
  const { description } = outer
  let inner: z.core.$ZodType | undefined = schema
  let value: unknown
  while (inner !== undefined) {
    const told = z.globalRegistry.get(inner as z.ZodType)?.['parameter']
    const { def } = inner._zod as { def: { innerType?: z.core.$ZodType; defaultValue?: unknown } }
    value ??= def.defaultValue
    if (typeof told === 'object' && told !== null && def.innerType === undefined) {
      return {
        ...told,
        ...(description !== undefined && { description }),
        ...(value !== undefined && { default: value }),
      }
    }
    inner = def.innerType
  }
  return outer
}

function parametersOf(record: AnyRoute, components: Components): readonly object[] {
  const path = [...record.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: paramPatterns[name]?.source },
  }))
  const query = Object.entries(record.query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = parameterSchema(schema as z.ZodType, components)
    const optional = (schema as z.ZodType).safeParse(undefined).success
    return { name, in: 'query', required: !optional, ...(description !== undefined && { description }), schema: rest }
  })
  const header =
    record.write === undefined || record.write.repeat === 'never'
      ? []
      : [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: 'The same key with the same request gives the same answer, for a day.',
            schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
          },
        ]
  const resume =
    record.stream === undefined
      ? []
      : [
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'Resumes a stream of events.',
            schema: { type: 'string' },
          },
        ]
  return [...path, ...query, ...header, ...resume]
}

function bodyOf(record: AnyRoute, components: Components): object | undefined {
  if (record.takesArchive === true) {
    return {
      required: true,
      content: { 'application/x-tar': { schema: { type: 'string', contentMediaType: 'application/x-tar' } } },
    }
  }
  if (record.body === undefined) return undefined
  const schema = components.schema(record.body, 'input')
  return { required: record.bodyOptional !== true, content: { 'application/json': { schema } } }
}

function answersOf(record: AnyRoute, components: Components): object {
  const content = {
    ...(record.answer !== undefined && { 'application/json': { schema: components.schema(record.answer, 'output') } }),
    ...(record.stream !== undefined && { 'text/event-stream': { schema: { type: 'string' } } }),
  }
  const location = { Location: { description: 'Address of what was made.', schema: { type: 'string' } } }
  const success = {
    description: record.summary,
    ...(record.status === 201 || record.status === 202 ? { headers: location } : {}),
    ...(Object.keys(content).length > 0 && { content }),
  }
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  const refusals = refusalsOf(record).map((status) => [
    String(status),
    { description: reasons[status] ?? 'A problem.', content: problem },
  ])
  return { [String(record.status)]: success, ...Object.fromEntries(refusals) }
}

const needsText = (record: AnyRoute): string | undefined => {
  if (record.needs === 'public') return undefined
  const { reach, role } = actions[record.needs]
  const where = {
    self: 'Needs any valid token.',
    anywhere: `Needs the role \`${role}\` on any collection.`,
    installation: `Needs the role \`${role}\` on \`*\`.`,
    project: `Needs the role \`${role}\` on the project.`,
    inProject: `Needs the role \`${role}\` on the project or an app of it.`,
    app: `Needs the role \`${role}\` on the app.`,
  }
  return where[reach]
}

export function openApiDocument(version: string): object {
  const components = new Components()
  components.schema(problemDocument, 'output')
  const paths: Record<string, Record<string, object>> = {}
  for (const [operationId, record] of Object.entries<AnyRoute>(routes)) {
    const parameters = parametersOf(record, components)
    const requestBody = bodyOf(record, components)
    const description = needsText(record)
    paths[record.path] = {
      ...paths[record.path],
      [record.method.toLowerCase()]: {
        operationId,
        summary: record.summary,
        ...(description !== undefined && { description }),
        tags: [record.tag],
        ...(record.needs === 'public' ? { security: [] } : {}),
        ...(parameters.length > 0 && { parameters }),
        ...(requestBody !== undefined && { requestBody }),
        responses: answersOf(record, components),
      },
    }
  }
  const sorted = Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Escale',
      version,
      description:
        'Containers as a Service. Problems are RFC 9457 documents with a code; long work answers 202 with a deployment to follow; lists are pages with `next`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(sorted),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token `esc_…`, or one of the identity provider.' },
      },
    },
  }
}
