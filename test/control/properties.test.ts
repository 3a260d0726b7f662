import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppKey } from '../../lib/model/app.ts'
import { type AppSpec, type ServiceUnit, serviceUnits } from '../../lib/model/unit.ts'
import { isReady } from '../../lib/targets/memory/simulate.ts'
import type { World } from '../../lib/targets/memory/world.ts'
import { objectsOf } from '../support/look.ts'
import { type TestPlatform, testPlatform } from '../support/platform.ts'
import { anySpec } from '../support/specs-arbitrary.ts'
import { key } from '../support/specs.ts'

const other: AppKey = { ...key, app: 'other' }

const deployed = async (platform: TestPlatform, app: AppSpec, at: AppKey = key): Promise<string> =>
  (await platform.settle(await platform.deploy(app, { key: at }), at)).state

const runs = { numRuns: 40 }

describe('any app deployed over any other', () => {
  it('leaves the apps beside it alone', async () => {
    await fc.assert(
      fc.asyncProperty(anySpec, anySpec, anySpec, async (before, after, neighbour) => {
        const platform = await testPlatform()
        expect(await deployed(platform, neighbour, other)).toBe('succeeded')
        const look = (): unknown => ({
          objects: objectsOf(platform, other),
          instances: [...platform.cluster.world.instances].filter(([name]) => name.includes('.other.')),
        })
        const there = JSON.stringify(look())
        expect(await deployed(platform, before)).toBe('succeeded')
        expect(await deployed(platform, after)).toBe('succeeded')
        expect(JSON.stringify(look())).toBe(there)
      }),
      runs,
    )
  })

  it('has nothing left to do afterwards, and writes nothing when asked again', async () => {
    await fc.assert(
      fc.asyncProperty(anySpec, anySpec, async (before, after) => {
        const platform = await testPlatform()
        expect(await deployed(platform, before)).toBe('succeeded')
        expect(await deployed(platform, after)).toBe('succeeded')
        const { writes } = platform.cluster.world
        const again = await platform.settle(await platform.deploy(after))
        expect(again.steps).toEqual([])
        expect(platform.cluster.world.writes).toBe(writes)
      }),
      runs,
    )
  })

  it('removes no volume that was to be kept', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anySpec, { minLength: 2, maxLength: 4 }), async (apps) => {
        const platform = await testPlatform()
        const kept = new Set<string>()
        for (const app of apps) {
          await deployed(platform, app)
          for (const volume of app.volumes) {
            if (volume.onDelete === 'keep') kept.add(volume.name)
            else kept.delete(volume.name)
          }
          const there = new Set(objectsOf(platform).map((object) => object.resource))
          for (const name of kept)
            expect(there.has(`volume/${name}`), `volume ${name} after ${JSON.stringify(app.volumes)}`).toBe(true)
        }
      }),
      runs,
    )
  })

  it('is never below its floor nor above its surge while it rolls', async () => {
    await fc.assert(
      fc.asyncProperty(anySpec, anySpec, async (before, after) => {
        const platform = await testPlatform()
        await deployed(platform, before)
        const bounds = boundsBetween(before, after)
        const broken: string[] = []
        platform.cluster.faults = {
          moment: (world, nowMs) => {
            for (const [name, { floor, ceiling }] of bounds) {
              const { ready, present } = countsOf(world, name, nowMs)
              if (ready < floor) broken.push(`${name}: ${ready} ready, floor ${floor}, at ${nowMs}`)
              if (present > ceiling) broken.push(`${name}: ${present} present, ceiling ${ceiling}, at ${nowMs}`)
            }
          },
        }
        expect(await deployed(platform, after)).toBe('succeeded')
        expect(broken).toEqual([])
      }),
      { numRuns: 80 },
    )
  })
})

interface Bounds {
  readonly floor: number
  readonly ceiling: number
}

/** What holds at every moment for a service that rolls from one app to the other. */
function boundsBetween(before: AppSpec, after: AppSpec): ReadonlyMap<string, Bounds> {
  const bounds = new Map<string, Bounds>()
  for (const unit of serviceUnits(after)) {
    const old = serviceUnits(before).find((candidate) => candidate.name === unit.name)
    if (
      old === undefined ||
      ![old, unit].every(({ mode, update }) => mode === 'replicated' && update.strategy === 'rolling')
    )
      continue
    const { surge, unavailable } = allowed(unit, after)
    bounds.set(`default.shop.default.${unit.name}`, {
      floor: Math.min(old.scale.min, unit.scale.min) - unavailable,
      ceiling: Math.max(old.scale.min, unit.scale.min) + surge,
    })
  }
  return bounds
}

function allowed(unit: ServiceUnit, app: AppSpec): { readonly surge: number; readonly unavailable: number } {
  const single = unit.main.mounts.some(
    (mount) =>
      mount.kind === 'volume' &&
      app.volumes.some((volume) => volume.name === mount.volume && volume.access === 'single'),
  )
  if (single) return { surge: 0, unavailable: 1 }
  const { maxSurge, maxUnavailable } = unit.update.rolling
  const [surge, unavailable] = [
    'count' in maxSurge ? maxSurge.count : 0,
    'count' in maxUnavailable ? maxUnavailable.count : 0,
  ]
  return surge + unavailable === 0 ? { surge: 1, unavailable } : { surge, unavailable }
}

function countsOf(world: World, service: string, nowMs: number): { readonly ready: number; readonly present: number } {
  const there = (world.instances.get(service) ?? []).filter((instance) => instance.ended === undefined)
  return { ready: there.filter((instance) => isReady(instance, nowMs)).length, present: there.length }
}
