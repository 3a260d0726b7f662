/** The files of each config, wherever they come from. */
import { Buffer } from 'node:buffer'
import type { FileContent } from '../model/unit.ts'
import type { FileReader, FolderFile } from './files.ts'
import type { ConfigFile } from './sections/config.ts'
import { parseMode } from './sections/files.ts'
import type { CompleteManifest } from './sections/manifest.ts'
import { maxConfigBytes } from './text/limits.ts'
import type { Report } from './checks/input.ts'

export interface LoadedFile {
  /** Path inside the config. */
  readonly name: string
  readonly content: Exclude<FileContent, { readonly kind: 'secret' }>
  readonly mode?: number
}

export type LoadedConfigs = Readonly<Record<string, readonly LoadedFile[]>>

/** Reads them all; what cannot be read is reported and left out. */
export function loadFiles(manifest: CompleteManifest, reader: FileReader, report: Report): LoadedConfigs {
  const configs: Record<string, LoadedFile[]> = {}
  let total = 0
  for (const [configName, config] of Object.entries(manifest.config ?? {})) {
    const loaded: LoadedFile[] = []
    for (const value of Object.values(config.values ?? {})) total += Buffer.byteLength(value.text ?? '')
    for (const [fileName, file] of Object.entries(config.files ?? {})) {
      const path = ['config', configName, 'files', fileName]
      for (const each of loadOne(fileName, file, path, reader, report)) {
        loaded.push(each)
        total += sizeOf(each.content)
      }
    }
    configs[configName] = loaded
  }
  if (total > maxConfigBytes) {
    report(['config'], 'too-large', `the configs hold ${total} bytes; at most ${maxConfigBytes} are carried`, {
      fix: 'put large files into the image or on a volume',
      part: 'key',
    })
  }
  return configs
}

const sizeOf = (content: LoadedFile['content']): number =>
  content.kind === 'text' ? Buffer.byteLength(content.text) : Math.floor((content.base64.length * 3) / 4)

function loadOne(
  name: string,
  file: ConfigFile,
  path: readonly string[],
  reader: FileReader,
  report: Report,
): readonly LoadedFile[] {
  const mode = parseMode(file.mode)
  const found = 'path' in file ? reader.read(file.path) : undefined
  if (name === '.' && (found === undefined || found.kind === 'file')) {
    report(path, 'invalid-format', '`.` is the config itself, where a folder can stand, and no name for a file', {
      part: 'key',
      fix: 'name the file',
    })
    return []
  }
  if ('content' in file) return [{ name, content: { kind: 'text', text: file.content }, mode }]
  if ('base64' in file) return [{ name, content: contentOf(Buffer.from(file.base64, 'base64')), mode }]
  if (found === undefined) return []
  switch (found.kind) {
    case 'file':
      return [{ name, content: contentOf(found.bytes), mode }]
    case 'folder':
      return found.files.map((each) => ({ name: nameBelow(name, each), content: contentOf(each.bytes), mode }))
    case 'missing':
      report([...path, 'path'], 'file-missing', `\`${file.path}\` cannot be read: ${found.reason}`, {
        value: file.path,
      })
      return []
    case 'outside':
      report([...path, 'path'], 'path-outside', `\`${file.path}\` may not be read: ${found.reason}`, {
        value: file.path,
        fix: 'name a path inside the folder of the manifest, without `..`',
      })
      return []
    case 'too-large':
      report([...path, 'path'], 'too-large', `\`${file.path}\` is too large: ${found.reason}`, { value: file.path })
      return []
  }
}

/** The files of a folder stand below the key; `.` is the config itself. */
const nameBelow = (name: string, file: FolderFile): string =>
  name === '.' ? file.path : `${name.replace(/\/+$/, '')}/${file.path}`

/** Text where the bytes are UTF-8 without control characters, so that targets and people can read it. */
export function contentOf(bytes: Uint8Array): LoadedFile['content'] {
  const text = Buffer.from(bytes).toString('utf8')
  const isText = !text.includes('\0') && Buffer.from(text, 'utf8').equals(bytes)
  return isText ? { kind: 'text', text } : { kind: 'base64', base64: Buffer.from(bytes).toString('base64') }
}
