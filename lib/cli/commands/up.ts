import { EscaleError, problem } from '../../core/errors.ts'
import { command } from '../command.ts'
import { configPath, saveContext } from '../config/file.ts'
import type { UpPlatform, UpRequest, World } from '../world.ts'
import { usage, wholeNumber } from './shared.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
const usualPort = 7440
const contextName = 'local'

export const up = command({
  name: 'up',
  summary: 'start the platform on this machine',
  description:
    'Starts the whole platform on this machine and stays until Ctrl-C; apps go on without it. The first start turns swarm mode on where it is off, ' +
    'makes the cluster `local` and remembers its owner token as the context `local`. With --memory no engine is needed, and nothing really runs.',
  options: {
    memory: { description: 'no engine: try the product in memory' },
    engine: {
      value: 'address',
      description: 'the engine, e.g. unix:///var/run/docker.sock; else ESCALE_ENGINE, DOCKER_HOST, the usual sockets',
    },
    host: { value: 'address', description: 'listen on this address; 127.0.0.1 unless said otherwise' },
    port: { value: 'port', description: 'of the API; 7440 unless said otherwise' },
    httpPort: {
      value: 'port',
      repeat: true,
      description: 'of the ingress, the first free one counts; 80, 8080 unless said otherwise',
    },
    address: { value: 'name', description: 'name or address under which people reach this machine' },
    dataDir: {
      value: 'path',
      completes: 'folder',
      description: 'where state is kept; else ESCALE_DATA_DIR, ~/.local/share/escale',
    },
    log: { value: 'level', choices: levels, description: 'what is logged; warn unless said otherwise' },
  },
  arguments: {},
  examples: [
    { line: 'escale up', says: 'then, in another terminal: escale deploy' },
    { line: 'escale up --memory --port 7500', says: 'without an engine' },
  ],
  async handler(context, { options }) {
    const { world, out, interrupted } = context
    if (options.memory && options.engine !== undefined)
      throw usage('--memory and --engine exclude each other', 'leave one of them out')
    const port = options.port === undefined ? usualPort : wholeNumber(options.port, '--port', 0, 65_535)
    const httpPorts = options.httpPort.map((text) => wholeNumber(text, '--http-port', 1, 65_535))
    const platform = await start(world, {
      memory: options.memory,
      port,
      logLevel: levels.find((level) => level === options.log) ?? 'warn',
      ...(options.engine !== undefined && { engine: options.engine }),
      ...(options.host !== undefined && { host: options.host }),
      ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
      ...(options.address !== undefined && { address: options.address }),
      ...(httpPorts.length > 0 && { httpPorts }),
    })
    try {
      if (platform.token !== undefined)
        await saveContext(configPath(world), contextName, { url: platform.url, token: platform.token })
      await out.show({ url: platform.url, context: contextName }, () =>
        out.quiet
          ? platform.url
          : `${out.style.green('✓')} the platform answers at ${platform.url}; Ctrl-C ends it, apps go on`,
      )
      await aborted(interrupted)
    } finally {
      await platform.close()
    }
    return 0
  },
})

async function start(world: World, request: UpRequest): Promise<UpPlatform> {
  try {
    return await world.up(request)
  } catch (error) {
    if (!(error instanceof EscaleError) || error.code !== 'in-use') throw error
    const fix = 'end what listens there, or choose another port: escale up --port 7441'
    throw new EscaleError('in-use', error.message, {
      cause: error,
      problems: [problem('in-use', error.message, { fix })],
    })
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
