/** The API against requests made up from its own document: no 5xx, and every answer as documented. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveApi } from '../../../lib/api/serve.ts'
import type { RunningServer } from '../../../lib/api/serve.ts'
import { folderUploads } from '../../../lib/api/uploads.ts'
import { systemClock, systemRandom } from '../../../lib/core/system.ts'
import { deployHello, testApi } from '../../api/support.ts'
import type { TestApi } from '../../api/support.ts'

const tools = join(process.env['ESCALE_TEST_TOOLS'] ?? join(homedir(), '.cache', 'escale-test'), 'venv')
const versions = ['schemathesis==4.32.5', 'openapi-spec-validator==0.9.0']

/** Installs the tools beside the checkout once; says why where it cannot. */
function missing(): string | undefined {
  const run = (command: string, ...args: readonly string[]) =>
    spawnSync(command, args, { timeout: 170_000, encoding: 'utf8' })
  if (existsSync(join(tools, 'bin', 'schemathesis')) && existsSync(join(tools, 'bin', 'openapi-spec-validator')))
    return undefined
  const made = run('python3', '-m', 'venv', tools)
  if (made.status !== 0) return `python3 -m venv: ${made.stderr || String(made.error)}`
  const installed = run(join(tools, 'bin', 'pip'), 'install', '--quiet', ...versions)
  return installed.status === 0 ? undefined : `pip install: ${installed.stderr.slice(-500)}`
}

const why = missing()
if (why !== undefined && process.env['CI'] !== undefined) throw new Error(`the tools of this suite are missing: ${why}`)
if (why !== undefined) process.stderr.write(`skipped: the tools of this suite are missing: ${why}\n`)

interface Result {
  readonly status: number
  readonly text: string
}

const runTool = (name: string, args: readonly string[], cwd: string): Promise<Result> =>
  new Promise((resolve) => {
    const options = { cwd, timeout: 400_000, maxBuffer: 64 * 1024 * 1024 }
    execFile(join(tools, 'bin', name), args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}\n${stderr}` })
    })
  })

/** Made-up requests may be megabytes long. */
const shortened = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line))
    .join('\n')
    .slice(0, 20_000)

describe.skipIf(why !== undefined)('the API', () => {
  let api: TestApi
  let server: RunningServer
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'escale-api-'))
    const uploads = folderUploads({ folder: join(folder, 'uploads'), clock: systemClock, random: systemRandom })
    api = await testApi({ uploads })
    server = await serveApi({ api: api.options, port: 0 })
    const deployment = await deployHello(api)
    // Names that exist, so that requests get further than the door.
    const parameters = {
      'path.project': 'shop',
      'path.app': 'hello',
      'path.cluster': 'local',
      'path.release': '1',
      'path.deployment': deployment,
    }
    const lines = Object.entries(parameters).map(([name, value]) => `"${name}" = ${JSON.stringify(value)}`)
    const refusals = '[400, 401, 403, 404, 405, 409, 413, 415, 422, 431]'
    writeFileSync(
      join(folder, 'schemathesis.toml'),
      `[checks]\nnegative_data_rejection.expected-statuses = ${refusals}\n\n[parameters]\n${lines.join('\n')}\n`,
    )
  })
  afterAll(async () => {
    await server.close(100)
    await api.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('has a document that is valid OpenAPI 3.1', async () => {
    writeFileSync(join(folder, 'openapi.json'), await (await fetch(`${server.url}/openapi.json`)).text())
    const result = await runTool('openapi-spec-validator', ['openapi.json'], folder)
    expect(result, result.text).toMatchObject({ status: 0 })
  })

  it.each([
    ['an owner', 'owner', 12, 'examples,coverage,fuzzing'],
    ['a viewer', 'viewer', 5, 'examples,fuzzing'],
    ['nobody', undefined, 3, 'examples,fuzzing'],
  ] as const)(
    'answers %s as documented, and never with a 5xx',
    { timeout: 420_000 },
    async (_, person, examples, phaseNames) => {
      const auth = person === undefined ? [] : ['--header', `Authorization: Bearer ${api.tokens[person]}`]
      // What the document cannot say, such as what makes a text a manifest, is refused although it fits the schema.
      const checks = ['--checks', 'all', '--exclude-checks', 'positive_data_acceptance']
      const limits = ['--max-examples', String(examples), '--seed', '7', '--request-timeout', '30', '--no-color']
      // Archives are nothing that it can make up.
      const phases = ['--phases', phaseNames, '--exclude-operation-id', 'uploadContext']
      const args = ['run', `${server.url}/openapi.json`, ...auth, ...checks, ...limits, ...phases]
      const result = await runTool('schemathesis', args, folder)
      expect(result.status, shortened(result.text)).toBe(0)
    },
  )
})
