/** The example on an engine: images, platform, deployment, addresses, and the proof that it works. */
import { join } from 'node:path'
import type { Endpoint } from '../../lib/targets/docker/engine/endpoint.ts'
import { connectEngine } from '../../lib/targets/docker/engine/engine.ts'
import { mark } from '../../lib/targets/docker/labels.ts'
import { packageRoot } from '../places.ts'
import type { Example } from './examples.ts'
import { prepareImages } from './images.ts'
import { installIdOf, startDemoPlatform } from './platform.ts'
import { askRoute } from './prove.ts'
import type { Screen } from './screen.ts'
import { deployExample, placesOf, removeExample } from './show.ts'
import { awaitNoContainers, lookBefore, removeMarked, restoreSwarm, servicesOf } from './sweep.ts'
import { stays } from './undo.ts'
import type { Undo } from './undo.ts'

export interface DockerDemo {
  readonly example: Example
  readonly endpoint: Endpoint
  /** Of the machine that the engine runs on; absent: told by the endpoint. */
  readonly address: string | undefined
  readonly folder: string
  readonly cacheDir: string
  readonly env: NodeJS.ProcessEnv
  readonly screen: Screen
  readonly undo: Undo
  readonly signal: AbortSignal
}

/** True where the example did what it is for. */
export async function showOnDocker(demo: DockerDemo): Promise<boolean> {
  const { example, endpoint, folder, screen, undo, signal } = demo
  const engine = await connectEngine(endpoint)
  undo.add('the connection to the engine', async () => engine.close())
  screen.line(`Engine: ${(await engine.system.version()).Version} at ${endpoint.text}`)
  const exampleFolder = join(packageRoot(), 'examples', example.name)
  const params = await prepareImages({ ...demo, engine, folder: exampleFolder })
  signal.throwIfAborted()

  const before = await lookBefore(engine)
  undo.add('the swarm', () => restoreSwarm(engine, before), stays)
  undo.add(
    'what the platform made on the engine',
    async () => {
      const installId = await installIdOf(folder)
      if (installId !== undefined) await removeMarked(engine, installId)
    },
    async () => {
      screen.line('Everything stays. It goes by:')
      for (const line of await howToRemove(endpoint, folder)) screen.line(`  ${line}`)
    },
  )
  const address = demo.address ?? addressOf(endpoint)
  const platform = await screen.work('Start the platform', () =>
    startDemoPlatform({ ...demo, cluster: { kind: 'docker', engine: endpoint.text }, address }),
  )
  undo.add('the platform', () => platform.close())
  signal.throwIfAborted()

  const { client } = platform
  const app = { project: 'default', app: example.name }
  const following = { screen, client, app, signal }
  undo.add(
    example.name,
    async () => {
      const installId = await installIdOf(folder)
      const services = installId === undefined ? [] : await servicesOf(engine, installId)
      await removeExample(following)
      await awaitNoContainers(engine, services)
    },
    stays,
  )
  await deployExample({ ...following, folder: exampleFolder, params })
  const [place] = await placesOf(client, app)
  if (place === undefined) throw new Error(`${example.name} has no route to be asked by`)
  screen.line()
  screen.line(`  ${example.name}  ${place.url.href}`)
  // The first route without a host answers every host that no other one names.
  screen.line(`  ${' '.repeat(example.name.length)}  http://${address}:${place.url.port || '80'}/`)
  screen.line(`  API  ${platform.url}/openapi.json`)
  screen.line()
  const connectTo = address === 'localhost' ? '127.0.0.1' : address
  return example.prove({ screen, client, app, signal, ask: (request) => askRoute(place.url, connectTo, request) })
}

const addressOf = (endpoint: Endpoint): string => (endpoint.kind === 'socket' ? 'localhost' : endpoint.host)

/** How to take away by hand what --keep leaves. */
async function howToRemove(endpoint: Endpoint, folder: string): Promise<readonly string[]> {
  const installId = await installIdOf(folder)
  const filter = `--filter label=${mark.install}=${installId ?? ''}`
  const docker = `docker -H ${endpoint.text}`
  return [
    `${docker} service rm $(${docker} service ls -q ${filter})`,
    `${docker} network rm $(${docker} network ls -q ${filter})`,
    `${docker} rm -f $(${docker} ps -aq ${filter})`,
    `${docker} volume rm $(${docker} volume ls -q ${filter})`,
    `rm -r ${folder}`,
  ]
}
