/** Planning of 10, 100 and 1,000 services: linear, and under a second at 1,000. */
import { memoryKinds } from '../lib/targets/memory/differences.ts'
import { renderMemory } from '../lib/targets/memory/render.ts'
import { freshRuntime } from '../lib/model/release.ts'
import { nothingObserved } from '../lib/model/observed.ts'
import { makePlan } from '../lib/plan/plan.ts'
import { freshProgress } from '../lib/plan/progress.ts'
import { lowerManifest } from '../lib/manifest/lower.ts'
import { loadManifest } from '../lib/manifest/resolve.ts'
import { noFiles } from '../lib/manifest/files.ts'
import { type Bench, median, type Measure, ms } from './measure.ts'

const manifest = (services: number): string =>
  [
    'apiVersion: escale/v1',
    'kind: App',
    'metadata: {name: many}',
    'services:',
    ...Array.from(
      { length: services },
      (_, n) =>
        `  s${n}: {image: "app:1", env: {A: "1", B: "2"}, ports: {http: 8080}, health: /up, scale: 2${n === 0 ? '' : `, dependsOn: {s${Math.floor((n - 1) / 10)}: healthy}`}}`,
    ),
    '',
  ].join('\n')

interface Timed {
  readonly parseMs: number
  readonly planMs: number
}

function once(text: string): Timed {
  const startMs = performance.now()
  const resolved = loadManifest(text, { files: noFiles })
  if (!resolved.ok) throw new Error(resolved.problems.map((item) => item.message).join('; '))
  const spec = lowerManifest(resolved.value)
  const parsedMs = performance.now()
  const release = {
    id: 'rel',
    number: 1,
    key: { project: 'default', app: 'many', environment: 'default' },
    cluster: 'local',
    spec,
    manifest: text,
    leaves: resolved.value.leaves,
    secretVersions: {},
    author: 'bench',
    createdAtMs: 0,
    hash: 'bench',
  }
  const rendered = renderMemory({
    site: { installId: 'bench', cluster: 'local' },
    release,
    runtime: freshRuntime,
    capabilities: { target: 'memory', facts: {} },
    identity: {},
    grants: [],
    keyedHash: () => 'hash',
  })
  const plan = makePlan({
    spec,
    releaseHash: 'bench',
    desired: rendered.resources,
    observed: nothingObserved(0),
    identity: {},
    kinds: memoryKinds,
    progress: freshProgress(0),
    changedJobs: new Set(),
    deleteData: new Set(),
    gated: true,
    nowMs: 0,
  })
  if (plan.steps.length === 0) throw new Error('the plan is empty')
  return { parseMs: parsedMs - startMs, planMs: performance.now() - parsedMs }
}

function timed(services: number): Timed {
  const text = manifest(services)
  const runs = Array.from({ length: 5 }, () => once(text))
  return { parseMs: median(runs.map((run) => run.parseMs)), planMs: median(runs.map((run) => run.planMs)) }
}

export const planBench: Bench = {
  name: 'plan',
  async run(): Promise<readonly Measure[]> {
    once(manifest(100))
    const [ten, hundred, thousand] = [timed(10), timed(100), timed(1000)]
    return [
      {
        measure: 'plan of 10 services',
        ours: ms(ten!.planMs),
        peer: 'limit 1000 ms',
        ratio: ten!.planMs / 1000,
        goal: 1,
      },
      {
        measure: 'plan of 100 services',
        ours: ms(hundred!.planMs),
        peer: 'limit 1000 ms',
        ratio: hundred!.planMs / 1000,
        goal: 1,
      },
      {
        measure: 'plan of 1,000 services',
        ours: ms(thousand!.planMs),
        peer: 'limit 1000 ms',
        ratio: thousand!.planMs / 1000,
        goal: 1,
      },
      {
        measure: 'plan, 1,000 against 100 services (linear = 1)',
        ours: ms(thousand!.planMs),
        peer: `10 × ${ms(hundred!.planMs)}`,
        ratio: thousand!.planMs / (hundred!.planMs * 10),
        goal: 1.5,
      },
      {
        measure: 'parse, resolve and lower 1,000 services',
        ours: ms(thousand!.parseMs),
        peer: `10 × ${ms(hundred!.parseMs)} (100 services)`,
        ratio: thousand!.parseMs / (hundred!.parseMs * 10),
        goal: null,
      },
    ]
  },
}
