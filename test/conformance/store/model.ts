/**
 * Any sequence of operations answers as a trivial model does. The model is written apart from the stores and
 * shares no code with them: plain maps, no cursors, no text.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Lease, Operation, Store } from '../../../lib/store/store.ts'
import type { ManualClock } from '../../support/clock.ts'
import type { StoreFactory } from './subject.ts'
import { at, opened } from './subject.ts'

interface Model {
  nowMs: number
  readonly records: Map<string, { value: number; version: number }>
  readonly streams: Map<string, number[]>
  readonly leases: Map<string, { fence: number; expiresAtMs: number }>
  readonly due: Map<string, number>
  readonly claims: Map<string, string>
  readonly keys: Map<string, { hash: string; expiresAtMs: number; result?: number }>
  /** In thousandths, so that sums are exact. */
  tokens: number
  tokensAtMs: number
}

interface Real {
  readonly store: Store
  readonly clock: ManualClock
  readonly caughtUp: () => Promise<void>
  /** Leases as they were handed out, for renewals and releases by whoever still has them. */
  readonly leases: Map<string, Lease>
}

type Command = fc.AsyncCommand<Model, Real>

const command = (text: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => text,
})

const ids = fc.constantFrom('a', 'b', 'c')
const names = fc.constantFrom('x', 'y')
const owners = fc.constantFrom('me', 'you')
const small = fc.integer({ min: 0, max: 3 })

type Condition = { readonly ifAbsent: true } | { readonly ifVersion: number } | { readonly unconditional: true }
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant({ ifAbsent: true as const }),
  small.map((ifVersion) => ({ ifVersion })),
  fc.constant({ unconditional: true as const }),
)

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(ids, small, condition).map(([id, value, when]) => ({ put: at(id), value, ...when })),
  },
  { weight: 2, arbitrary: fc.tuple(ids, condition).map(([id, when]) => ({ remove: at(id), ...when })) },
  { weight: 1, arbitrary: fc.tuple(ids, small).map(([id, ifVersion]) => ({ check: at(id), ifVersion })) },
  { weight: 1, arbitrary: fc.tuple(names, small).map(([fence, ifFence]) => ({ fence, ifFence })) },
)

const subject = (one: Operation): string => {
  if ('fence' in one) return `lease ${one.fence}`
  return 'put' in one ? one.put.id : 'remove' in one ? one.remove.id : one.check.id
}

function modelCommit(model: Model, operations: readonly Operation[]): object {
  const held = (name: string, fence: number): boolean => {
    const lease = model.leases.get(name)
    return lease?.fence === fence && lease.expiresAtMs > model.nowMs
  }
  const met = (when: Condition, id: string): boolean => {
    const version = model.records.get(id)?.version
    if ('unconditional' in when) return true
    return 'ifAbsent' in when ? version === undefined : version === when.ifVersion
  }
  const failed = operations.findIndex((one) =>
    'fence' in one ? !held(one.fence, one.ifFence) : 'check' in one ? !met(one, one.check.id) : !met(one, subject(one)),
  )
  if (failed >= 0) return { ok: false, failed }
  const versions = operations.map((one) => {
    if ('fence' in one) return one.ifFence
    if ('check' in one) return one.ifVersion
    if ('remove' in one) {
      model.records.delete(one.remove.id)
      return 0
    }
    const version = (model.records.get(one.put.id)?.version ?? 0) + 1
    model.records.set(one.put.id, { value: Number(one.value), version })
    return version
  })
  return { ok: true, versions }
}

const bucket = { name: 'bucket', perSecond: 4, burst: 8 }

