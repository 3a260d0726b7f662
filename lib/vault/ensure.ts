/**
 * Makes sure that every secret of an app has a value, and tells the versions a release pins (ruling A9).
 * Generated values are made once; joined and copied ones anew when what they are made of has changed, and only
 * then: the value is compared, so no record of its parts is needed. No value reaches a problem.
 */
import type { Random } from '../core/deps.ts'
import { EscaleError, problem } from '../core/errors.ts'
import type { Code } from '../core/codes.ts'
import { formatPath } from '../core/problems.ts'
import type { Problem } from '../core/problems.ts'
import type { AppKey } from '../model/app.ts'
import type { Secret, SecretRef, SecretSource } from '../model/unit.ts'
import { secretBytes } from './checks.ts'
import { generateValue, joinParts, pick, sameValue, secretPath, singleValue } from './secrets.ts'
import type { SecretVersions } from './secrets.ts'
import { ownScheme, parseReference } from './sources.ts'
import type { SourceAnswer, SourceReaders } from './sources.ts'
import type { SecretValue, SecretVersion, Vault } from './vault.ts'
import { maxSecretBytes } from './vault.ts'

export interface EnsureOptions {
  readonly vault: Vault
  readonly app: AppKey
  readonly secrets: readonly Secret[]
  readonly random: Random
  readonly sources: SourceReaders
  /** Writes nothing: for plans. What would get a new version is in `pending`. */
  readonly dryRun?: boolean
}

export interface EnsuredSecrets {
  readonly versions: SecretVersions
  readonly pending: readonly string[]
  readonly problems: readonly Problem[]
}

type FoundAnswer = Exclude<SourceAnswer, { kind: 'missing' }>

type State =
  | { readonly kind: 'ready'; readonly value: SecretValue; readonly version: string }
  /** Nothing of it is in the vault. */
  | { readonly kind: 'outside' }
  | { readonly kind: 'pending' }
  /** Its problem has been told. */
  | { readonly kind: 'failed' }

const failed: State = { kind: 'failed' }

