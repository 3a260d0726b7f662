/** The world of one command: its output, its server, its questions. */
import { EscaleError, problem } from '../core/errors.ts'
import type { Client } from '../client/client.ts'
import type { Session } from './config/session.ts'
import type { GlobalValues } from './globals.ts'
import type { Output } from './output/output.ts'
import type { World } from './world.ts'

export interface CommandContext {
  readonly world: World
  readonly out: Output
  readonly globals: GlobalValues
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal
  session(): Promise<Session>
  client(): Promise<Client>
  /** A write is sent once, whatever the network does. */
  idempotencyKey(): string
  /** Asks a person; elsewhere `--yes` must have been given. Throws where the answer is no. */
  confirm(question: string, yes: boolean): Promise<void>
}

export interface ContextOptions {
  readonly world: World
  readonly out: Output
  readonly globals: GlobalValues
  readonly interrupted: AbortSignal
}

export function createContext({ world, out, globals, interrupted }: ContextOptions): CommandContext {
  let session: Promise<Session> | undefined
  let client: Promise<Client> | undefined
  const openSession = async (): Promise<Session> => {
    const { openSession: open } = await import('./config/session.ts')
    const { context, project } = globals
    return open(world, { ...(context !== undefined && { context }), ...(project !== undefined && { project }) })
  }
  const context: CommandContext = {
    world,
    out,
    globals,
    interrupted,
    session: () => (session ??= openSession()),
    client: () => (client ??= connect(world, context.session())),
    idempotencyKey: () => Buffer.from(world.random.bytes(16)).toString('hex'),
    async confirm(question, yes) {
      if (yes) return
      if (!world.stdin.isTTY || !world.stderr.isTTY) {
        throw new EscaleError('needs-confirmation', question, {
          problems: [
            problem('needs-confirmation', `${question} Nobody can be asked here.`, {
              fix: 'add --yes if this is what you want',
            }),
          ],
        })
      }
      const prompts = await world.prompts()
      if ((await prompts.confirm(question, false)) === true) return
      throw new EscaleError('declined', 'nothing was done')
    },
  }
  return context
}

async function connect(world: World, opening: Promise<Session>): Promise<Client> {
  const { url, token } = await opening
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw new EscaleError('usage', `${JSON.stringify(url)} is no address of a server`, {
      problems: [
        problem('usage', `${JSON.stringify(url)} is no address of a server`, {
          fix: 'write it as https://host or http://127.0.0.1:7440',
        }),
      ],
    })
  }
  const { createClient } = await import('../client/client.ts')
  return createClient({
    url,
    ...(token !== undefined && { token }),
    fetch: world.fetch,
    ...(world.webSocket !== undefined && { webSocket: world.webSocket }),
    sleep: world.sleep,
  })
}
