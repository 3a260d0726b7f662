/** Secrets as people handle them: values go in and never come out; what is shown are versions (ruling A9). */
import { EscaleError } from '../core/errors.ts'
import { appKeyText } from '../model/app.ts'
import type { AppKey } from '../model/app.ts'
import type { Release } from '../model/release.ts'
import { maxSecretBytes } from '../vault/vault.ts'
import type { SecretValue, SecretVersion } from '../vault/vault.ts'
import { secretName, secretPath, secretPrefix } from '../vault/secrets.ts'
import type { Actor } from './actor.ts'
import type { Deps } from './deps.ts'
import { recordAppEvents } from './events.ts'
import type { AppRecord } from './records.ts'
import { addresses } from './records.ts'
import { rolloutSecrets } from './rotate.ts'

export interface SecretSummary {
  readonly name: string
  readonly current: SecretVersion
}

const bytesOf = (value: SecretValue): number =>
  value.kind === 'single' ? value.data.length : Object.values(value.keys).reduce((sum, data) => sum + data.length, 0)

const hasEmpty = (value: SecretValue): boolean =>
  value.kind === 'single'
    ? value.data.length === 0
    : Object.keys(value.keys).length === 0 || Object.values(value.keys).some((data) => data.length === 0)

/** Adds a version; where something that stands uses the secret, a new release carries it there. */
export async function setSecret(
  deps: Deps,
  actor: Actor,
  key: AppKey,
  name: string,
  value: SecretValue,
): Promise<{ before?: SecretVersion; after: SecretVersion; deployment?: string }> {
  const bytes = bytesOf(value)
  if (bytes > maxSecretBytes) {
    throw new EscaleError(
      'too-large',
      `Secret ${JSON.stringify(name)} has ${String(bytes)} bytes; ${String(maxSecretBytes)} are allowed over all its keys.`,
    )
  }
  if (hasEmpty(value)) {
    throw new EscaleError('out-of-range', `Secret ${JSON.stringify(name)} has an empty value; give at least one byte.`)
  }
  const path = secretPath(key, name)
  const before = await deps.vault.current(path)
  const after = await deps.vault.put(path, value, 'set')
  await recordAppEvents(deps, key, [
    { type: 'secret.changed', actor: actor.subject, data: { secret: name, version: after.version } },
  ])
  const deployment = await rolloutSecrets(deps, actor, key, `secret ${name} changed`)
  return {
    ...(before !== undefined && { before }),
    after,
    ...(deployment !== undefined && { deployment: deployment.id }),
  }
}

export async function listSecrets(deps: Pick<Deps, 'vault'>, key: AppKey): Promise<readonly SecretSummary[]> {
  const paths = await deps.vault.list(secretPrefix(key))
  const found = await Promise.all(
    paths.map(async (path) => ({ name: secretName(path), current: await deps.vault.current(path) })),
  )
  return found.flatMap(({ name, current }) => (current === undefined ? [] : [{ name, current }]))
}

/** Versions of a secret; empty where there is none of this name. */
export const secretVersions = (
  deps: Pick<Deps, 'vault'>,
  key: AppKey,
  name: string,
): Promise<readonly SecretVersion[]> => deps.vault.versions(secretPath(key, name))

/** Releases that run now, or are about to, and pin a version of the secret. */
async function usedBy(deps: Pick<Deps, 'store'>, key: AppKey, name: string): Promise<readonly number[]> {
  const app = await deps.store.get<AppRecord>(addresses.app(key))
  if (app === undefined || app.value.removedAtMs !== undefined) return []
  const numbers = new Set<number>()
  for (const number of [app.value.current, app.value.lastGood]) if (number !== undefined) numbers.add(number)
  if (app.value.active !== undefined || app.value.next !== undefined) numbers.add(app.value.lastReleaseNumber)
  const used: number[] = []
  for (const number of numbers) {
    const release = await deps.store.get<Release>(addresses.release(key, number))
    if (release?.value.secretVersions[name] !== undefined) used.push(number)
  }
  return used.sort((a, b) => a - b)
}

/** Removes a secret with all its versions; refused while a release that may run needs it. */
export async function removeSecret(deps: Deps, actor: Actor, key: AppKey, name: string): Promise<void> {
  const current = await deps.vault.current(secretPath(key, name))
  if (current === undefined) {
    throw new EscaleError('not-found', `There is no secret ${JSON.stringify(name)} in ${appKeyText(key)}.`)
  }
  const used = await usedBy(deps, key, name)
  if (used.length > 0) {
    throw new EscaleError(
      'in-use',
      `Secret ${JSON.stringify(name)} is used by release ${used.join(' and ')}; deploy without it, then remove it.`,
    )
  }
  await deps.vault.remove(secretPath(key, name))
  await recordAppEvents(deps, key, [{ type: 'secret.removed', actor: actor.subject, data: { secret: name } }])
}
