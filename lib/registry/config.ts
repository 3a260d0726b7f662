/** The configuration of an image: what its containers do when nobody says otherwise. */
import { isFields, parseObject, textOf, textsOf } from './json.ts'
import type { Platform } from './platform.ts'

/** The same members as a release keeps of an image. */
export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly user: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly exposedPorts: readonly string[]
  readonly volumes: readonly string[]
  readonly stopSignal?: string
  readonly os?: string
  readonly arch?: string
}

export interface ConfigFile {
  readonly config: ImageConfig
  readonly platform?: Platform
  /** Digests of the unpacked layers, lowest first. */
  readonly diffIds: readonly string[]
}

export const maxConfigBytes = 8 * 1024 * 1024

export function parseConfig(bytes: Uint8Array, where: string): ConfigFile {
  const fields = parseObject(bytes, 'image-unsupported', `the configuration of ${where}`)
  const own = isFields(fields['config']) ? fields['config'] : {}
  const rootfs = isFields(fields['rootfs']) ? fields['rootfs'] : {}
  const os = textOf(fields['os'])
  const arch = textOf(fields['architecture'])
  const variant = textOf(fields['variant'])
  const stopSignal = textOf(own['StopSignal'])
  return {
    config: {
      entrypoint: textsOf(own['Entrypoint']),
      command: textsOf(own['Cmd']),
      user: textOf(own['User']) ?? '',
      workdir: textOf(own['WorkingDir']) ?? '',
      env: Object.fromEntries(textsOf(own['Env']).map(splitVariable)),
      exposedPorts: keysOf(own['ExposedPorts']),
      volumes: keysOf(own['Volumes']),
      ...(stopSignal === undefined || stopSignal === '' ? {} : { stopSignal }),
      ...(os === undefined ? {} : { os }),
      ...(arch === undefined ? {} : { arch }),
    },
    ...(os === undefined || arch === undefined || os === '' || arch === ''
      ? {}
      : { platform: { os, arch, ...(variant === undefined || variant === '' ? {} : { variant }) } }),
    diffIds: textsOf(rootfs['diff_ids']),
  }
}

const keysOf = (value: unknown): readonly string[] => (isFields(value) ? Object.keys(value) : [])

function splitVariable(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)]
}
