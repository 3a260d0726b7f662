/**
 * Names that several apps could want are claimed in the store before any native write (ruling D9): hosts by
 * project, paths of a host, ports of the cluster and of its machines, names in a shared scope by app.
 */
import { problem } from '../core/errors.ts'
import type { Problem } from '../core/problems.ts'
import { type AppKey, appKeyText } from '../model/app.ts'
import type { Release } from '../model/release.ts'
import { type Route, serviceUnits } from '../model/unit.ts'
import type { Deps } from './deps.ts'
import { findApp, findCluster, findRelease } from './load.ts'
import { hostOf } from './hosts.ts'
import type { AppRecord } from './records.ts'

interface Claim {
  readonly space: string
  readonly name: string
  readonly owner: string
  /** For the refusal: where the manifest asks for it, and what to do. */
  readonly path: string
  readonly fix: string
  readonly what: string
  /** Wished for, not needed: left to its owner without a word. */
  readonly soft: boolean
}

export function claimsOf(release: Release, domain: string | undefined): readonly Claim[] {
  const { key, cluster, spec } = release
  const app = appKeyText(key)
  const claims: Claim[] = []
  const add = (
    space: string,
    name: string,
    owner: string,
    path: string,
    what: string,
    fix: string,
    soft = false,
  ): void => {
    claims.push({ space: `${space}/${cluster}`, name, owner, path, what, fix, soft })
  }
  for (const unit of serviceUnits(spec)) {
    for (const route of unit.routes) {
      const path = `${unit.from}.routes.${route.name}`
      if (typeof route.listen === 'number') {
        const protocol = route.protocol === 'udp' ? 'udp' : 'tcp'
        add(
          'listen',
          `${route.listen}/${protocol}`,
          app,
          `${path}.listen`,
          `port ${route.listen}/${protocol} of the cluster`,
          'choose another `listen`, or `auto`',
        )
        continue
      }
      if (route.protocol !== 'http') continue
      const host = hostOf(key, unit.name, route, domain)
      if (route.host === undefined) {
        // With a domain the route has a host of its own, and the root besides while nobody else has it.
        add(
          rootSpace,
          pathClaim(route),
          app,
          path,
          `the address without a host, path ${route.path}`,
          'give the route a `host`',
          host !== undefined,
        )
      }
      if (host === undefined) continue
      if (route.host !== undefined)
        add('host', host, key.project, `${path}.host`, `host ${host}`, 'use a host of your own project')
      add('path', `${host}${pathClaim(route)}`, app, path, `${host}${route.path}`, 'choose another path or host')
    }
    for (const publish of unit.publish) {
      if (publish.hostPort === 'auto') continue
      const protocol =
        [unit.main, ...unit.sidecars].flatMap((container) => container.ports).find((port) => port.name === publish.port)
          ?.protocol ?? 'tcp'
      const port = `${publish.hostPort}/${protocol}`
      const name = `${unit.placement.pool}:${port}`
      add(
        'publish',
        name,
        app,
        `${unit.from}.publish.${publish.port}`,
        `port ${port} of the machines`,
        'publish another port, or `auto`',
      )
    }
    if (
      !unit.networks.some((name) =>
        spec.networks.some((network) => network.name === name && network.scope === 'project'),
      )
    )
      continue
    for (const name of [unit.name, ...unit.aliases]) {
      const space = `name/${key.project}/${key.environment}`
      add(
        space,
        name,
        app,
        unit.from,
        `the name ${name} in the project's network`,
        'rename the service or use a network of the app alone',
      )
    }
  }
  return claims
}

export const rootSpace = 'root'

export const pathClaim = (route: Route): string => (route.match === 'exact' ? `${route.path}$` : route.path)

/** Takes what the release needs, or says whose it is. Takes all or leaves nothing new behind. */
export async function claimFor(deps: Deps, release: Release): Promise<readonly Problem[]> {
  const domain = (await findCluster(deps, release.cluster))?.domain
  const wanted = claimsOf(release, domain)
  const needed = wanted.filter((claim) => !claim.soft)
  const groups = Map.groupBy(needed, (claim) => `${claim.space} ${claim.owner}`)
  const problems: Problem[] = []
  const taken: { readonly space: string; readonly names: readonly string[]; readonly owner: string }[] = []
  for (const claims of groups.values()) {
    const { space, owner } = claims[0]!
    const before = new Set(await deps.store.claims(space, owner))
    const names = [...new Set(claims.map((claim) => claim.name))]
    const result = await deps.store.claim(space, names, owner)
    if (result.ok) {
      taken.push({ space, names: names.filter((name) => !before.has(name)), owner })
      continue
    }
    const claim = claims.find((candidate) => candidate.name === result.name) ?? claims[0]!
    const mine = result.owner.split('/')[0] === release.key.project
    // Another project's name is no business of this one (DESIGN §11).
    const whose = mine ? `belongs to ${result.owner}` : 'belongs to another project'
    problems.push(
      problem('name-taken', `${claim.what} ${whose}`, { path: claim.path, value: claim.name, fix: claim.fix }),
    )
  }
  if (problems.length > 0) for (const { space, names, owner } of taken) await deps.store.unclaim(space, names, owner)
  else for (const claim of wanted) if (claim.soft) await deps.store.claim(claim.space, [claim.name], claim.owner)
  return problems
}

/** Gives back what no longer stands in the app's release. A host of the project is kept while any app has a path of it. */
export async function releaseUnusedClaims(deps: Deps, key: AppKey, number: number | undefined): Promise<void> {
  const app = await findApp(deps, key)
  if (app === undefined) return
  const release = number === undefined ? undefined : await findRelease(deps, key, number)
  const domain = (await findCluster(deps, app.value.cluster))?.domain
  const needed = new Set(
    (release === undefined ? [] : claimsOf(release, domain)).map((claim) => `${claim.space} ${claim.name}`),
  )
  const owner = appKeyText(key)
  const spaces = ['listen', rootSpace, 'path', 'publish', `name/${key.project}/${key.environment}`]
  for (const space of spaces.map((name) => `${name}/${app.value.cluster}`)) {
    const unused = (await deps.store.claims(space, owner)).filter((name) => !needed.has(`${space} ${name}`))
    if (unused.length > 0) await deps.store.unclaim(space, unused, owner)
  }
  await releaseUnusedHosts(deps, key, app.value.cluster)
}

/** A host of the project is given back once no app of it has a path there. */
async function releaseUnusedHosts(deps: Deps, key: AppKey, cluster: string): Promise<void> {
  const space = `host/${cluster}`
  const hosts = await deps.store.claims(space, key.project)
  if (hosts.length === 0) return
  const unused = async (): Promise<readonly string[]> => {
    const used = await usedHosts(deps, key.project, cluster)
    return hosts.filter((host) => !used.has(host))
  }
  const free = await unused()
  if (free.length === 0) return
  await deps.store.unclaim(space, free, key.project)
  // An app that took a path in between counts on the host being the project's.
  const still = new Set(await unused())
  const needed = free.filter((host) => !still.has(host))
  if (needed.length > 0) await deps.store.claim(space, needed, key.project)
}

async function usedHosts(deps: Deps, project: string, cluster: string): Promise<ReadonlySet<string>> {
  const used = new Set<string>()
  let after: string | undefined
  do {
    const page = await deps.store.list<AppRecord>('app', project, after === undefined ? {} : { after })
    for (const { value } of page.items) {
      for (const path of await deps.store.claims(`path/${cluster}`, appKeyText(value.key)))
        used.add(path.split('/')[0]!)
    }
    after = page.next
  } while (after !== undefined)
  return used
}
