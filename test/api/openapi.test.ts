import { describe, expect, it } from 'vitest'
import { openApiDocument, refusalsOf } from '../../lib/api/openapi.ts'
import { paramPatterns } from '../../lib/api/check/params.ts'
import type { AnyRoute } from '../../lib/api/route.ts'
import { routes } from '../../lib/api/routes/table.ts'

const document = openApiDocument('0.0.0')
const records = Object.entries<AnyRoute>(routes)

const referencesIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    key === '$ref' && typeof item === 'string' ? [item] : referencesIn(item),
  )
}

describe('the OpenAPI document', () => {
  it('refers to nothing that it does not hold', () => {
    const { components } = document as { components: { schemas: Record<string, unknown> } }
    for (const reference of new Set(referencesIn(document))) {
      expect(Object.keys(components.schemas)).toContain(reference.replace('#/components/schemas/', ''))
    }
  })

  it('says of every named part what it is', () => {
    const { components } = document as { components: { schemas: Record<string, object> } }
    for (const [name, schema] of Object.entries(components.schemas)) expect(schema, name).toHaveProperty('type')
  })

  it('knows every named part by one name', () => {
    const { components } = document as { components: { schemas: Record<string, unknown> } }
    expect(Object.keys(components.schemas).filter((name) => /\d$|^__/.test(name))).toEqual([])
  })

  it('says of whole numbers in a query that they are such', () => {
    const { paths } = document as { paths: Record<string, Record<string, { parameters: unknown[] }>> }
    const events = paths['/v1/projects/{project}/apps/{app}/events']?.['get']?.parameters
    expect(events).toContainEqual(
      expect.objectContaining({
        name: 'wait',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 0, maximum: 20, default: 0 },
      }),
    )
  })

  it.each(records)('tells every refusal that %s may meet', (_, record) => {
    const statuses = refusalsOf(record)
    if (record.needs !== 'public') expect(statuses).toContain(401)
    if (record.path.includes('{')) expect(statuses).toContain(404)
    if (record.body !== undefined) expect(statuses).toEqual(expect.arrayContaining([400, 413, 415, 422]))
    if (record.write !== undefined) expect(statuses).toContain(409)
  })
})

describe('the routes', () => {
  it.each(records)('%s reads or is a write, and names only what can be in an address', (_, record) => {
    if (record.method === 'GET') expect(record.write).toBeUndefined()
    for (const [, name = ''] of record.path.matchAll(/\{(\w+)\}/g)) expect(Object.keys(paramPatterns)).toContain(name)
    expect(record.answer === undefined).toBe(record.status === 204)
  })

  it('are all audited where they change anything', () => {
    const readOnly = ['validateManifest', 'planApp']
    const silent = records.filter(
      ([name, record]) => record.method !== 'GET' && record.write === undefined && !readOnly.includes(name),
    )
    expect(silent.map(([name]) => name)).toEqual([])
  })
})
