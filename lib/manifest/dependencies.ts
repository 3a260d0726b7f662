/** Who depends on whom. */
import { workloadsOf } from './lookup.ts'
import type { CompleteManifest } from './sections/manifest.ts'

/** Names that some `dependsOn` mentions. */
export function dependedUpon(manifest: CompleteManifest): ReadonlySet<string> {
  return new Set(workloadsOf(manifest).flatMap(({ workload }) => Object.keys(workload.dependsOn ?? {})))
}

/** The first cycle along `edges`, from its first name back to it; undefined where there is none. Linear. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>()
  for (const start of edges.keys()) {
    if (done.has(start)) continue
    const way: { readonly name: string; next: number }[] = [{ name: start, next: 0 }]
    const onWay = new Set([start])
    while (way.length > 0) {
      const top = way[way.length - 1]
      if (top === undefined) break
      const to = edges.get(top.name)?.[top.next]
      top.next += 1
      if (to === undefined) {
        way.pop()
        onWay.delete(top.name)
        done.add(top.name)
      } else if (onWay.has(to)) {
        const names = way.map((each) => each.name)
        return [...names.slice(names.indexOf(to)), to]
      } else if (!done.has(to)) {
        way.push({ name: to, next: 0 })
        onWay.add(to)
      }
    }
  }
  return undefined
}
