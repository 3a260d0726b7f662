import { EscaleError, problem } from '../../core/errors.ts'
import { command } from '../command.ts'
import { configPath, saveContext } from '../config/file.ts'
import type { World } from '../world.ts'
import { usage } from './shared.ts'

const maxTokenBytes = 8 * 1024

export const login = command({
  name: 'login',
  summary: 'remember a server and a token',
  description:
    'Checks a token with a server and remembers both as a context, readable by you alone. The token is asked for unseen, ' +
    'or read from standard input; never from the command line, where everybody on the machine could read it.',
  options: {
    name: { short: 'n', value: 'name', description: 'name of the context; else the host of the server' },
    defaultProject: { value: 'name', description: 'project of this context, where nobody says another' },
  },
  arguments: { url: { description: 'address of the server, e.g. https://escale.example.com', required: true } },
  examples: [
    { line: 'escale login https://escale.example.com', says: 'asks for the token' },
    { line: 'escale login http://127.0.0.1:7440 --name local < token', says: 'from a file' },
  ],
  async handler(context, { options, args }) {
    const { world, out } = context
    if (!/^https?:\/\//.test(args.url) || !URL.canParse(args.url)) {
      throw usage(
        `${JSON.stringify(args.url)} is no address of a server`,
        'write it as https://host or http://127.0.0.1:7440',
      )
    }
    const url = new URL(args.url)
    if (url.username !== '' || url.password !== '')
      throw usage('the address holds a user or a password', 'leave them out; the token is asked for')
    const token = await tokenOf(context.world, url.host)
    const { createClient } = await import('../../client/client.ts')
    const client = createClient({ url: args.url, token, fetch: world.fetch, sleep: world.sleep })
    const who = await client.call('whoami', { signal: context.interrupted })
    const name = options.name ?? url.host
    const path = configPath(world)
    const address = args.url.replace(/\/+$/, '')
    await saveContext(path, name, {
      url: address,
      token,
      ...(options.defaultProject !== undefined && { project: options.defaultProject }),
    })
    await out.show({ context: name, url: address, subject: who.subject, grants: who.grants }, () =>
      out.quiet
        ? name
        : `${out.style.green('✓')} logged in to ${address} as ${who.subject}; this is the context ${out.style.bold(name)} now`,
    )
  },
})

async function tokenOf(world: World, host: string): Promise<string> {
  const text = world.stdin.isTTY
    ? await (await world.prompts()).password(`Token for ${host}`)
    : Buffer.from(await world.stdin.readAll(maxTokenBytes)).toString('utf8')
  const token = (text ?? '').trim()
  if (/^[\u0021-\u007e]+$/.test(token)) return token
  const message = token === '' ? 'no token was given' : 'what was given is no token'
  throw new EscaleError('usage', message, {
    problems: [problem('usage', message, { fix: 'paste it when asked, or pipe it in: escale login URL < token' })],
  })
}
