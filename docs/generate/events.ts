/** The reference of event types, from the catalogue. */
import { eventTypes } from '../../lib/core/events.ts'

export function eventReference(): string {
  const rows = Object.entries(eventTypes).map(([type, meaning]) => `| \`${type}\` | ${meaning} |`)
  return [
    '# Events',
    '',
    'An event is `{seq, id, at, type, subject, actor, reason, data}`. Generated from `lib/core/events.ts` by `npm run generate`.',
    '',
    '| type | meaning |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