export async function ensureSecrets(options: EnsureOptions): Promise<EnsuredSecrets> {
  const { vault, app, random, sources, dryRun = false } = options
  const byName = new Map(options.secrets.map((secret) => [secret.name, secret]))
  const states = new Map<string, State | 'under way'>()
  const outside: [string, string][] = []
  const problems: Problem[] = []

  function fail(code: Code, path: readonly string[], message: string, fix?: string): State {
    problems.push(
      problem(code, message, { path: formatPath(['secrets', ...path]), ...(fix === undefined ? {} : { fix }) }),
    )
    return failed
  }

  const stored = async (name: string): Promise<State | undefined> => {
    const found = await vault.read(secretPath(app, name))
    return found && { kind: 'ready', value: found.value, version: found.version.version }
  }

  async function keep(name: string, value: SecretValue, origin: SecretVersion['origin']): Promise<State> {
    const bytes = secretBytes(value)
    if (bytes > maxSecretBytes) {
      return fail('too-large', [name], `secret ${name} would be of ${bytes} bytes, at most ${maxSecretBytes} are kept`)
    }
    const before = await stored(name)
    if (before?.kind === 'ready' && sameValue(before.value, value)) return before
    if (dryRun) return { kind: 'pending' }
    const { version } = await vault.put(secretPath(app, name), value, origin)
    return { kind: 'ready', value, version }
  }

  async function generate(name: string, length: number): Promise<State> {
    const before = await stored(name)
    if (before !== undefined) return before
    if (dryRun) return { kind: 'pending' }
    await vault.put(secretPath(app, name), singleValue(generateValue(length, random)), 'generated')
    // Another process may have made one at the same moment: both take the one that is current.
    return (await stored(name)) ?? fail('secret-missing', [name], `secret ${name} was removed while it was made`)
  }

  async function ask(path: readonly string[], text: string): Promise<FoundAnswer | undefined> {
    const reference = parseReference(text)
    const reader = Object.hasOwn(sources, reference.scheme) ? sources[reference.scheme] : undefined
    if (reader === undefined) {
      const fix = `use \`from: "store:"\` and set the value with \`escale secrets set ${path[0]}\``
      fail('backend-cannot', path, `secrets cannot be read from "${text}" here`, fix)
      return undefined
    }
    const answer = await reader(reference, app)
    if (answer.kind !== 'missing') return answer
    fail('secret-missing', path, `"${text}" has no value: ${answer.why}`, `create it where "${text}" points to`)
    return undefined
  }

  const isOwn = (from: string): boolean => parseReference(from).scheme === ownScheme

  /** `store:` alone is the secret's own place in the vault; another's is not to be had by this way. */
  function checkOwn(path: readonly string[], from: string): boolean {
    if (from === `${ownScheme}:`) return true
    fail(
      'invalid-format',
      path,
      `"${from}" says more than \`store:\`, which stands for this secret's own value`,
      'write `store:`',
    )
    return false
  }

  async function from(name: string, text: string): Promise<State> {
    if (isOwn(text)) {
      if (!checkOwn([name], text)) return failed
      return (
        (await stored(name)) ??
        fail('secret-missing', [name], `secret ${name} has no value yet`, `run \`escale secrets set ${name}\``)
      )
    }
    const answer = await ask([name], text)
    if (answer === undefined) return failed
    if (answer.kind === 'copy') return keep(name, answer.value, 'copied')
    outside.push([name, `${parseReference(text).scheme}:${versionOf(answer)}`])
    return { kind: 'outside' }
  }

  async function keyed(name: string, keys: Readonly<Record<string, { readonly from: string }>>): Promise<State> {
    const before = await stored(name)
    const own = before?.kind === 'ready' && before.value.kind === 'keyed' ? before.value.keys : {}
    const copies: [string, Uint8Array][] = []
    const told = problems.length
    let inVault = 0
    for (const [key, { from: text }] of Object.entries(keys)) {
      const path = [name, 'keys', key]
      if (isOwn(text)) {
        inVault++
        if (checkOwn(path, text) && !Object.hasOwn(own, key)) {
          fail(
            'secret-missing',
            path,
            `key ${key} of secret ${name} has no value yet`,
            `run \`escale secrets set ${name}\` with a value for ${key}`,
          )
        }
        continue
      }
      const answer = await ask(path, text)
      if (answer?.kind === 'pinned') {
        outside.push([`${name}#${key}`, `${parseReference(text).scheme}:${versionOf(answer)}`])
      } else if (answer?.kind === 'copy') {
        const data = pick(answer.value, undefined)
        if (data === undefined)
          fail('invalid-format', path, `"${text}" holds several keys where one value is meant`, 'add `#` and the key')
        else copies.push([key, data])
      }
    }
    if (problems.length > told) return failed
    if (copies.length > 0) {
      return keep(name, { kind: 'keyed', keys: Object.fromEntries([...Object.entries(own), ...copies]) }, 'copied')
    }
    return inVault === 0 || before === undefined ? { kind: 'outside' } : before
  }

  async function join(name: string, parts: readonly (string | SecretRef)[]): Promise<State> {
    const values: (string | Uint8Array)[] = []
    let waiting: State | undefined
    for (const [index, part] of parts.entries()) {
      if (typeof part === 'string') {
        values.push(part)
        continue
      }
      const path = [name, 'join', String(index)]
      const state = await resolve(part.secret, path)
      if (state.kind === 'ready') {
        const data = pick(state.value, part.key)
        if (data === undefined) {
          const what =
            part.key === undefined ? 'has several keys, one of which must be named' : `has no key ${part.key}`
          return fail('unknown-reference', path, `secret ${part.secret} ${what}`)
        }
        values.push(data)
      } else if (state.kind === 'outside') {
        waiting = fail(
          'backend-cannot',
          path,
          `the value of secret ${part.secret} stays with its source, so nothing can be joined from it`,
        )
      } else {
        waiting = waiting?.kind === 'failed' ? waiting : state
      }
    }
    return waiting ?? keep(name, singleValue(joinParts(values)), 'joined')
  }

  function make(name: string, source: SecretSource): Promise<State> {
    switch (source.kind) {
      case 'generate':
        return generate(name, source.length)
      case 'from':
        return from(name, source.from)
      case 'keys':
        return keyed(name, source.keys)
      case 'join':
        return join(name, source.parts)
    }
  }

  async function resolve(name: string, askedAt: readonly string[]): Promise<State> {
    const known = states.get(name)
    if (known === 'under way') return fail('dependency-cycle', askedAt, `secret ${name} is joined from itself`)
    if (known !== undefined) return known
    const secret = byName.get(name)
    if (secret === undefined) return fail('unknown-reference', askedAt, `there is no secret ${name}`)
    states.set(name, 'under way')
    const state = await make(name, secret.source)
    states.set(name, state)
    return state
  }

  const versions: [string, string][] = []
  const pending: string[] = []
  for (const { name } of options.secrets) {
    const state = await resolve(name, [name])
    if (state.kind === 'ready') versions.push([name, state.version])
    if (state.kind === 'pending') pending.push(name)
  }
  return { versions: Object.fromEntries([...versions, ...outside]), pending, problems }
}

function versionOf(answer: Extract<FoundAnswer, { kind: 'pinned' }>): string {
  if (answer.version === '') throw new EscaleError('internal-error', 'a source of secrets answered an empty version')
  return answer.version
}
