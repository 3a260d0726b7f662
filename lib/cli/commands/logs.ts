import type { LogLine } from '../../client/types.ts'
import { addressOf, appOptions } from '../app.ts'
import { command } from '../command.ts'
import { parseDurationMs } from '../output/units.ts'
import { harmless } from '../output/width.ts'
import type { Style } from '../output/style.ts'
import { usage, wholeNumber } from './shared.ts'

export const logs = command({
  name: 'logs',
  summary: 'print what services and jobs say',
  description:
    'Prints the log lines of an app, of one service or job, or of one run; with --follow as they come, until Ctrl-C.',
  options: {
    ...appOptions,
    follow: { short: 'F', description: 'go on with new lines as they come' },
    tail: { short: 'n', value: 'lines', description: 'only the newest lines' },
    since: { value: 'time', description: 'not older than this: 10m, or 2026-01-31T08:00:00Z' },
    instance: { value: 'id', description: 'of this instance alone' },
    run: { value: 'id', description: 'of this run of a job alone' },
    timestamps: { short: 't', description: 'with the time of each line' },
  },
  arguments: { service: { description: 'a service or job; else all of them', completes: 'service' } },
  examples: [
    { line: 'escale logs web --follow', says: 'of one service, as they come' },
    { line: 'escale logs --since 10m -t', says: 'of the whole app' },
    { line: 'escale logs -o json | jq -r .text', says: 'for scripts: a JSON object a line' },
  ],
  async handler(context, { options, args }) {
    const { world, out, interrupted } = context
    const address = await addressOf(context, options)
    const client = await context.client()
    const lines = client.logs(address, {
      follow: options.follow,
      signal: interrupted,
      ...(args.service !== undefined && { unit: args.service }),
      ...(options.instance !== undefined && { instance: options.instance }),
      ...(options.run !== undefined && { run: options.run }),
      ...(options.tail !== undefined && { tail: wholeNumber(options.tail, '--tail', 0, 10_000) }),
      ...(options.since !== undefined && { since: sinceOf(options.since, world.clock.nowMs()) }),
    })
    const names = new Map<string, string>()
    try {
      for await (const line of lines)
        await out.item(line, () =>
          textOf(line, names, { bare: out.quiet, stamped: options.timestamps, style: out.style }),
        )
    } catch (error) {
      if (!interrupted.aborted) throw error
    }
    return 0
  },
})

export function sinceOf(text: string, nowMs: number): string {
  const durationMs = parseDurationMs(text)
  if (durationMs !== undefined) return new Date(nowMs - durationMs).toISOString()
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString()
  throw usage(
    `${JSON.stringify(text)} of --since is neither a duration nor a time`,
    'write it as 10m, 2h, or 2026-01-31T08:00:00Z',
  )
}

interface LineOptions {
  readonly bare: boolean
  readonly stamped: boolean
  readonly style: Style
}

/** `web.1` and so on, in the order in which instances were first heard: their ids say nothing to people. */
function textOf(line: LogLine, names: Map<string, string>, { bare, stamped, style }: LineOptions): string {
  const text = harmless(line.text)
  const stamp = stamped ? `${style.dim(line.at)} ` : ''
  if (bare) return stamp + text
  let name = names.get(line.instance)
  if (name === undefined) {
    const siblings = [...names.values()].filter((each) => each.startsWith(`${line.unit}.`)).length
    name = `${line.unit}.${String(siblings + 1)}`
    names.set(line.instance, name)
  }
  const colours = [style.cyan, style.green, style.yellow]
  const colour = colours[[...names.keys()].indexOf(line.instance) % colours.length]!
  const width = Math.max(...[...names.values()].map((each) => each.length))
  return `${stamp}${colour(`${name.padEnd(width)} |`)} ${text}`
}
