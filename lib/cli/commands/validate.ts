import { projectOf } from '../config/session.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import type { LoadedManifest } from '../manifest/load.ts'
import { formatTable } from '../output/table.ts'
import { manifestOptions, targetOptions } from './shared.ts'

export const validate = command({
  name: 'validate',
  summary: 'check a manifest',
  description:
    'Checks a manifest and tells every problem at once, without a server. With `-o yaml` it prints the long form. ' +
    'With --to or --strict the server is asked how each field lands on the cluster (the ledger).',
  options: { ...manifestOptions, ...targetOptions },
  arguments: { path: { description: 'the manifest, the same as --file', completes: 'file' } },
  examples: [
    { line: 'escale validate', says: 'escale.yaml in this folder' },
    { line: 'escale validate shop.yaml --env production --set tag=v1.4.2', says: 'with an overlay and a parameter' },
    { line: 'escale validate -o yaml', says: 'the long form, with every short form written out' },
    { line: 'escale validate --to prod --strict', says: 'refuse what the cluster cannot do exactly' },
  ],
  async handler(context, { options, args }) {
    const [{ readSource }, { loadSource }] = await Promise.all([
      import('../manifest/source.ts'),
      import('../manifest/load.ts'),
    ])
    const source = await readSource(context.world, args.path ?? options.file)
    const loaded = loadSource(source, {
      set: options.set,
      env: context.world.env,
      ...(options.env !== undefined && { environment: options.env }),
    })
    const { out } = context
    if (options.to !== undefined || options.strict !== undefined) return await askServer(context, loaded, options)
    const { printManifest } = await import('../../manifest/print.ts')
    const manifest = printManifest(loaded.resolved.manifest, { form: 'long' })
    if (out.format === 'yaml') {
      context.world.stdout.write(manifest)
      return 0
    }
    await out.show({ valid: true, app: loaded.name, problems: loaded.problems, manifest }, () => {
      const { services = {}, jobs = {} } = loaded.resolved.complete
      const counted = [count(Object.keys(services).length, 'service'), count(Object.keys(jobs).length, 'job')].filter(
        (text) => text !== '',
      )
      return out.quiet
        ? ''
        : `${out.style.green('✓')} ${source.file} is valid: app ${out.style.bold(loaded.name)}, ${counted.join(', ')}`
    })
    if (out.forPeople && !out.quiet) out.problems(loaded.problems, source)
    return 0
  },
})

const count = (number: number, noun: string): string =>
  number === 0 ? '' : `${String(number)} ${noun}${number === 1 ? '' : 's'}`

async function askServer(
  context: CommandContext,
  loaded: LoadedManifest,
  options: {
    readonly env: string | undefined
    readonly to: string | undefined
    readonly strict: string | true | undefined
  },
): Promise<number> {
  const { out } = context
  const [{ requestOf, uploadContexts }, { located }] = await Promise.all([
    import('../manifest/request.ts'),
    import('../manifest/refusal.ts'),
  ])
  const body = requestOf(loaded, options.env, options)
  const client = await context.client()
  const project = projectOf(await context.session(), loaded.project)
  const environment = options.env === undefined ? {} : { environment: options.env }
  const contexts = await uploadContexts(context, client, { project, app: loaded.name, ...environment }, loaded)
  const answer = await client.call('validateManifest', {
    body: { ...body, ...(loaded.contexts.length > 0 && { contexts }) },
    signal: context.interrupted,
  })
  await out.show(answer, () =>
    out.quiet
      ? ''
      : formatTable(
          answer.ledger,
          [
            { title: 'FIELD', value: (row) => row.path },
            { title: 'VALUE', value: (row) => row.value, shrinks: true },
            {
              title: 'LANDS',
              value: (row) => row.disposition,
              colour: (row, style) =>
                ['approximated', 'deferred', 'refused'].includes(row.disposition) ? style.yellow : (text) => text,
            },
            { title: 'NATIVE', value: (row) => row.native.join(', '), shrinks: true, wide: true },
            { title: 'NOTE', value: (row) => [row.delta, row.note].filter(Boolean).join('; '), shrinks: true },
          ],
          { wide: out.format === 'wide', style: out.style, ...(out.width !== undefined && { width: out.width }) },
        ),
  )
  if (out.forPeople) out.problems(located(answer.problems, loaded.source, options.env), loaded.source)
  return answer.valid ? 0 : 3
}
