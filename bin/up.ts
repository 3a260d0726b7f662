/** `escale up`: the platform on this machine, until it is told to stop. */
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, systemRandom } from '../lib/core/system.ts'
import { composePlatform, type Platform } from './compose.ts'
import { jsonLog, type LogLevel } from './log.ts'
import { cacheDir, dataDir, packageRoot } from './places.ts'

export interface UpOptions {
  readonly env: NodeJS.ProcessEnv
  /** Where the engine answers; absent: found. */
  readonly engine?: string
  /** Try the platform without an engine. */
  readonly memory: boolean
  readonly host?: string
  readonly port: number
  readonly dataDir?: string
  readonly logLevel: LogLevel
  readonly httpPorts?: readonly number[]
  readonly address?: string
}

export const defaultPort = 7440

export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { readonly version: string }).version

export async function startPlatform(options: UpOptions): Promise<Platform> {
  const folder = options.dataDir ?? dataDir(options.env)
  const platform = await composePlatform({
    dataDir: folder,
    cacheDir: cacheDir(options.env),
    env: options.env,
    clock: systemClock,
    random: systemRandom,
    log: jsonLog(options.logLevel, (line) => process.stderr.write(line)),
    version: packageVersion(),
    cluster: options.memory
      ? { kind: 'memory' }
      : { kind: 'docker', ...(options.engine === undefined ? {} : { engine: options.engine }) },
    ...(options.host === undefined ? {} : { host: options.host }),
    port: options.port,
    httpPorts: options.httpPorts ?? [80, 8080],
    ...(options.address === undefined ? {} : { address: options.address }),
  })
  if (platform.ownerToken !== undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(join(folder, 'owner-token'), `${platform.ownerToken}\n`, { mode: 0o600 })
  }
  return platform
}
