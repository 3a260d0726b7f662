import { addressOf, appOptions, callOf } from '../app.ts'
import { command, group } from '../command.ts'
import { formatFields } from '../output/table.ts'
import { formatAge } from '../output/units.ts'
import { pagesOf, wholeNumber } from './shared.ts'

const list = command({
  name: 'ls',
  summary: 'list releases, newest first',
  description: 'Lists the releases of an app, newest first.',
  options: {
    ...appOptions,
    limit: { short: 'n', value: 'count', description: 'at most this many; 20 unless said otherwise' },
  },
  arguments: {},
  watchable: true,
  examples: [{ line: 'escale releases ls --app shop', says: 'who deployed what when' }],
  async handler(context, { options }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    const most = options.limit === undefined ? 20 : wholeNumber(options.limit, '--limit', 1, 100_000)
    const call = callOf(address)
    const [app, releases] = await Promise.all([
      client.call('getApp', { ...call, signal: context.interrupted }),
      pagesOf(most, (query) =>
        client.call('listReleases', { ...call, query: { ...call.query, ...query }, signal: context.interrupted }),
      ),
    ])
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      releases,
      [
        { title: 'RELEASE', value: (release) => String(release.number), right: true },
        { title: 'RUNS', value: (release) => (release.number === app.release ? '*' : '') },
        { title: 'BY', value: (release) => release.author },
        { title: 'AGE', value: (release) => formatAge(release.createdAt, nowMs), right: true },
        {
          title: 'IMAGES',
          value: (release) => [...new Set(release.images.map((image) => image.image ?? image.pinned ?? ''))].join(', '),
          shrinks: true,
        },
        { title: 'HASH', value: (release) => release.hash, wide: true },
        { title: 'NOTE', value: (release) => release.note ?? '', shrinks: true, sparse: true },
      ],
      'There are no releases yet.',
    )
  },
})

const show = command({
  name: 'show',
  summary: 'show one release with its manifest',
  description:
    'Shows one release: its manifest, the digests of its images and the versions of its secrets. `-o yaml` and `-o json` give all of it.',
  options: { ...appOptions, manifest: { description: 'print the manifest alone, as it was deployed' } },
  arguments: { release: { description: 'its number', required: true } },
  examples: [{ line: 'escale releases show 7 --manifest > escale.yaml', says: 'the manifest of an earlier release' }],
  async handler(context, { options, args }) {
    const number = wholeNumber(args.release, 'release', 1, 1_000_000_000)
    const address = await addressOf(context, options)
    const client = await context.client()
    const call = callOf(address)
    const release = await client.call('getRelease', {
      params: { ...call.params, release: String(number) },
      query: call.query,
      signal: context.interrupted,
    })
    const { out, world } = context
    if (options.manifest) {
      world.stdout.write(release.manifest.endsWith('\n') ? release.manifest : `${release.manifest}\n`)
      return
    }
    await out.show(release, () =>
      [
        formatFields(
          [
            ['release', String(release.number)],
            ['id', release.id],
            ['by', release.author],
            ['at', release.createdAt],
            ['cluster', release.cluster],
            ['hash', release.hash],
            ['note', release.note],
            ...release.images.map((image) => [`image of ${image.container}`, image.pinned ?? image.image] as const),
            ...Object.entries(release.secretVersions).map(([name, version]) => [`secret ${name}`, version] as const),
          ],
          out.style,
        ),
        release.manifest.trimEnd(),
      ].join('\n\n'),
    )
  },
})

export const releases = group({
  name: 'releases',
  summary: 'list and show releases',
  description: 'Every deployment of a changed manifest makes a numbered release that never changes.',
  commands: [list, show],
})
