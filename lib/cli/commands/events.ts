import type { Event } from '../../client/types.ts'
import { addressOf, appOptions } from '../app.ts'
import { projectOf } from '../config/session.ts'
import { command } from '../command.ts'
import { harmless } from '../output/width.ts'
import type { Style } from '../output/style.ts'
import { sinceOf } from './logs.ts'
import { wholeNumber } from './shared.ts'

export const events = command({
  name: 'events',
  summary: 'tell what happened',
  description:
    'Tells what happened to an app, or with --all to everything in the project; with --follow as it happens, until Ctrl-C.',
  options: {
    ...appOptions,
    all: { description: 'of the whole project' },
    follow: { short: 'F', description: 'go on as things happen' },
    tail: { short: 'n', value: 'events', description: 'only the newest ones; 50 unless said otherwise' },
    since: { value: 'time', description: 'not older than this: 10m, or 2026-01-31T08:00:00Z' },
  },
  arguments: {},
  examples: [
    { line: 'escale events --follow', says: 'of the app in this folder, as it happens' },
    { line: 'escale events --all --since 1h -o json', says: 'of the project, for scripts: a JSON object a line' },
  ],
  async handler(context, { options }) {
    const { world, out, interrupted } = context
    const { eventsAfter } = await import('../follow/events.ts')
    const client = await context.client()
    const scope = options.all ? { project: projectOf(await context.session()) } : await addressOf(context, options)
    const fromMs = options.since === undefined ? undefined : Date.parse(sinceOf(options.since, world.clock.nowMs()))
    const most =
      options.tail === undefined ? (fromMs === undefined ? 50 : 10_000) : wholeNumber(options.tail, '--tail', 0, 10_000)
    const past = await eventsAfter(client, scope, 0, Math.max(most, 1))
    const wanted = past.items.filter((event) => fromMs === undefined || Date.parse(event.at) >= fromMs)
    for (const event of most === 0 ? [] : wanted.slice(-most)) await out.item(event, () => lineOf(event, out.style))
    if (!options.follow) return 0
    try {
      for await (const event of client.events(scope, { after: past.next, signal: interrupted }))
        await out.item(event, () => lineOf(event, out.style))
    } catch (error) {
      if (!interrupted.aborted) throw error
    }
    return 0
  },
})

function lineOf(event: Event, style: Style): string {
  const bad = /\.(failed|rollingBack|drifted|unready)$/.test(event.type)
  const colour = bad ? style.red : /\.(succeeded|ready)$/.test(event.type) ? style.green : style.cyan
  const reason = event.reason === undefined ? '' : `: ${harmless(event.reason)}`
  return `${style.dim(event.at)} ${colour(event.type)} ${harmless(event.subject)}${reason} ${style.dim(`by ${harmless(event.actor)}`)}`
}
