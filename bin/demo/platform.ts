/** The platform as the demo starts it: data in a folder of its own, free ports, its log in a file. */
import { openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { addresses } from '../../lib/control/records.ts'
import { createClient } from '../../lib/client/client.ts'
import type { Client } from '../../lib/client/client.ts'
import { systemClock, systemRandom } from '../../lib/core/system.ts'
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts'
import { composePlatform } from '../compose.ts'
import type { PlatformOptions } from '../compose.ts'
import { jsonLog } from '../log.ts'
import { packageVersion } from '../up.ts'

export interface DemoPlatform {
  readonly url: string
  readonly client: Client
  close(): Promise<void>
}

export interface DemoPlatformOptions {
  readonly folder: string
  readonly cacheDir: string
  readonly env: NodeJS.ProcessEnv
  readonly cluster: PlatformOptions['cluster']
  readonly address: string
}

const logFile = (folder: string): string => join(folder, 'platform.log')

export async function startDemoPlatform(options: DemoPlatformOptions): Promise<DemoPlatform> {
  const { folder, cacheDir, env, cluster, address } = options
  const log = openSync(logFile(folder), 'a')
  const platform = await composePlatform({
    dataDir: join(folder, 'data'),
    cacheDir,
    env,
    clock: systemClock,
    random: systemRandom,
    log: jsonLog('info', (line) => writeSync(log, line)),
    version: packageVersion(),
    cluster,
    port: 0,
    httpPorts: await freePorts(httpPorts),
    address,
  })
  const { url } = platform.server
  const token = platform.ownerToken
  return {
    url,
    client: createClient({ url, ...(token === undefined ? {} : { token }) }),
    close: () => platform.close(),
  }
}

/** What the platform warned of, newest last. */
export function platformComplaints(folder: string): readonly string[] {
  try {
    const lines = readFileSync(logFile(folder), 'utf8').trim().split('\n')
    return lines.filter((line) => /"level":"(warn|error)"/.test(line)).slice(-10)
  } catch (error) {
    // It did not get as far as to write one.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** The mark on everything the platform made; undefined where it did not get that far. */
export async function installIdOf(folder: string): Promise<string | undefined> {
  const store = openSqliteStore({ path: join(folder, 'data', 'escale.db'), clock: systemClock, random: systemRandom })
  try {
    return (await store.get<{ readonly installId: string }>(addresses.install()))?.value.installId
  } finally {
    await store.close()
  }
}

/** Ports for the way in; the demo leaves 80 to who wants it for good. */
const httpPorts: readonly number[] = [8080, 8081, 8888, 18_080, 28_080]

/** Those that nobody on this machine listens on; the engine tries them in this order. */
async function freePorts(ports: readonly number[]): Promise<readonly number[]> {
  const free: number[] = []
  for (const port of ports) if (await isFree(port)) free.push(port)
  return free.length === 0 ? ports : free
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
