/** Runs the benchmarks and prints one table; `--json` prints the same as JSON; names choose some. */
import { benches } from './benches.ts'
import type { Measure } from './measure.ts'

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const asJson = process.argv.includes('--json')
const results: (Measure & { readonly met: boolean | null })[] = []
const left: string[] = []

for (const bench of benches) {
  if (names.length > 0 && !names.includes(bench.name)) continue
  const reason = await bench.unavailable?.()
  if (reason !== undefined) {
    left.push(`${bench.name}: ${reason}`)
    continue
  }
  for (const measure of await bench.run()) {
    results.push({ ...measure, met: measure.goal === null ? null : measure.ratio <= measure.goal })
  }
}

if (asJson) console.log(JSON.stringify(results, null, 2))
else {
  const rows = results.map((one) => [
    one.measure,
    one.ours,
    one.peer,
    one.ratio.toFixed(2),
    one.goal === null ? '' : `≤ ${one.goal}`,
    one.met === null ? '' : one.met ? 'met' : 'NOT met',
  ])
  const table = [['measure', 'ours', 'peer or limit', 'ratio', 'goal', ''], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
  for (const line of left) console.log(`not run: ${line}`)
}
