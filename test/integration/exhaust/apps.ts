/** What is deployed, changed and removed while the platform dies. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { examples } from '../../../bin/demo/examples.ts'
import { packageRoot } from '../../../bin/places.ts'
import { localReference } from '../../../images/local/build.ts'
import { buildFromFolder } from '../../../images/local/context.ts'
import { silentLog } from '../../../lib/core/deps.ts'
import type { Engine } from '../../../lib/targets/docker/engine/engine.ts'
import type { Client } from '../../../lib/client/client.ts'
import type { Act } from './platform.ts'

export interface MortalApp {
  readonly name: string
  /** Deploy, update, remove: each goes on from where the one before ended. */
  readonly acts: readonly Act[]
}

const params = (app: string) => ({ project: 'default', app })

const deploy =
  (app: string, manifest: string, values: Readonly<Record<string, string>>) =>
  (client: Client, idempotencyKey: string): Promise<{ readonly id: string }> =>
    client.call('deploy', { params: params(app), body: { manifest, params: { ...values } }, idempotencyKey })

const remove =
  (app: string, deleteVolume: readonly string[]) =>
  (client: Client, idempotencyKey: string): Promise<{ readonly id: string }> =>
    client.call('removeApp', { params: params(app), query: { deleteVolume: [...deleteVolume] }, idempotencyKey })

const actsOf = (
  app: string,
  [first, second]: readonly [string, string],
  values: Readonly<Record<string, string>> = {},
  volumes: readonly string[] = [],
): readonly Act[] => [
  { name: 'deploy', ask: deploy(app, first, values) },
  { name: 'update', ask: deploy(app, second, values) },
  { name: 'remove', ask: remove(app, volumes) },
]

/** The example, its four images built on the engine as the demo builds them. */
export async function dockercoins(engine: Engine): Promise<MortalApp> {
  const folder = join(packageRoot(), 'examples', 'dockercoins')
  for (const { reference, context, dockerfile } of examples.dockercoins.builds) {
    const build = { folder: join(folder, context), dockerfile, reference, buildArgs: { BASE: localReference('node') } }
    await buildFromFolder(engine, build, { log: silentLog })
  }
  const first = await readFile(join(folder, 'escale.yaml'), 'utf8')
  const second = ['rng', 'worker'].reduce(
    (text, service) => changed(text, `/${service}:\${tag}"\n`, `/${service}:\${tag}"\n    env: {STAGE: second}\n`),
    first,
  )
  return { name: 'dockercoins', acts: actsOf('dockercoins', [first, second], { redis: localReference('redis') }) }
}

/** Every kind of object in one small app; the update makes some, changes some and takes some away. */
export function everyKind(): MortalApp {
  const common = `
    image: ${localReference('busybox')}
    command: [sh, -c, "trap 'exit 0' TERM; sleep 1000000 & wait"]
    stop: {grace: 2s}
    update: {rolling: {settle: 0s}}`
  const first = `apiVersion: escale/v1
kind: App
metadata: {name: kinds}
config:
  greeting: {files: {text: {content: "good morning"}}}
  left: {files: {text: {content: "this one leaves"}}}
secrets:
  word: {generate: {length: 20}}
volumes:
  data: {}
networks:
  front: {}
  back: {internal: true}
services:
  a:${common}
    networks: [front]
    files: {/etc/greeting: {config: greeting, key: text}, /etc/left: {config: left, key: text}}
  b:${common}
    networks: [front, back]
    files: {/run/secrets/word: {secret: word}}
    mounts: {/data: {volume: data}}
`
  const second = `${changed(
    changed(
      changed(
        changed(first, 'good morning', 'good evening'),
        '  left: {files: {text: {content: "this one leaves"}}}\n',
        '',
      ),
      ', /etc/left: {config: left, key: text}',
      '',
    ),
    '  back: {internal: true}\n',
    '  back: {internal: true}\n  more: {}\n',
  )}  c:${common}
    networks: [more]
`
  return { name: 'kinds', acts: actsOf('kinds', [first, second], {}, ['data']) }
}

function changed(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`there is no ${JSON.stringify(from)} to be changed in:\n${text}`)
  return text.replace(from, to)
}
