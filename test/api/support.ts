/** A whole API in memory, on a clock that runs fast, that checks each answer against what is documented. */
import type { Hono } from 'hono'
import { expect } from 'vitest'
import { createApi } from '../../lib/api/app.ts'
import type { ApiOptions } from '../../lib/api/app.ts'
import { bindUseCases } from '../../lib/api/bind.ts'
import { refusalsOf } from '../../lib/api/openapi.ts'
import type { AnyRoute } from '../../lib/api/route.ts'
import { routes } from '../../lib/api/routes/table.ts'
import { problemDocument } from '../../lib/api/schemas/problem.ts'
import type { Grant } from '../../lib/control/access/grants.ts'
import { issueToken } from '../../lib/control/access/tokens.ts'
import { defaultSettings } from '../../lib/control/deps.ts'
import type { Deps } from '../../lib/control/deps.ts'
import { tick } from '../../lib/control/tick.ts'
import { createProject } from '../../lib/control/projects.ts'
import { addresses } from '../../lib/control/records.ts'
import { silentLog } from '../../lib/core/deps.ts'
import type { Clock } from '../../lib/core/deps.ts'
import { systemClock, systemRandom } from '../../lib/core/system.ts'
import { appKeyText } from '../../lib/model/app.ts'
import type { AppKey } from '../../lib/model/app.ts'
import { memoryStore } from '../../lib/store/memory/memory.ts'
import { MemoryCluster } from '../../lib/targets/memory/cluster.ts'
import { memoryTarget } from '../../lib/targets/memory/target.ts'
import { memoryVault } from '../../lib/vault/memory/memory.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests look into bodies of every shape.
  readonly body: Record<string, unknown> & { readonly items?: readonly Record<string, unknown>[] }
}

