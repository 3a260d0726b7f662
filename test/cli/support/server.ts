/** A whole server in process: the real API over the memory target, moved on whenever somebody waits. */
import type { Hono } from 'hono'
import { createApi } from '../../../lib/api/app.ts'
import { bindUseCases } from '../../../lib/api/bind.ts'
import { folderUploads } from '../../../lib/api/uploads.ts'
import { issueToken } from '../../../lib/control/access/tokens.ts'
import { systemActor } from '../../../lib/control/actor.ts'
import type { AppKey } from '../../../lib/model/app.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { testPlatform } from '../../support/platform.ts'
import type { PlatformOptions, TestPlatform } from '../../support/platform.ts'

export interface TestServer {
  readonly platform: TestPlatform
  readonly api: Hono
  readonly token: string
  readonly fetch: typeof fetch
  /** `METHOD path`, in order. */
  readonly requests: readonly string[]
  /** What a command line needs to reach it. */
  readonly env: Readonly<Record<string, string>>
}

const deploymentPath = /^\/v1\/projects\/([^/]+)\/apps\/([^/]+)\/(?:deployments|runs)\/[^/]+$/

export async function testServer(options: PlatformOptions = {}): Promise<TestServer> {
  const platform = await testPlatform({ domain: 'apps.test', ...options })
  const { deps } = platform
  const uploads = folderUploads({ folder: temporaryFolder(), clock: deps.clock, random: deps.random })
  const api = createApi({ deps, useCases: bindUseCases(deps), version: '1.2.3', uploads })
  const { token } = await issueToken(deps, systemActor, { name: 'owner', grants: [{ role: 'owner', collection: '*' }] })
  const requests: string[] = []
  const handle = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    requests.push(`${request.method} ${url.pathname}`)
    const [, project, app] = deploymentPath.exec(url.pathname) ?? []
    if (request.method === 'GET' && project !== undefined && app !== undefined) {
      const key: AppKey = { project, app, environment: url.searchParams.get('environment') ?? 'default' }
      await platform.step(key)
    }
    return await api.fetch(request)
  }
  return {
    platform,
    api,
    token,
    requests,
    fetch: handle as typeof fetch,
    env: { ESCALE_URL: 'http://escale.test', ESCALE_TOKEN: token },
  }
}
