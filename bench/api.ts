/** Requests a second and p95 of the API on SQLite, against a bare Hono route on the same machine. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type Measure, ms } from './measure.ts'
import { hammer, type HttpResult } from './http.ts'

interface Served {
  readonly url: string
  readonly token: string
  stop(): void
}

/** A server in a process of its own, so that the load does not share its loop. */
function serve(kind: 'bare' | 'api', folder: string): Promise<Served> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'api-server.ts'), kind, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.once('exit', (code) => reject(new Error(`the ${kind} server ended with ${code}`)))
    child.stdout.once('data', (data: Buffer) => {
      const { url, token } = JSON.parse(data.toString()) as { url: string; token: string }
      resolve({ url, token, stop: () => void child.kill('SIGTERM') })
    })
  })
}

async function measured(kind: 'bare' | 'api', path: string, folder: string): Promise<HttpResult> {
  const served = await serve(kind, folder)
  const headers = { authorization: `Bearer ${served.token}` }
  try {
    await hammer({ url: served.url + path, headers }, 500, 8)
    const result = await hammer({ url: served.url + path, headers }, 4000, 8)
    if (result.failed > 0) throw new Error(`${result.failed} requests to ${path} failed`)
    return result
  } finally {
    served.stop()
  }
}

export const apiBench: Bench = {
  name: 'api',
  async run(): Promise<readonly Measure[]> {
    const folder = await mkdtemp(join(tmpdir(), 'escale-bench-'))
    try {
      const bare = await measured('bare', '/', folder)
      const list = await measured('api', '/v1/projects/default/apps', folder)
      const perSecond = (result: HttpResult): string => `${Math.round(result.requestsPerSecond)}/s`
      return [
        {
          measure: 'API: list apps, requests a second',
          ours: perSecond(list),
          peer: `${perSecond(bare)} (bare Hono route)`,
          ratio: bare.requestsPerSecond / list.requestsPerSecond,
          goal: null,
        },
        {
          measure: 'API: list apps, p95 at 8 connections',
          ours: ms(list.p95Ms),
          peer: 'limit 50 ms',
          ratio: list.p95Ms / 50,
          goal: 1,
        },
        {
          measure: 'API: p95 against a bare Hono route',
          ours: ms(list.p95Ms),
          peer: ms(bare.p95Ms),
          ratio: list.p95Ms / bare.p95Ms,
          goal: null,
        },
      ]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