export interface Ask {
  readonly token?: string | undefined
  readonly body?: unknown
  /** In place of `body`: bytes as they are. */
  readonly raw?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export const people = {
  owner: [{ role: 'owner', collection: '*' }],
  projectOwner: [{ role: 'owner', collection: 'shop' }],
  deployer: [{ role: 'deployer', collection: 'shop' }],
  operator: [{ role: 'operator', collection: 'shop' }],
  viewer: [{ role: 'viewer', collection: 'shop' }],
  /** Sees one app of the project and nothing else. */
  guest: [{ role: 'deployer', collection: 'shop/hello' }],
  stranger: [{ role: 'owner', collection: 'other' }],
  nobody: [],
} as const satisfies Record<string, readonly Grant[]>

export type Person = keyof typeof people

export interface TestApi {
  readonly app: Hono
  readonly deps: Deps
  readonly options: ApiOptions
  readonly tokens: Readonly<Record<Person, string>>
  ask(method: string, path: string, ask?: Ask): Promise<Answer>
  stop(): Promise<void>
}

/** Real time, so that waiting is waiting, but this many times faster. */
const speed = 40

export function fastClock(): Clock {
  const startMs = Date.now()
  const realStartMs = performance.now()
  return {
    nowMs: () => Math.round(startMs + (performance.now() - realStartMs) * speed),
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  }
}

/** Ticks apps when they are poked, and again when a tick says so. */
function ticker(deps: () => Deps) {
  const ending = new AbortController()
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const run = async (key: AppKey): Promise<void> => {
    const text = appKeyText(key)
    const { clock } = deps()
    while (!ending.signal.aborted) {
      again.delete(text)
      const result = await tick(deps(), key)
      if (again.has(text)) continue
      if (result.kind === 'done') return
      await clock.sleep(Math.min(Math.max(result.atMs - clock.nowMs(), 10), 5_000), ending.signal)
    }
  }
  return {
    poke(key: AppKey): void {
      const text = appKeyText(key)
      again.add(text)
      if (running.has(text)) return
      running.set(
        text,
        run(key).finally(() => running.delete(text)),
      )
    },
    async stop(): Promise<void> {
      ending.abort()
      await Promise.all(running.values())
    },
  }
}

export const helloManifest = `apiVersion: escale/v1
kind: App
metadata: {name: hello}
services:
  web: {image: nginx, ports: {http: 80}, routes: {main: {}}, update: {rolling: {settle: 0s}}}
jobs:
  tidy: {image: busybox, command: [tidy]}
`

const matchers = Object.entries<AnyRoute>(routes).map(([operation, record]) => ({
  operation,
  record,
  pattern: new RegExp(`^${record.path.replace(/\{\w+\}/g, '[^/]+')}$`),
}))

const checkedHeaders = ['x-content-type-options', 'content-security-policy', 'x-trace-id', 'cache-control'] as const

/** Fails unless the answer is one that the OpenAPI document tells of. */
function checkDocumented(method: string, path: string, status: number, headers: Headers, body: unknown): void {
  for (const name of checkedHeaders) expect(headers.get(name), `${name} of ${method} ${path}`).not.toBeNull()
  const pathname = path.split('?')[0] ?? ''
  const found = matchers.find((item) => item.record.method === method && item.pattern.test(pathname))
  if (status >= 400) {
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(problemDocument.safeParse(body).error).toBeUndefined()
    expect((body as { status: number }).status).toBe(status)
    if (found !== undefined)
      expect(refusalsOf(found.record), `status of ${method} ${path}: ${JSON.stringify(body)}`).toContain(status)
    return
  }
  if (found === undefined) return
  expect(status, `status of ${method} ${path}`).toBe(found.record.status)
  if (found.record.answer === undefined) return
  expect(headers.get('content-type')).toBe('application/json')
  expect(found.record.answer.safeParse(body).error, `answer of ${found.operation}`).toBeUndefined()
}

export async function testApi(
  change: Partial<ApiOptions> = {},
  useCases: Partial<ApiOptions['useCases']> = {},
): Promise<TestApi> {
  const clock = fastClock()
  const random = systemRandom
  const cluster = new MemoryCluster({
    clock,
    timing: { startMs: 1, readyMs: 1, restartMs: 1, runMs: 1, stopMs: 1 },
  })
  const target = memoryTarget(cluster)
  const ticks = ticker(() => deps)
  const deps: Deps = {
    store: memoryStore({ clock, random }),
    vault: memoryVault({ clock, random }),
    target: () => Promise.resolve(target),
    clock,
    random,
    log: silentLog,
    installId: 'test',
    poke: (key) => ticks.poke(key),
    settings: defaultSettings,
    sources: {},
  }
  const actor = { subject: 'test' }
  await deps.store.commit([
    {
      put: addresses.cluster('local'),
      value: { name: 'local', kind: 'memory', domain: 'apps.example.com', createdAtMs: 0 },
      ifAbsent: true,
    },
  ])
  for (const name of ['shop', 'other', 'secretive']) await createProject(deps, actor, name)
  const tokens = Object.fromEntries(
    await Promise.all(
      Object.entries(people).map(async ([name, grants]) => [
        name,
        (await issueToken(deps, actor, { name, grants })).token,
      ]),
    ),
  ) as Record<Person, string>
  const options: ApiOptions = {
    deps,
    useCases: { ...bindUseCases(deps), ...useCases },
    version: '0.0.0-test',
    ...change,
  }
  const app = createApi(options)

  return {
    app,
    deps,
    options,
    tokens,
    async ask(method, path, { token, body, raw, headers, signal } = {}) {
      const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
      const response = await app.request(path, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(sent !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(sent !== undefined && { body: sent }),
        ...(signal !== undefined && { signal }),
      })
      const text = await response.text()
      const parsed = (text === '' ? {} : JSON.parse(text)) as Answer['body']
      checkDocumented(method, path, response.status, response.headers, parsed)
      return { status: response.status, headers: response.headers, body: parsed }
    },
    async stop() {
      await ticks.stop()
      await deps.store.close()
    },
  }
}

export const appPath = '/v1/projects/shop/apps/hello'

/** Deploys the hello app and waits until it stands. */
export async function deployHello(api: TestApi, token = api.tokens.deployer): Promise<string> {
  const answer = await api.ask('POST', `${appPath}/deployments`, { token, body: { manifest: helloManifest } })
  expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ kind: 'deploy' })
  return ended(api, String(answer.body['id']))
}

/** Waits for the end of a deployment of the hello app; answers its id. */
export async function ended(api: TestApi, id: string): Promise<string> {
  const done = await api.ask('GET', `${appPath}/deployments/${id}?wait=20`, { token: api.tokens.viewer })
  expect(done.body).toMatchObject({ id, state: 'succeeded', ended: true })
  return id
}
