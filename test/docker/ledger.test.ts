import { describe, expect, it } from 'vitest'
import { fieldPatterns } from '../../lib/model/fields.ts'
import type { FieldPattern } from '../../lib/model/fields.ts'
import type { Leaf } from '../../lib/model/leaf.ts'
import type { AppSpec, Sidecar } from '../../lib/model/unit.ts'
import { adapt } from '../../lib/targets/docker/adapt.ts'
import { ledger } from '../../lib/targets/docker/ledger/ledger.ts'
import { container, job, spec } from '../support/specs.ts'
import { input, web } from './support.ts'
import type { InputOptions } from './support.ts'

const names: Readonly<Record<string, string>> = {
  services: 'web',
  jobs: 'task',
  sidecars: 'proxy',
  init: 'assets',
  volumes: 'data',
}

function leaf(pattern: FieldPattern, value: unknown, change: Partial<Leaf> = {}): Leaf {
  const parts = pattern.split('.')
  const path = parts.map((part, index) => (part === '*' ? (names[parts[index - 1] ?? ''] ?? 'thing') : part))
  return { path, pattern, value, written: true, ...change }
}

const piece = (of: string, name: string, kind: string): Sidecar => ({
  ...container({ name, image: { reference: 'piece:1' }, from: `${of}.${kind}.${name}` }),
  essential: true,
  startBefore: true,
})
const both = {
  sidecars: [piece('services.web', 'proxy', 'sidecars')],
  init: [piece('services.web', 'assets', 'init')],
  allow: { sidecars: 'approximated' },
}
const app: AppSpec = spec([web({}, both), job('task', both)], {
  volumes: [{ name: 'data', access: 'single', class: 'default', onDelete: 'keep' }],
})

const rowsOf = (leaves: readonly Leaf[], of: AppSpec = app, options: InputOptions = {}) =>
  ledger(input(adapt(of), { ...options, leaves }))
const rowOf = (pattern: FieldPattern, value: unknown, of: AppSpec = app, options: InputOptions = {}) =>
  rowsOf([leaf(pattern, value)], of, options).rows[0]

describe('the ledger', () => {
  it('has an answer to every field a manifest can have', () => {
    const { rows } = rowsOf(fieldPatterns.map((pattern) => leaf(pattern, 'x')))
    expect(rows).toHaveLength(fieldPatterns.length)
    expect(rows.filter(({ note }) => note?.startsWith('nothing is known') === true).map(({ path }) => path)).toEqual([])
  })

  it('gives a number or a change with every approximation, and a way out of every refusal', () => {
    const { rows, problems } = rowsOf(fieldPatterns.map((pattern) => leaf(pattern, 'x')))
    for (const row of rows.filter(({ disposition }) => disposition === 'approximated'))
      expect(row.delta, row.path).toMatch(/ → /)
    const refused = rows.filter(({ disposition }) => disposition === 'refused')
    expect(refused.length).toBeGreaterThan(0)
    expect(problems.map(({ path }) => path)).toEqual(refused.map(({ path }) => path))
    for (const { fix, path } of problems) expect(fix, path).toMatch(/\w/)
  })

  it('calls what nobody wrote a default, unless it is refused', () => {
    const { rows } = rowsOf([
      leaf('services.*.update.rolling.maxSurge', 1, { written: false }),
      leaf('services.*.placement.capacity', 'serverless', { written: false }),
    ])
    expect(rows.map(({ disposition }) => disposition)).toEqual(['defaulted', 'refused'])
  })

  it('refuses a sidecar, or says what becomes of it where that is allowed', () => {
    const field = 'services.*.sidecars.*.image'
    expect(rowOf(field, 'piece:1')).toMatchObject({
      disposition: 'approximated',
      native: ['service/web-proxy:TaskTemplate.ContainerSpec.Image'],
    })
    const { rows, problems } = rowsOf([leaf(field, 'piece:1')], spec([web({}, { ...both, allow: {} })]))
    expect(rows[0]?.disposition).toBe('refused')
    expect(problems[0]).toMatchObject({
      code: 'backend-cannot',
      path: 'services.web.sidecars.proxy.image',
      fix: expect.stringContaining('allow: {sidecars: approximated}'),
    })
  })

  it('names each use of the start helper, and refuses it where it is not wanted', () => {
    const secret = { env: { thing: { kind: 'secret', secret: 'a' } } } as const
    expect(rowOf('services.*.env.*.secret', 'a', spec([web(secret)]))).toMatchObject({
      disposition: 'equivalent',
      note: expect.stringContaining('start helper'),
    })
    const without = spec([web(secret, { allow: { startHelper: 'never' } })])
    expect(rowOf('services.*.env.*.secret', 'a', without)).toMatchObject({ disposition: 'refused' })
  })

  it('says what the engine lacks, and not on an engine that has it', () => {
    expect(rowOf('services.*.mounts.*.subPath', 'a')).toMatchObject({
      disposition: 'refused',
      note: expect.stringContaining('1.45'),
    })
    expect(rowOf('services.*.mounts.*.subPath', 'a', app, { facts: { api: '1.45' } })?.disposition).toBe('exact')
    expect(rowOf('services.*.discovery', 'address')?.disposition).toBe('approximated')
    expect(rowOf('services.*.discovery', 'address', app, { facts: { ipvs: true } })?.disposition).toBe('exact')
  })

  it('never widens an address that a port was bound to', () => {
    expect(rowOf('services.*.publish.*.address', '127.0.0.1')).toMatchObject({
      disposition: 'refused',
      note: expect.stringContaining('127.0.0.1'),
    })
  })

  it('shows no value that looks secret', () => {
    const named = { path: ['services', 'web', 'env', 'API_TOKEN', 'text'] }
    expect(rowsOf([leaf('services.*.env.*.text', 'hunter2hunter2', named)]).rows[0]?.value).not.toContain('hunter2')
    const url = 'postgres://app:hunter2hunter2@db/shop'
    expect(rowOf('services.*.env.*.text', url)?.value).not.toContain('hunter2')
    expect(rowOf('services.*.env.*.text', 'plain')?.value).toBe('plain')
  })
})
