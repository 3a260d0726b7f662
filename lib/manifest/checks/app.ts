/** Secrets, registries, external names: what stands outside of services. */
import { Buffer } from 'node:buffer'
import { findCycle } from '../dependencies.ts'
import { maxSecretBytes } from '../text/limits.ts'
import { checkSecretRef } from './env.ts'
import type { CheckInput } from './input.ts'

export function checkApp(input: CheckInput): void {
  const { manifest, report } = input
  for (const [host, registry] of Object.entries(manifest.registries ?? {})) {
    if (registry.password?.secret === undefined) continue
    checkSecretRef(manifest, registry.password, ['registries', host, 'password'], report, false)
  }
  for (const [name, external] of Object.entries(manifest.external ?? {})) {
    if ('app' in external && external.app === manifest.metadata?.name) {
      report(
        ['external', name, 'app'],
        'conflict',
        `\`${external.app}\` is this app; its services are reached by their names`,
        { value: external.app, fix: 'use the name of the service' },
      )
    }
  }
  checkJoins(input)
}

function checkJoins({ manifest, report }: CheckInput): void {
  const edges = new Map<string, readonly string[]>()
  for (const [name, secret] of Object.entries(manifest.secrets ?? {})) {
    if (!('join' in secret)) continue
    const refs: string[] = []
    for (const [index, part] of secret.join.entries()) {
      if (typeof part === 'string' || part.secret === undefined) continue
      refs.push(part.secret)
      checkSecretRef(manifest, part, ['secrets', name, 'join', String(index)], report, false)
    }
    edges.set(name, refs)
    const bytes = secret.join.reduce((sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : 0), 0)
    if (bytes > maxSecretBytes) {
      report(
        ['secrets', name, 'join'],
        'too-large',
        `the secret \`${name}\` has ${bytes} bytes; at most ${maxSecretBytes} are kept`,
        { fix: 'shorten it' },
      )
    }
  }
  const cycle = findCycle(edges)
  if (cycle !== undefined) {
    report(
      ['secrets', cycle[0] ?? '', 'join'],
      'dependency-cycle',
      `the parts of secrets go round in a circle: ${cycle.join(' → ')}`,
      { part: 'key', fix: 'remove one of the parts' },
    )
  }
}
