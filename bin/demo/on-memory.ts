/** The same on the simulated cluster: everything but containers. */
import { packageRoot } from '../places.ts'
import { join } from 'node:path'
import type { Example } from './examples.ts'
import { startDemoPlatform } from './platform.ts'
import type { Screen } from './screen.ts'
import { deployExample, planExample } from './show.ts'
import type { Undo } from './undo.ts'

export interface MemoryDemo {
  readonly example: Example
  readonly folder: string
  readonly cacheDir: string
  readonly env: NodeJS.ProcessEnv
  readonly screen: Screen
  readonly undo: Undo
  readonly signal: AbortSignal
}

/** True where what was planned was done, and nothing is left to do. */
export async function showOnMemory(demo: MemoryDemo): Promise<boolean> {
  const { example, folder, cacheDir, env, screen, undo, signal } = demo
  const platform = await screen.work('Start the platform on a simulated cluster', () =>
    startDemoPlatform({ folder, cacheDir, env, cluster: { kind: 'memory' }, address: 'localhost' }),
  )
  undo.add('the platform', () => platform.close())
  const { client } = platform
  const app = { project: 'default', app: example.name }
  const deploying = { screen, client, app, signal, folder: join(packageRoot(), 'examples', example.name), params: {} }
  screen.line()
  screen.line((await planExample(deploying)).text.trimEnd())
  screen.line()
  await deployExample(deploying)
  const params = { project: app.project, app: app.app }
  const events = await client.call('readEvents', { params, query: { after: 0 } })
  screen.line('Events:')
  for (const { at, type, subject } of events.items) screen.line(`  ${at.slice(11, 23)}  ${type}  ${subject}`)
  const status = await client.call('getStatus', { params })
  screen.line('Status:')
  for (const { name, kind, ready, desired } of status.units)
    screen.line(`  ${kind} ${name}: ${ready} of ${desired ?? ready} ready`)
  const { empty } = await planExample(deploying)
  screen.line(`A second plan: ${empty ? 'empty, as it must be' : 'not empty'}`)
  screen.line()
  screen.line(
    'Not shown here, for it needs an engine: containers, addresses that answer, logs, and the counter that grows.',
  )
  return empty
}
