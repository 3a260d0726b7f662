import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, box, createDriver, eventually, httpd, imageConfig, shell, web } from './driver.ts'

describeWithEngine('ways in and out of a container', { images: ['busybox', 'node'] }, (tools) => {
  const driverFor = (name: string) => createDriver(tools().engine, tools().prefix, name)
  const page = { path: '/www/index.html', content: { kind: 'text' as const, text: 'here' }, from: 'files' }

  const echo = `
    const socket = require('node:dgram').createSocket('udp4')
    socket.on('message', (text, from) => socket.send(text, from.port, from.address)).bind(9090)
    require('node:http').createServer((_request, response) => response.end('here')).listen(8080)
    process.on('SIGTERM', () => process.exit(0))`

  it('are ports of the machine, by tcp and udp', async () => {
    const { address } = tools()
    const driver = await driverFor('ports')
    const { rendered } = await driver.apply(
      app([
        web(
          'web',
          {
            image: { reference: 'escale.local/node:24', config: imageConfig },
            command: ['node', '-e', echo],
            ports: [
              { name: 'http', port: 8080, protocol: 'tcp', app: 'http' },
              { name: 'echo', port: 9090, protocol: 'udp', app: 'raw' },
            ],
          },
          {
            publish: [
              { port: 'http', hostPort: 'auto' },
              { port: 'echo', hostPort: 'auto' },
            ],
            logs: { to: 'none' },
          },
        ),
      ]),
    )
    const unit = await driver.ready('web', 1)
    expect(await driver.differences(rendered)).toEqual([])
    const hostPort = (protocol: string): number =>
      unit.instances[0]?.hostPorts?.find((port) => port.protocol === protocol)?.hostPort ?? 0
    const text = await eventually('an answer by http', async () => {
      try {
        return await (
          await fetch(`http://${address}:${hostPort('tcp')}/`, { signal: AbortSignal.timeout(5_000) })
        ).text()
      } catch (error) {
        // Nobody listens yet.
        if (error instanceof TypeError) return undefined
        throw error
      }
    })
    expect(text).toBe('here')
    const socket = createSocket('udp4')
    try {
      const answer = await eventually('an answer by udp', async () => {
        const received = once(socket, 'message', { signal: AbortSignal.timeout(2_000) })
        socket.send('hello', hostPort('udp'), address)
        try {
          const [message] = (await received) as [Buffer]
          return message.toString()
        } catch (error) {
          if (error instanceof Error && error.name === 'AbortError') return undefined
          throw error
        }
      })
      expect(answer).toBe('hello')
    } finally {
      socket.close()
    }
  })

  it('are the network of the machine and its folders, where granted', async () => {
    const { engine } = tools()
    const driver = await driverFor('host')
    const { security } = box('services.web')
    const { rendered } = await driver.apply(
      app([
        web('web', {
          security: { ...security, hostNetwork: true },
          mounts: [{ kind: 'host', path: '/host', hostPath: '/etc', readOnly: true, from: 'm' }],
        }),
      ]),
    )
    const unit = await driver.ready('web', 1)
    expect(await driver.differences(rendered)).toEqual([])
    expect(
      await shell(
        engine,
        unit,
        'ls /sys/class/net | grep -c docker_gwbridge; test -f /host/passwd && touch /host/x 2>&1',
      ),
    ).toBe('1\ntouch: /host/x: Read-only file system\n')
  })

  it('are sidecars on the same network, where that is allowed', async () => {
    const { engine } = tools()
    const driver = await driverFor('side')
    const sidecar = {
      ...box('services.web.sidecars.proxy', { name: 'proxy', command: httpd(4317), files: [page] }),
      essential: false,
      startBefore: false,
    }
    const { rendered } = await driver.apply(
      app([web('web', {}, { sidecars: [sidecar], allow: { sidecars: 'approximated' } })]),
    )
    await driver.ready('web-proxy', 1)
    const unit = await driver.ready('web', 1)
    expect(await driver.differences(rendered)).toEqual([])
    expect(await shell(engine, unit, 'timeout 5 wget -q -O - http://proxy:4317/')).toBe('here')
  })
})
