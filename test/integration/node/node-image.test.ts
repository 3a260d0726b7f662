import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { buildNodeImage } from '../../../images/node/build.ts'
import { createClient } from '../../../lib/client/client.ts'
import { silentLog } from '../../../lib/core/deps.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { cacheRoot } from '../../support/lab/places.ts'

const run = promisify(execFile)

const manifest = `apiVersion: escale/v1
kind: App
metadata: {name: inside}
services:
  web: {image: "escale.local/busybox:1", command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"], stop: {grace: 1s}, update: {rolling: {settle: 1s}}}
`

describeWithEngine('the node image', { images: ['busybox', 'node', 'haproxy'] }, (tools) => {
  it('runs the platform for the engine whose socket it is given, and goes on after a new start', async () => {
    const { engine, socketPath, address } = tools()
    const image = await buildNodeImage(engine, cacheRoot(process.env), silentLog)
    const docker = async (...words: string[]): Promise<string> =>
      (await run('/usr/bin/docker', ['-H', `unix://${socketPath}`, ...words], { timeout: 60_000 })).stdout.trim()
    const start = (): Promise<string> =>
      docker(
        'run',
        '-d',
        '--name',
        'escale-node',
        '-p',
        '17440:7440',
        '-v',
        `${socketPath}:/var/run/docker.sock`,
        '-v',
        'escale-node-data:/data',
        image,
      )
    try {
      await start()
      const token = await until(() => docker('exec', 'escale-node', 'cat', '/data/owner-token'))
      const client = createClient({ url: `http://${address}:17440`, token })
      const at = { project: 'default', app: 'inside' }
      const deployment = await until(() =>
        client.call('deploy', { params: at, body: { manifest, params: {}, files: {} } }),
      )
      let state = ''
      for await (const seen of client.followDeployment(at, deployment.id)) state = seen.state
      expect(state).toBe('succeeded')

      await docker('rm', '-f', 'escale-node')
      await start()
      const status = await until(() => client.call('getStatus', { params: at }))
      expect(status.units.map(({ name, ready }) => ({ name, ready }))).toEqual([{ name: 'web', ready: 1 }])
      const removal = await client.call('removeApp', { params: at })
      for await (const seen of client.followDeployment(at, removal.id)) state = seen.state
      expect(state).toBe('succeeded')
    } finally {
      await docker('rm', '-f', 'escale-node')
      await docker('volume', 'rm', 'escale-node-data')
    }
  })
})

async function until<T>(ask: () => Promise<T>): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await ask()
    } catch (error) {
      if (n >= 60) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