const commands: fc.Arbitrary<Command>[] = [
  fc.uniqueArray(operation, { maxLength: 4, selector: subject }).map((operations) =>
    command(`commit ${JSON.stringify(operations)}`, async (model, { store }) => {
      expect(await store.commit(operations)).toEqual(modelCommit(model, operations))
    }),
  ),
  ids.map((id) =>
    command(`get ${id}`, async (model, { store }) => {
      const record = model.records.get(id)
      expect(await store.get(at(id))).toEqual(record && { id, ...record })
    }),
  ),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.boolean()).map(([limit, reverse]) =>
    command(`list ${limit} ${reverse}`, async (model, { store }) => {
      const items: unknown[] = []
      let after: string | undefined
      do {
        const page = await store.list('c', 'p', { limit, reverse, ...(after === undefined ? {} : { after }) })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        items.push(...page.items)
        after = page.next
      } while (after !== undefined)
      const expected = [...model.records]
        .map(([id, record]) => ({ id, ...record }))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
      expect(items).toEqual(reverse ? expected.reverse() : expected)
    }),
  ),
  fc.tuple(names, fc.array(small, { maxLength: 3 })).map(([name, values]) =>
    command(`append ${name} ${values.join()}`, async (model, { store }) => {
      const stream = [...(model.streams.get(name) ?? []), ...values]
      model.streams.set(name, stream)
      expect(
        await store.append(
          name,
          values.map((value) => ({ atMs: model.nowMs, value })),
        ),
      ).toBe(stream.length)
    }),
  ),
  fc.tuple(names, small, fc.integer({ min: 1, max: 4 })).map(([name, after, limit]) =>
    command(`read ${name} ${after} ${limit}`, async (model, { store }) => {
      const expected = (model.streams.get(name) ?? []).map((value, index) => ({ seq: index + 1, value }))
      const entries = await store.read(name, after, limit)
      expect(entries.map(({ seq, value }) => ({ seq, value }))).toEqual(expected.slice(after, after + limit))
    }),
  ),
  fc.tuple(names, owners).map(([name, holder]) =>
    command(`acquire ${name} ${holder}`, async (model, { store, leases }) => {
      const lease = await store.acquire(name, holder, 1000)
      const before = model.leases.get(name)
      if (before !== undefined && before.expiresAtMs > model.nowMs) {
        expect(lease).toBeUndefined()
        return
      }
      const expiresAtMs = model.nowMs + 1000
      expect(lease).toMatchObject({ name, holder, expiresAtMs })
      expect(lease?.fence).toBeGreaterThan(before?.fence ?? 0)
      model.leases.set(name, { fence: lease?.fence ?? 0, expiresAtMs })
      if (lease !== undefined) leases.set(name, lease)
    }),
  ),
  fc.tuple(names, fc.boolean()).map(([name, renew]) =>
    command(`${renew ? 'renew' : 'release'} ${name}`, async (model, { store, leases }) => {
      const lease = leases.get(name)
      if (lease === undefined) return
      const kept = model.leases.get(name)
      const held = kept?.fence === lease.fence && kept.expiresAtMs > model.nowMs
      if (renew) {
        const renewed = await store.renew(lease, 2000)
        expect(renewed).toEqual(held ? { ...lease, expiresAtMs: model.nowMs + 2000 } : undefined)
        if (held) kept.expiresAtMs = model.nowMs + 2000
      } else {
        await store.release(lease)
        if (held) kept.expiresAtMs = 0
      }
    }),
  ),
  fc
    .tuple(names, fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }), fc.boolean())
    .map(([name, dueAtMs, replace]) =>
      command(`setDue ${name} ${dueAtMs} ${replace}`, async (model, { store }) => {
        await store.setDue(name, dueAtMs, { replace })
        if (dueAtMs === undefined) model.due.delete(name)
        else model.due.set(name, replace ? dueAtMs : Math.min(dueAtMs, model.due.get(name) ?? Infinity))
      }),
    ),
  fc.integer({ min: 0, max: 100 }).map((beforeMs) =>
    command(`due ${beforeMs}`, async (model, { store, caughtUp }) => {
      await caughtUp()
      const expected = [...model.due]
        .map(([name, dueAtMs]) => ({ name, dueAtMs }))
        .filter((item) => item.dueAtMs <= beforeMs)
      expected.sort((a, b) => a.dueAtMs - b.dueAtMs || (a.name < b.name ? -1 : 1))
      expect(await store.due(beforeMs, 10)).toEqual(expected)
    }),
  ),
  fc.integer({ min: 0, max: 24 }).map((halves) =>
    command(`take ${halves / 2}`, async (model, { store }) => {
      const filled = model.tokens + (model.nowMs - model.tokensAtMs) * bucket.perSecond
      model.tokens = Math.min(bucket.burst * 1000, filled) - halves * 500
      model.tokensAtMs = model.nowMs
      const waitMs = Math.max(0, Math.ceil(-model.tokens / bucket.perSecond))
      expect(await store.take(bucket, halves / 2)).toBe(waitMs)
    }),
  ),
  fc.tuple(fc.uniqueArray(ids, { minLength: 1 }), owners).map(([wanted, owner]) =>
    command(`claim ${wanted.join()} ${owner}`, async (model, { store }) => {
      const name = wanted.find((one) => (model.claims.get(one) ?? owner) !== owner)
      const expected = name === undefined ? { ok: true } : { ok: false, name, owner: model.claims.get(name) }
      expect(await store.claim('space', wanted, owner)).toEqual(expected)
      if (name === undefined) for (const one of wanted) model.claims.set(one, owner)
    }),
  ),
  fc.tuple(fc.uniqueArray(ids), owners).map(([given, owner]) =>
    command(`unclaim ${given.join()} ${owner}`, async (model, { store }) => {
      await store.unclaim('space', given, owner)
      for (const one of given) if (model.claims.get(one) === owner) model.claims.delete(one)
      const left = [...model.claims].filter(([, holder]) => holder === owner).map(([name]) => name)
      expect(await store.claims('space', owner)).toEqual(left.sort())
    }),
  ),
  fc.tuple(ids, fc.constantFrom('h1', 'h2')).map(([key, hash]) =>
    command(`once ${key} ${hash}`, async (model, { store }) => {
      const kept = model.keys.get(key)
      const result = await store.once(key, hash, 1500)
      if (kept === undefined || kept.expiresAtMs <= model.nowMs) {
        expect(result).toEqual({ kind: 'first' })
        model.keys.set(key, { hash, expiresAtMs: model.nowMs + 1500 })
      } else if (kept.hash !== hash) expect(result).toEqual({ kind: 'mismatch' })
      else expect(result).toEqual({ kind: 'again', ...('result' in kept ? { result: kept.result } : {}) })
    }),
  ),
  fc.tuple(ids, small).map(([key, result]) =>
    command(`settle ${key} ${result}`, async (model, { store }) => {
      await store.settle(key, result)
      const kept = model.keys.get(key)
      if (kept !== undefined && kept.expiresAtMs > model.nowMs) kept.result = result
    }),
  ),
  fc.integer({ min: 1, max: 1200 }).map((ms) =>
    command(`${ms} ms pass`, async (model, { clock }) => {
      clock.advance(ms)
      model.nowMs += ms
    }),
  ),
]

export function modelContract(factory: StoreFactory): void {
  it('answers any sequence of operations as the model does', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { size: 'medium', maxCommands: 60 }), async (sequence) => {
        const { store, clock, caughtUp } = await opened(factory)
        const nowMs = clock.nowMs()
        const model: Model = {
          nowMs,
          records: new Map(),
          streams: new Map(),
          leases: new Map(),
          due: new Map(),
          claims: new Map(),
          keys: new Map(),
          tokens: bucket.burst * 1000,
          tokensAtMs: nowMs,
        }
        await fc.asyncModelRun(() => ({ model, real: { store, clock, caughtUp, leases: new Map() } }), sequence)
      }),
      { numRuns: 60 },
    )
  })
}
