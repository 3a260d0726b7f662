import { stat } from 'node:fs/promises'
import { isApiError } from '../api-error.ts'
import { configPath, isOpenToOthers } from '../config/file.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import type { Finding } from '../doctor/finding.ts'
import { findingsText } from '../doctor/text.ts'
import { EscaleError } from '../../core/errors.ts'
import { wholeNumber } from './shared.ts'

export const doctor = command({
  name: 'doctor',
  summary: 'say what is missing, and how to get it',
  description:
    'Looks at this machine and at the server of the context: Node.js, the container engine, ports, permissions, the API. Changes nothing.',
  options: {
    engine: {
      value: 'address',
      description: 'the engine to look at; else ESCALE_ENGINE, DOCKER_HOST, the usual sockets',
    },
    port: { value: 'port', description: 'port that the API is to have; 7440 unless said otherwise' },
  },
  arguments: {},
  examples: [
    { line: 'escale doctor', says: 'everything' },
    { line: 'escale doctor -o json | jq \'.[] | select(.state == "error")\'', says: 'for scripts' },
  ],
  async handler(context, { options }) {
    const port = options.port === undefined ? 7440 : wholeNumber(options.port, '--port', 1, 65_535)
    const { world, out } = context
    const findings: readonly Finding[] = [
      ...(await world.diagnose({ port, ...(options.engine !== undefined && { engine: options.engine }) })),
      ...(await configFindings(context)),
      await apiFinding(context),
    ]
    const shown = out.quiet ? findings.filter((finding) => finding.state !== 'ok') : findings
    await out.show(shown, () => findingsText(shown, out.style, out.width))
    return findings.some((finding) => finding.state === 'error') ? 1 : 0
  },
})

async function configFindings({ world }: CommandContext): Promise<readonly Finding[]> {
  const path = configPath(world)
  if (await isOpenToOthers(path)) {
    return [
      {
        subject: 'config',
        state: 'warning',
        code: 'config-permissions',
        finding: `${path} holds tokens and may be read by others`,
        fix: `chmod 600 ${path}`,
      },
    ]
  }
  const isThere = (await stat(path).catch(() => undefined)) !== undefined
  return [
    {
      subject: 'config',
      state: 'ok',
      finding: isThere ? `${path} is for your eyes alone` : 'nothing is remembered yet',
    },
  ]
}

async function apiFinding(context: CommandContext): Promise<Finding> {
  const subject = 'api'
  try {
    const { url } = await context.session()
    const client = await context.client()
    const { version } = await client.call('version', { signal: context.interrupted })
    return { subject, state: 'ok', finding: `${url} answers; version ${version}` }
  } catch (error) {
    if (error instanceof EscaleError && error.code === 'no-context') {
      return {
        subject,
        state: 'warning',
        code: error.code,
        finding: 'no server was chosen yet',
        fix: 'start one here with `escale up`, or log in to one with `escale login URL`',
      }
    }
    if (error instanceof EscaleError)
      return {
        subject,
        state: 'error',
        code: error.code,
        finding: error.message,
        fix: error.problems[0]?.fix ?? 'see `escale login --help`',
      }
    if (!isApiError(error)) throw error
    const fix =
      error.code === 'unauthenticated'
        ? 'log in again: escale login URL'
        : 'is it running? `escale up` starts one on this machine'
    return { subject, state: 'error', code: error.code, finding: error.message, fix }
  }
}
