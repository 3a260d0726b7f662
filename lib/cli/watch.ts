/** `--watch`: the same again whenever it changed. */
import type { World } from './world.ts'
import { createOutput } from './output/output.ts'
import type { Output, OutputOptions } from './output/output.ts'
import { isForPeople } from './output/format.ts'

const intervalMs = 2_000
const home = '\u001b[H\u001b[2J\u001b[3J'

export async function watch(
  world: World,
  options: OutputOptions,
  signal: AbortSignal,
  show: (out: Output) => Promise<number | void>,
): Promise<number> {
  let last: string | undefined
  while (!signal.aborted) {
    const parts: string[] = []
    const stdout = {
      ...world.stdout,
      isTTY: world.stdout.isTTY,
      columns: world.stdout.columns,
      write: (data: string | Uint8Array) => void parts.push(String(data)),
    }
    const status = (await show(createOutput({ ...world, stdout }, options))) ?? 0
    if (status !== 0) return status
    const text = parts.join('')
    if (text !== last) world.stdout.write(frame(world, options, text, last === undefined))
    last = text
    await world.sleep(intervalMs, signal)
  }
  return 0
}

function frame(world: World, { format }: OutputOptions, text: string, isFirst: boolean): string {
  if (!isForPeople(format)) return format === 'json' ? `${JSON.stringify(JSON.parse(text))}\n` : `---\n${text}`
  if (world.stdout.isTTY) return home + text
  return isFirst ? text : `\n${text}`
}
