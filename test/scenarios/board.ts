/** `npm run scenarios [E-08 …] [-- --target docker] [--json]`: scenario × target, each run on a platform of its own. */
import { engineAvailability } from '../support/lab/availability.ts'
import { notBuilt, targetMissing } from './not-built.ts'
import { withPlatform } from './platforms.ts'
import { type Scenario, type TargetName, targetNames } from './scenario.ts'
import { scenarios } from './scenarios.ts'

export interface BoardRow {
  readonly id: string
  readonly target: TargetName
  readonly status: 'passed' | 'failed' | 'notBuilt' | 'notApplicable'
  readonly reason: string
  readonly without: readonly string[]
  readonly ms: number
}

export async function runOne(scenario: Scenario, target: TargetName): Promise<BoardRow> {
  const base = { id: scenario.id, target, without: scenario.without, ms: 0 }
  const run = scenario.on[target]
  if (run === undefined) {
    const reason = scenario.notApplicable?.[target]
    if (reason !== undefined) return { ...base, status: 'notApplicable', reason }
    return { ...base, status: 'notBuilt', reason: targetMissing[target] ?? 'the scenario has no run for this target' }
  }
  const startMs = performance.now()
  const done = (status: BoardRow['status'], reason: string): BoardRow => ({
    ...base,
    status,
    reason,
    ms: Math.round(performance.now() - startMs),
  })
  if (target === 'docker') {
    const found = await engineAvailability()
    if (!found.ok) return done('failed', `no engine: ${found.reason}`)
  }
  try {
    await withPlatform(target, scenario, run)
    return done('passed', '')
  } catch (error) {
    return done('failed', error instanceof Error ? error.message : String(error))
  }
}

export function unbuiltRows(): readonly BoardRow[] {
  return notBuilt.flatMap(({ id, missing }) =>
    targetNames.map((target) => ({ id, target, status: 'notBuilt' as const, reason: missing, without: [], ms: 0 })),
  )
}

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  const asJson = words.includes('--json')
  const only = words.includes('--target') ? words[words.indexOf('--target') + 1] : undefined
  const ids = words.filter((word) => /^E-\d\d$/.test(word))
  const rows: BoardRow[] = []
  for (const scenario of scenarios) {
    if (ids.length > 0 && !ids.includes(scenario.id)) continue
    for (const target of targetNames) {
      if (only !== undefined && only !== target) continue
      rows.push(await runOne(scenario, target))
      if (!asJson && scenario.on[target] !== undefined) console.error(line(rows.at(-1)!))
    }
  }
  if (ids.length === 0) rows.push(...unbuiltRows().filter((row) => only === undefined || row.target === only))
  rows.sort((a, b) => a.id.localeCompare(b.id))
  if (asJson) console.log(JSON.stringify(rows, null, 2))
  else print(rows)
  process.exitCode = rows.some((row) => row.status === 'failed') ? 1 : 0
}

const line = (row: BoardRow): string =>
  `${row.id} ${row.target}: ${row.status} in ${(row.ms / 1000).toFixed(1)} s ${row.reason}`

function print(rows: readonly BoardRow[]): void {
  const titles = new Map([...scenarios, ...notBuilt].map(({ id, title }) => [id, title]))
  for (const id of new Set(rows.map((row) => row.id))) {
    const mine = rows.filter((row) => row.id === id)
    const cells = mine.map((row) => `${row.target} ${row.status}`).join(', ')
    const without = mine[0]!.without.length === 0 ? '' : `  without: ${mine[0]!.without.join(', ')}`
    console.log(`${id}  ${titles.get(id)}\n      ${cells}${without}`)
    for (const reason of new Set(mine.map((row) => row.reason).filter((text) => text !== '')))
      console.log(`      ${reason}`)
  }
  const count = (status: BoardRow['status']): number => rows.filter((row) => row.status === status).length
  console.log(
    `\n${count('passed')} passed, ${count('failed')} failed, ${count('notBuilt')} not built, ${count('notApplicable')} not applicable`,
  )
}

if (import.meta.main) await main()
