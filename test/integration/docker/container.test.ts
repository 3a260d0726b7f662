import { beforeAll, expect, it } from 'vitest'
import { problem } from '../../../lib/core/errors.ts'
import type { ObservedUnit } from '../../../lib/model/observed.ts'
import type { Rendered } from '../../../lib/targets/target.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, busybox, createDriver, imageConfig, shell, web } from './driver.ts'
import type { Driver } from './driver.ts'

const from = 'services.web'

const everything = app(
  [
    web(
      'web',
      {
        env: {
          PLAIN: { kind: 'text', text: '{{.Service.Name}} $(X) "quoted" \\ =' },
          EMPTY: { kind: 'text', text: '' },
          WHO: { kind: 'instance', fact: 'name' },
          NODE: { kind: 'instance', fact: 'node' },
          IP: { kind: 'instance', fact: 'ip' },
          APP: { kind: 'instance', fact: 'app' },
          API: { kind: 'address', service: 'web', port: 'http' },
          PASSWORD: { kind: 'secret', secret: 'password' },
          CERT: { kind: 'secret', secret: 'tls', key: 'crt' },
        },
        ports: [{ name: 'http', port: 8080, protocol: 'tcp', app: 'http' }],
        files: [
          { path: '/etc/app/app.conf', content: { kind: 'text', text: 'a: {{b}}\n' }, from: `${from}.files` },
          {
            path: '/etc/app/run.sh',
            content: { kind: 'text', text: '#!/bin/sh\necho ran\n' },
            mode: 0o555,
            from: `${from}.files`,
          },
          { path: '/etc/app/empty', content: { kind: 'text', text: '' }, from: `${from}.files` },
          { path: '/etc/app/bytes', content: { kind: 'base64', base64: 'AP8B' }, from: `${from}.files` },
          { path: '/run/secrets/password', content: { kind: 'secret', secret: 'password' }, from: `${from}.files` },
          { path: '/etc/again', content: { kind: 'secret', secret: 'password' }, mode: 0o440, from: `${from}.files` },
        ],
        mounts: [
          { kind: 'tmpfs', path: '/cache', sizeBytes: 4 * 1024 * 1024, from: `${from}.mounts` },
          { kind: 'scratch', path: '/scratch', scratch: 'disk', from: `${from}.mounts` },
          { kind: 'scratch', path: '/memory', scratch: 'memory', from: `${from}.mounts` },
        ],
        user: '1000:1000',
        workdir: '/tmp',
        size: {
          nanoCpus: 10_000_000,
          memoryBytes: 8 * 1024 * 1024,
          limitNanoCpus: 200_000_000,
          limitMemoryBytes: 64 * 1024 * 1024,
        },
        security: {
          runAsNonRoot: 'auto',
          readOnlyRoot: true,
          addCapabilities: ['NET_BIND_SERVICE'],
          dropCapabilities: ['ALL'],
          privileged: false,
          hostNetwork: false,
          hostPid: false,
          seccomp: 'default',
        },
        kernel: {
          sysctls: { 'net.core.somaxconn': '512' },
          ulimits: { nofile: { soft: 1024, hard: 2048 } },
          shmBytes: 2 * 1024 * 1024,
          init: true,
        },
        stop: { signal: 'SIGINT', graceMs: 3_000, drainMs: 1_000, exec: ['true'] },
      },
      {
        scratch: [
          { name: 'disk', memory: false },
          { name: 'memory', memory: true, sizeBytes: 1024 * 1024 },
        ],
        dns: { servers: ['192.0.2.53'], search: ['example.com'] },
        labels: { team: 'web' },
        annotations: { 'a/b': 'c' },
        logs: { to: 'default', rotate: { sizeBytes: 1_000_000, files: 2 } },
      },
    ),
  ],
  {
    external: [{ name: 'billing', kind: 'host', host: '192.0.2.7', ports: [], routes: [] }],
    secrets: [],
  },
)
const secrets = { password: 's3cret value', 'tls.crt': 'a certificate' }

