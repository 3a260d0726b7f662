import { projectOf } from '../config/session.ts'
import { command } from '../command.ts'
import { harmless } from '../output/width.ts'
import { wholeNumber } from './shared.ts'

const pageSize = 500

export const audit = command({
  name: 'audit',
  summary: 'tell who changed what',
  description:
    'Tells every write in a project, refused ones too: who, what, when, before and after. With --all those of the whole installation.',
  options: {
    all: { description: 'of the whole installation' },
    tail: { short: 'n', value: 'entries', description: 'only the newest ones; 50 unless said otherwise' },
  },
  arguments: {},
  examples: [
    { line: 'escale audit', says: 'of the project' },
    { line: 'escale audit --all -n 1000 -o json', says: 'of everything, with before and after' },
  ],
  async handler(context, { options }) {
    const most = options.tail === undefined ? 50 : wholeNumber(options.tail, '--tail', 1, 100_000)
    const client = await context.client()
    const project = projectOf(await context.session())
    const read = (after: number) => {
      const query = { after, limit: pageSize }
      return options.all
        ? client.call('readAudit', { query, signal: context.interrupted })
        : client.call('readProjectAudit', { params: { project }, query, signal: context.interrupted })
    }
    let page = await read(0)
    let entries = [...page.items]
    while (page.items.length === pageSize) {
      page = await read(page.next)
      entries = [...entries, ...page.items].slice(-most)
    }
    await context.out.list(
      entries.slice(-most),
      [
        { title: 'TIME', value: (entry) => entry.at },
        { title: 'WHO', value: (entry) => entry.subject },
        { title: 'DID', value: (entry) => entry.operation },
        { title: 'TO', value: (entry) => entry.resource, shrinks: true },
        {
          title: 'OUTCOME',
          value: (entry) => (entry.code === undefined ? entry.outcome : `${entry.outcome}: ${entry.code}`),
          colour: (entry, style) => (entry.outcome === 'done' ? style.green : style.red),
        },
        {
          title: 'AFTER',
          value: (entry) => harmless(entry.after === undefined ? '' : JSON.stringify(entry.after)),
          wide: true,
          shrinks: true,
        },
      ],
      'Nothing was written yet.',
    )
  },
})
