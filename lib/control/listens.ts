/** Gives routes with `listen: auto` a port of their own: chosen once, kept over releases, claimed like any other. */
import { EscaleError } from '../core/errors.ts'
import { sha256Hex } from '../core/hash.ts'
import { type AppKey, appKeyText } from '../model/app.ts'
import { type AppSpec, type Route, serviceUnits } from '../model/unit.ts'
import type { Deps } from './deps.ts'
import { addresses } from './records.ts'

/** The range that Kubernetes gives its node ports from, so that the same firewall rule serves (requirements M-31). */
const firstPort = 30_000
const portCount = 2_768

type Chosen = Readonly<Record<string, number>>

/** With `dryRun` nothing is claimed: a plan shows the port that would be tried first. */
export async function withListens(
  deps: Deps,
  key: AppKey,
  cluster: string,
  spec: AppSpec,
  dryRun: boolean,
): Promise<AppSpec> {
  const wanted = serviceUnits(spec).flatMap((unit) =>
    unit.routes.flatMap((route) => (route.listen === 'auto' ? [{ name: `${unit.name}.${route.name}`, route }] : [])),
  )
  if (wanted.length === 0) return spec
  const address = addresses.listens(key)
  const stored = await deps.store.get<Chosen>(address)
  const chosen: Record<string, number> = { ...stored?.value }
  for (const { name, route } of wanted) {
    chosen[name] ??= dryRun ? portAt(key, name, 0) : await choose(deps, key, cluster, name, route)
  }
  if (!dryRun) await deps.store.commit([{ put: address, value: chosen, unconditional: true }])
  const settle = (unit: string, route: Route): Route => {
    const port = chosen[`${unit}.${route.name}`]
    return route.listen === 'auto' && port !== undefined ? { ...route, listen: port } : route
  }
  return {
    ...spec,
    units: spec.units.map((unit) =>
      unit.kind === 'service' ? { ...unit, routes: unit.routes.map((route) => settle(unit.name, route)) } : unit,
    ),
  }
}

const portAt = (key: AppKey, name: string, attempt: number): number =>
  firstPort + ((Number.parseInt(sha256Hex(`${appKeyText(key)} ${name}`).slice(0, 8), 16) + attempt) % portCount)

async function choose(deps: Deps, key: AppKey, cluster: string, name: string, route: Route): Promise<number> {
  const protocol = route.protocol === 'udp' ? 'udp' : 'tcp'
  const owner = appKeyText(key)
  const mine = new Set(await deps.store.claims(`listen/${cluster}`, owner))
  for (let attempt = 0; attempt < portCount; attempt++) {
    const port = portAt(key, name, attempt)
    const claim = `${port}/${protocol}`
    // One that the app has for another route is not free either.
    if (mine.has(claim)) continue
    if ((await deps.store.claim(`listen/${cluster}`, [claim], owner)).ok) return port
  }
  throw new EscaleError(
    'name-taken',
    `no port from ${firstPort} to ${firstPort + portCount - 1} is free on cluster ${cluster}`,
  )
}