describeWithEngine('what a container is given', { images: ['busybox'] }, (tools) => {
  let driver: Driver
  let rendered: Rendered
  let unit: ObservedUnit
  const sh = (line: string): Promise<string> => shell(tools().engine, unit, line)

  beforeAll(async () => {
    driver = await createDriver(tools().engine, tools().prefix, 'all')
    rendered = (await driver.apply(everything, { secrets })).rendered
    unit = await driver.ready('web', 1)
  })

  /** The program's own environment: that of the exec does not hold what the start helper adds. */
  const programEnv = async (): Promise<Record<string, string>> => {
    const text = await sh("pid=$(ps -o pid,ppid | awk '$2 == 1 {print $1; exit}'); tr '\\0' '\\n' < /proc/$pid/environ")
    return Object.fromEntries(
      text
        .split('\n')
        .flatMap((line) =>
          line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
        ),
    )
  }

  it('differs in nothing from what was sent', async () => {
    expect(await driver.differences(rendered)).toEqual([])
  })

  it('has its environment, literal, with what only the instance knows', async () => {
    const env = await programEnv()
    expect(env).toMatchObject({
      PLAIN: '{{.Service.Name}} $(X) "quoted" \\ =',
      EMPTY: '',
      WHO: 'web-1',
      APP: driver.key.app,
      API: 'web:8080',
      IP: unit.instances[0]?.addresses?.['default'],
      NODE: unit.instances[0]?.node,
    })
  })

  it('has secrets in its environment, which inspect does not show', async () => {
    expect(await programEnv()).toMatchObject({ PASSWORD: 's3cret value', CERT: 'a certificate' })
    const services = await tools().engine.services.list({ filters: { label: [`io.escale.app=${driver.key.app}`] } })
    expect(JSON.stringify(services)).not.toContain('s3cret')
  })

  it('has its files with owner and mode', async () => {
    expect(
      await sh(
        'cd /etc; stat -c "%n %a %u:%g" app/app.conf app/run.sh /run/secrets/password again; cat app/app.conf; app/run.sh; od -An -tx1 app/bytes app/empty; cat /run/secrets/password again',
      ),
    ).toBe(
      [
        'app/app.conf 444 1000:1000',
        'app/run.sh 555 1000:1000',
        '/run/secrets/password 400 1000:1000',
        'again 440 1000:1000',
        'a: {{b}}',
        'ran',
        ' 00 ff 01 0a',
        's3cret values3cret value',
      ].join('\n'),
    )
  })

  it('runs as its user, in its folder, without more privileges than it was given', async () => {
    expect(await sh('id -u; id -g; pwd; touch /x 2>&1; grep -E "Cap(Bnd|Eff)" /proc/1/status')).toBe(
      [
        '1000',
        '1000',
        '/tmp',
        'touch: /x: Read-only file system',
        'CapEff:\t0000000000000000',
        'CapBnd:\t0000000000000400',
        '',
      ].join('\n'),
    )
  })

  it('has its space in memory and on disk', async () => {
    expect(
      await sh(
        "for d in /cache /memory /dev/shm; do df -k $d | tail -n 1 | awk '{print $2, $6}'; done; grep -c ' /scratch ' /proc/mounts",
      ),
    ).toBe(['4096 /cache', '1024 /memory', '2048 /dev/shm', '1', ''].join('\n'))
  })

  it('has its limits, sysctls and ulimits', async () => {
    expect(await sh('ulimit -n; ulimit -H -n; cat /proc/sys/net/core/somaxconn')).toBe('1024\n2048\n512\n')
    const [found] = await tools().engine.containers.list({
      filters: { label: [`com.docker.swarm.task.id=${unit.instances[0]?.nativeId}`] },
    })
    const { HostConfig } = await tools().engine.containers.inspect(found?.Id ?? '')
    expect(HostConfig).toMatchObject({ Memory: 64 * 1024 * 1024, NanoCpus: 200_000_000 })
  })

  it('knows names from outside and asks its own DNS servers', async () => {
    expect(await sh("grep billing /etc/hosts; grep -o 'search.*' /etc/resolv.conf")).toBe(
      '192.0.2.7\tbilling\nsearch example.com\n',
    )
  })

  it('bears labels on its service, not on itself', async () => {
    const [service] = await tools().engine.services.list({ filters: { label: [`io.escale.app=${driver.key.app}`] } })
    expect(service?.Spec.Labels).toMatchObject({
      team: 'web',
      'io.escale.annotation.a/b': 'c',
      'io.escale.release': '1',
    })
    expect(Object.keys(service?.Spec.TaskTemplate.ContainerSpec?.Labels ?? {})).toEqual(['io.escale.template'])
  })

  it('is not restarted by a new label or a new release', async () => {
    const [first] = everything.units
    const relabelled = app([{ ...first!, labels: { team: 'other' } }], { external: everything.external })
    const { written } = await driver.apply(relabelled, { secrets })
    expect(written).toEqual(['service/web'])
    const after = await driver.ready('web', 1)
    expect(after.instances[0]?.nativeId).toBe(unit.instances[0]?.nativeId)
  })

  it('is replaced by a new version of a secret, and the old one goes', async () => {
    const { written } = await driver.apply(everything, { secrets: { ...secrets, password: 'another' } })
    expect(written.some((id) => id.startsWith('secret/password@'))).toBe(true)
    unit = await driver.until('the new instance', ({ units }) => {
      const instances = units[0]?.instances.filter(({ wanted, state }) => wanted && state === 'ready') ?? []
      const fresh = instances.find(({ nativeId }) => nativeId !== unit.instances[0]?.nativeId)
      return fresh === undefined ? undefined : { ...unit, instances: [fresh] }
    })
    expect((await programEnv())['PASSWORD']).toBe('another')
    const kept = (await driver.observe()).resources.filter(({ id }) => id.startsWith('secret/password@'))
    // One for the environment, and one for each file of it.
    expect(kept).toHaveLength(3)
  })

  it('clears the command of its image where it says so', async () => {
    const plain = {
      image: { reference: busybox, config: { ...imageConfig, entrypoint: ['echo'], command: ['never'] } },
      command: [],
    }
    const { resources } = driver.render(app([web('web', plain)]))
    expect(JSON.stringify(resources.find(({ kind }) => kind === 'service')?.body['TaskTemplate'])).toContain(
      '"Command":["echo"]',
    )
  })

  it('is refused where nothing is left to run', () => {
    const { problems } = driver.render(app([web('web', { entrypoint: [], command: [] })]))
    expect(problems.map(({ code, path }) => ({ code, path }))).toEqual([
      { code: problem('conflict', '').code, path: 'services.web.command' },
    ])
  })
})
