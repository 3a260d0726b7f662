/** Literals that look like secrets, unless `allowPlain: true` stands beside them. Never quotes them. */
import { containersIn, workloadsOf } from '../lookup.ts'
import type { AnyContainer } from '../lookup.ts'
import type { LoadedConfigs } from '../load-files.ts'
import { looksSecret, masked, secretShape } from '../../core/secrecy.ts'
import type { CheckInput, Report } from './input.ts'

const asSecret = 'define a secret under `secrets` and refer to it; if it is none, write `allowPlain: true` beside it'

function found(report: Report, path: readonly string[], what: string, reason: string, fix = asSecret): void {
  report(path, 'plain-secret', `${what} ${reason}`, { value: masked, fix })
}

export function checkPlainSecrets({ manifest, report }: CheckInput, loaded: LoadedConfigs): void {
  for (const [name, config] of Object.entries(manifest.config ?? {})) {
    for (const [key, value] of Object.entries(config.values ?? {})) {
      const reason = value.allowPlain === true ? undefined : looksSecret(key, value.text ?? '')
      if (reason !== undefined) found(report, ['config', name, 'values', key, 'text'], `the value \`${key}\``, reason)
    }
    for (const [key, file] of Object.entries(config.files ?? {})) {
      if ('allowPlain' in file && file.allowPlain === true) continue
      const kind = 'content' in file ? 'content' : 'path' in file ? 'path' : 'base64'
      const below = key === '.' ? '' : `${key}/`
      for (const each of loaded[name] ?? []) {
        if (each.name !== key && !(kind === 'path' && each.name.startsWith(below))) continue
        const reason = each.content.kind === 'text' ? secretShape(each.content.text) : undefined
        if (reason === undefined) continue
        found(
          report,
          ['config', name, 'files', key, kind],
          `the file \`${each.name}\``,
          `holds what looks like ${reason}`,
        )
      }
    }
  }
  for (const [name, secret] of Object.entries(manifest.secrets ?? {})) {
    if (!('join' in secret) || secret.allowPlain === true) continue
    for (const [index, part] of secret.join.entries()) {
      const reason = typeof part === 'string' ? secretShape(part) : undefined
      if (reason !== undefined)
        found(report, ['secrets', name, 'join', String(index)], 'a part', `looks like ${reason}`)
    }
  }
  for (const placed of workloadsOf(manifest)) {
    for (const { container, path } of containersIn(placed)) checkContainer(container, path, report)
    checkOpaque(placed.workload.override, [...placed.path, 'override'], report)
  }
}

function checkContainer(container: AnyContainer, path: readonly string[], report: Report): void {
  for (const [name, value] of Object.entries(container.env ?? {})) {
    if (!('text' in value) || value.allowPlain === true) continue
    const reason = looksSecret(name, value.text ?? '')
    if (reason !== undefined) found(report, [...path, 'env', name, 'text'], `the variable \`${name}\``, reason)
  }
  if (container.allowPlain === true) return
  const beside = 'use a secret; if it is none, write `allowPlain: true` in the container'
  for (const [name, value] of Object.entries(container.build?.args ?? {})) {
    const reason = looksSecret(name, value)
    if (reason !== undefined)
      found(
        report,
        [...path, 'build', 'args', name],
        `the build argument \`${name}\``,
        `${reason}, and stays visible in the image`,
        beside,
      )
  }
  for (const key of ['entrypoint', 'command'] as const) {
    for (const [index, word] of (container[key] ?? []).entries()) {
      // `--db-password=hunter2` names it as an env variable would.
      const option = /^--?([A-Za-z][\w.-]*)=(.*)$/s.exec(word)
      const reason =
        option === null
          ? secretShape(word) && `looks like ${secretShape(word) ?? ''}`
          : looksSecret(option[1] ?? '', option[2] ?? '')
      if (reason !== undefined) found(report, [...path, key, String(index)], `a word of \`${key}\``, reason, beside)
    }
  }
}

/** Native fragments are opaque, but a token is a token. */
function checkOpaque(value: unknown, path: readonly string[], report: Report): void {
  if (typeof value === 'string') {
    const reason = secretShape(value)
    if (reason !== undefined)
      found(report, path, 'a native field', `looks like ${reason}`, 'refer to a secret of the target instead')
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkOpaque(item, [...path, String(index)], report)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) checkOpaque(member, [...path, key], report)
  }
}
