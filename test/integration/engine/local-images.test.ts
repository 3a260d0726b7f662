import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureImages } from '../../../images/local/build.ts'
import { silentLog } from '../../../lib/core/deps.ts'
import { runExec } from '../../../lib/targets/docker/engine/exec.ts'
import type { ExecResult } from '../../../lib/targets/docker/engine/exec.ts'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { collect, eventually } from './support.ts'

describeWithEngine(
  'images made on this machine',
  { images: ['busybox', 'node', 'redis', 'postgres', 'haproxy'] },
  (tools) => {
    const limits = { timeoutMs: 20_000 }

    async function start(name: string, Image: string, rest: { Cmd?: string[]; Env?: string[] } = {}): Promise<string> {
      const { engine, prefix } = tools()
      const { Id } = await engine.containers.create(
        { Image, ...rest, HostConfig: { NetworkMode: 'none' } },
        { name: `${prefix}-${name}` },
      )
      await engine.containers.start(Id)
      return Id
    }

    async function succeeds(container: string, Cmd: string[], Env: string[] = []): Promise<ExecResult> {
      return eventually(async () => {
        const result = await runExec(tools().engine.exec, container, { Cmd, Env }, limits)
        return result.exitCode === 0 ? result : undefined
      }, Cmd.join(' '))
    }

    it('stay when they are there already', async () => {
      const options = { cacheDir: '/nonexistent-is-never-read', log: silentLog, source: 'build' } as const
      const folder = await mkdtemp(join(tmpdir(), 'escale-cache-'))
      try {
        const [image] = await ensureImages(tools().engine, ['busybox'], { ...options, cacheDir: folder })
        expect(image).toMatchObject({ reference: 'escale.local/busybox:1', origin: 'present' })
        expect(await readdir(join(folder, 'images'))).toEqual([])
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    it('run Node with its internationalisation and its trust roots', async () => {
      const { engine } = tools()
      const script =
        'console.log(process.versions.node.split(".")[0], new Intl.NumberFormat("de").format(1234.5), require("tls").rootCertificates.length > 50)'
      const id = await start('node', 'escale.local/node:24', { Cmd: ['node', '-e', script] })
      expect(await engine.containers.wait(id)).toBe(0)
      expect((await collect(engine.containers.logs(id))).stdout).toBe('24 1.234,5 true\n')
    })

    it('run Redis as its own user, and it ends in order', async () => {
      const { engine } = tools()
      const id = await start('redis', 'escale.local/redis:7')
      await succeeds(id, ['redis-cli', 'ping'])
      await succeeds(id, ['redis-cli', 'set', 'a', 'b'])
      expect((await succeeds(id, ['redis-cli', 'get', 'a'])).stdout.toString()).toBe('b\n')
      expect((await succeeds(id, ['stat', '-c', '%U', '/proc/1'])).stdout.toString()).toBe('redis\n')
      await engine.containers.stop(id)
      expect((await engine.containers.inspect(id)).State.ExitCode).toBe(0)
    })

    it('run PostgreSQL with the database, user and password asked for', async () => {
      const { engine } = tools()
      const Env = ['POSTGRES_USER=app', 'POSTGRES_PASSWORD=pw x', 'POSTGRES_DB=shop']
      const id = await start('postgres', 'escale.local/postgres:15', { Env })
      const query = [
        'psql',
        '-h',
        '127.0.0.1',
        '-U',
        'app',
        '-d',
        'shop',
        '-Atc',
        "select current_database(), '2026-07-01 12:00Z'::timestamptz at time zone 'Europe/Paris'",
      ]
      expect((await succeeds(id, query, ['PGPASSWORD=pw x'])).stdout.toString()).toBe('shop|2026-07-01 14:00:00\n')
      await engine.containers.stop(id)
      expect((await engine.containers.inspect(id)).State.ExitCode).toBe(0)
    })

    it('run PostgreSQL not at all without a password', async () => {
      const { engine } = tools()
      const id = await start('postgres-bare', 'escale.local/postgres:15')
      expect(await engine.containers.wait(id)).toBe(1)
      expect((await collect(engine.containers.logs(id))).stderr).toMatch(/set POSTGRES_PASSWORD/)
    })

    it('run HAProxy as its own user', async () => {
      const config =
        'defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 1s\nfrontend f\n bind 127.0.0.1:8080\n http-request return status 200 content-type text/plain string proxied\n'
      const id = await start('haproxy', 'escale.local/haproxy:2.6', {
        Cmd: ['sh', '-c', 'printf "%s" "$CONFIG" > /tmp/c; exec haproxy -W -db -f /tmp/c'],
        Env: [`CONFIG=${config}`],
      })
      expect((await succeeds(id, ['wget', '-qO-', 'http://127.0.0.1:8080/'])).stdout.toString()).toBe('proxied')
      expect((await succeeds(id, ['id', '-un'])).stdout.toString()).toBe('haproxy\n')
    })
  },
)

describeWithEngine('making an image', { images: [] }, (tools) => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'escale-cache-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  describe('from packages', () => {
    it('gives the same id each time, and leaves one archive and its record', async () => {
      const { engine } = tools()
      const options = { cacheDir: folder, log: silentLog, source: 'build' } as const
      const ids: string[] = []
      for (const _round of [1, 2]) {
        await engine.images.remove('escale.local/busybox:1', { force: true }).catch(() => undefined)
        const [made] = await ensureImages(engine, ['busybox'], options)
        expect(made?.origin).toBe('built')
        ids.push(made?.id ?? '')
        const files = await readdir(join(folder, 'images'))
        expect(files.map((file) => file.replace(/-[a-z2-7]+\./, '.')).sort()).toEqual(['busybox.json', 'busybox.tar'])
        for (const file of files) if (file.endsWith('.tar')) await rm(join(folder, 'images', file))
      }
      expect(ids[0]).toBe(ids[1])
      expect(await readdir(folder)).toEqual(['images'])
    })

    it('is refused with what is missing when a package cannot be had', async () => {
      const { engine } = tools()
      await engine.images.remove('escale.local/busybox:1', { force: true }).catch(() => undefined)
      const before = process.env['PATH']
      process.env['PATH'] = '/nowhere'
      try {
        const error = await ensureImages(engine, ['busybox'], {
          cacheDir: folder,
          log: silentLog,
          source: 'build',
        }).catch((caught: unknown) => caught)
        expect(error).toMatchObject({ code: 'image-unavailable' })
        expect(String(error)).toMatch(/escale\.local\/busybox:1.*apt-get/)
      } finally {
        process.env['PATH'] = before
      }
    })
  })
})
