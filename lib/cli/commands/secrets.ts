import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EscaleError, problem } from '../../core/errors.ts'
import type { Input } from '../../client/types.ts'
import { addressOf, appOptions, callOf } from '../app.ts'
import { command, group } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { pairsOf } from '../manifest/params.ts'
import { formatAge } from '../output/units.ts'
import { usage, yesOption } from './shared.ts'

type Value = { readonly value: string } | { readonly base64: string }
type Body = Input<'setSecret'>['body']

const maxSecretBytes = 64 * 1024

const set = command({
  name: 'set',
  summary: 'give a secret a value',
  description:
    'Gives a secret a new value, from standard input, from a file, or asked for unseen on a terminal; never from the command line, ' +
    'where everybody on the machine could read it. Instances get it with the next deployment.',
  options: {
    ...appOptions,
    fromFile: { value: 'path', completes: 'file', description: 'read the value from this file, byte for byte' },
    key: {
      value: 'key=path',
      repeat: true,
      description: 'a key of a secret with several, from a file; may stand several times',
    },
    keepNewline: { description: 'keep the line break at the end of standard input' },
  },
  arguments: { name: { description: 'the secret', required: true } },
  examples: [
    { line: 'escale secrets set stripe', says: 'asked for, unseen' },
    { line: 'pass show stripe | escale secrets set stripe', says: 'from another program' },
    { line: 'escale secrets set tls --key tls.crt=cert.pem --key tls.key=key.pem', says: 'several values by key' },
  ],
  async handler(context, { options, args }) {
    const { out } = context
    const address = await addressOf(context, options)
    const body = await bodyOf(context, args.name, options)
    const client = await context.client()
    const call = callOf(address)
    const version = await client.call('setSecret', {
      params: { ...call.params, secret: args.name },
      query: call.query,
      body,
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await out.show({ name: args.name, ...version }, () =>
      out.quiet
        ? version.version
        : `secret ${args.name} has version ${version.version}; instances get it with the next \`escale deploy\``,
    )
  },
})

interface SetOptions {
  readonly fromFile: string | undefined
  readonly key: readonly string[]
  readonly keepNewline: boolean
}

async function bodyOf(context: CommandContext, name: string, options: SetOptions): Promise<Body> {
  const { world } = context
  if (options.key.length > 0) {
    if (options.fromFile !== undefined)
      throw usage('--key and --from-file exclude each other', 'give each key its file with --key')
    const keys = Object.entries(pairsOf(options.key, '--key')).map(
      async ([key, path]) => [key, await fileValue(world.cwd, path)] as const,
    )
    return { keys: Object.fromEntries(await Promise.all(keys)) }
  }
  if (options.fromFile !== undefined) return await fileValue(world.cwd, options.fromFile)
  if (!world.stdin.isTTY) {
    const bytes = Buffer.from(await world.stdin.readAll(maxSecretBytes))
    const text = bytes.toString('utf8')
    if (!Buffer.from(text, 'utf8').equals(bytes)) return { base64: bytes.toString('base64') }
    const value = options.keepNewline ? text : text.replace(/\r?\n$/, '')
    if (value === '')
      throw usage('standard input is empty, so there is no value', 'pipe the value in, or use --from-file')
    return { value }
  }
  const prompts = await world.prompts()
  const value = await prompts.password(`Value of the secret ${name}`)
  if (value === undefined || value === '') throw new EscaleError('declined', 'no value was given; nothing was changed')
  return { value }
}

async function fileValue(cwd: string, path: string): Promise<Value> {
  const refuse = (code: 'file-missing' | 'too-large', message: string): never => {
    throw new EscaleError(code, message, { problems: [problem(code, message)] })
  }
  const full = resolve(cwd, path)
  const found = await stat(full).catch(() => refuse('file-missing', `${JSON.stringify(path)} cannot be read`))
  if (!found.isFile()) return refuse('file-missing', `${JSON.stringify(path)} is no file`)
  if (found.size > maxSecretBytes)
    return refuse(
      'too-large',
      `${JSON.stringify(path)} has ${String(found.size)} bytes; a secret has at most ${String(maxSecretBytes)}`,
    )
  const bytes = await readFile(full).catch(() => refuse('file-missing', `${JSON.stringify(path)} cannot be read`))
  if (bytes.length === 0) return refuse('file-missing', `${JSON.stringify(path)} is empty`)
  return { base64: bytes.toString('base64') }
}

const list = command({
  name: 'ls',
  summary: 'list secrets, never their values',
  description: 'Lists the secrets of an app with the version that the next release pins. Values are never shown.',
  options: appOptions,
  arguments: {},
  examples: [{ line: 'escale secrets ls --env production', says: 'of one environment' }],
  async handler(context, { options }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    const { items } = await client.call('listSecrets', { ...callOf(address), signal: context.interrupted })
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      items,
      [
        { title: 'SECRET', value: (secret) => secret.name },
        { title: 'VERSION', value: (secret) => secret.version },
        { title: 'ORIGIN', value: (secret) => secret.origin },
        { title: 'AGE', value: (secret) => formatAge(secret.createdAt, nowMs), right: true },
      ],
      'There are no secrets.',
    )
  },
})

const versions = command({
  name: 'versions',
  summary: 'list the versions of a secret',
  description: 'Lists the versions of a secret. Values are never shown.',
  options: appOptions,
  arguments: { name: { description: 'the secret', required: true } },
  examples: [{ line: 'escale secrets versions stripe', says: 'when it was changed' }],
  async handler(context, { options, args }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    const call = callOf(address)
    const { items } = await client.call('listSecretVersions', {
      params: { ...call.params, secret: args.name },
      query: call.query,
      signal: context.interrupted,
    })
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      items,
      [
        { title: 'VERSION', value: (version) => version.version },
        { title: 'ORIGIN', value: (version) => version.origin },
        { title: 'AGE', value: (version) => formatAge(version.createdAt, nowMs), right: true },
      ],
      'It has no versions.',
    )
  },
})

const remove = command({
  name: 'rm',
  summary: 'remove a secret with all its versions',
  description: 'Removes a secret with all its versions. Releases that pin one of them cannot be deployed again.',
  options: { ...appOptions, ...yesOption },
  arguments: { name: { description: 'the secret', required: true } },
  examples: [{ line: 'escale secrets rm stripe', says: 'after asking' }],
  async handler(context, { options, args }) {
    const address = await addressOf(context, options)
    const client = await context.client()
    await context.confirm(`Remove the secret ${args.name} of ${address.app} with all its versions?`, options.yes)
    const call = callOf(address)
    await client.call('removeSecret', {
      params: { ...call.params, secret: args.name },
      query: call.query,
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show({ removed: args.name }, () => (context.out.quiet ? '' : `secret ${args.name} was removed`))
  },
})

export const secrets = group({
  name: 'secrets',
  summary: 'set, list and remove secrets',
  description: 'Secrets of an app. Values go in and never come out.',
  commands: [set, list, versions, remove],
})
