import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { EscaleError, problem } from '../../core/errors.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { usage, wholeNumber, yesOption } from './shared.ts'

export const init = command({
  name: 'init',
  summary: 'begin a manifest in this folder',
  description:
    'Writes a small escale.yaml that can be deployed as it is. On a terminal it asks for what was not given; ' +
    'where there is a Dockerfile, the image is built from it.',
  options: {
    image: { short: 'i', value: 'image', description: 'the image; else built from the Dockerfile, else nginx' },
    port: { value: 'port', description: 'port that the program listens on; 0 for none' },
    file: {
      short: 'f',
      value: 'path',
      completes: 'file',
      description: 'where to write; escale.yaml unless said otherwise',
    },
    force: { description: 'overwrite what is there' },
    ...yesOption,
  },
  arguments: { name: { description: 'name of the app; else that of the folder' } },
  examples: [
    { line: 'escale init', says: 'asks on a terminal' },
    { line: 'escale init hello --image nginx --port 80', says: 'asks nothing' },
  ],
  async handler(context, { options, args }) {
    const { world, out } = context
    const path = resolve(world.cwd, options.file ?? 'escale.yaml')
    const shown = options.file ?? 'escale.yaml'
    if (!options.force && (await exists(path))) {
      const message = `${shown} is there already`
      throw new EscaleError('file-exists', message, {
        problems: [problem('file-exists', message, { fix: 'look at it, or overwrite it with --force' })],
      })
    }
    const asks = world.stdin.isTTY && world.stderr.isTTY && !options.yes
    const hasDockerfile = await exists(join(world.cwd, 'Dockerfile'))
    const name = args.name ?? (await ask(context, asks, 'Name of the app', nameFrom(basename(world.cwd))))
    if (!/^(?!x-)[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
      throw usage(
        `${JSON.stringify(name)} is no name of an app`,
        `lower-case letters, digits and hyphens, at most 40: ${nameFrom(name)}`,
      )
    }
    const image = options.image ?? (hasDockerfile ? undefined : await ask(context, asks, 'Image', 'nginx'))
    const suggested =
      hasDockerfile && options.image === undefined ? await exposedPort(join(world.cwd, 'Dockerfile')) : '80'
    const port = wholeNumber(
      options.port ?? (await ask(context, asks, 'Port that the program listens on (0 for none)', suggested)),
      '--port',
      0,
      65_535,
    )
    const text = await manifestText(name, image, port)
    await writeFile(path, text)
    await out.show({ file: shown, manifest: text }, () =>
      out.quiet
        ? shown
        : `${out.style.green('✓')} ${shown} was written. Next: escale validate, escale plan, escale deploy`,
    )
  },
})

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined

/** The nearest name that is allowed. */
export function nameFrom(text: string): string {
  const cleaned = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^(x-|[^a-z])+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return cleaned === '' ? 'app' : cleaned
}

async function ask(context: CommandContext, asks: boolean, question: string, initial: string): Promise<string> {
  if (!asks) return initial
  const answer = await (await context.world.prompts()).text(question, { initial })
  if (answer === undefined) throw new EscaleError('declined', 'nothing was written')
  return answer === '' ? initial : answer
}

async function exposedPort(dockerfile: string): Promise<string> {
  return /^\s*EXPOSE\s+(\d+)/im.exec(await readFile(dockerfile, 'utf8'))?.[1] ?? '8080'
}

async function manifestText(name: string, image: string | undefined, port: number): Promise<string> {
  const { printManifest } = await import('../../manifest/print.ts')
  return printManifest({
    apiVersion: 'escale/v1',
    kind: 'App',
    metadata: { name },
    services: {
      web: {
        ...(image === undefined ? { build: { context: '.' } } : { image }),
        ...(port > 0 && { ports: { http: port }, routes: { main: {} } }),
      },
    },
  })
}
