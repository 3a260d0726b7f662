/** What a container runs: entrypoint and command of the manifest over those of the image. */
import type { Container } from '../../../model/unit.ts'

export type Argv =
  /** The image's own, as the engine puts them together; nothing needs to be known about it. */
  | { readonly kind: 'image' }
  | { readonly kind: 'native'; readonly command?: readonly string[]; readonly args?: readonly string[] }
  /** Nothing would be left to run. */
  | { readonly kind: 'empty' }
  /** The image's configuration is needed and not known. */
  | { readonly kind: 'unknown' }

/**
 * What to send. Swarm drops empty lists, so clearing one half of the image's command line means writing the
 * other half out (A5); the engine itself drops the image's command where an entrypoint is given.
 */
export function nativeArgv({ entrypoint, command, image }: Container): Argv {
  if (entrypoint === undefined && command === undefined) return { kind: 'image' }
  if (entrypoint !== undefined && entrypoint.length > 0)
    return {
      kind: 'native',
      command: entrypoint,
      ...(command === undefined || command.length === 0 ? {} : { args: command }),
    }
  if (entrypoint !== undefined) {
    const rest = command ?? []
    return rest.length === 0 ? { kind: 'empty' } : { kind: 'native', command: rest }
  }
  if (command !== undefined && command.length > 0) return { kind: 'native', args: command }
  if (image.config === undefined) return { kind: 'unknown' }
  return image.config.entrypoint.length === 0 ? { kind: 'empty' } : { kind: 'native', command: image.config.entrypoint }
}

/** The whole command line, for what stands in front of it. */
export function wholeArgv({ entrypoint, command, image }: Container): readonly string[] | 'empty' | 'unknown' {
  const whole = (words: readonly string[]): readonly string[] | 'empty' => (words.length === 0 ? 'empty' : words)
  if (entrypoint !== undefined) return whole([...entrypoint, ...(command ?? [])])
  if (image.config === undefined) return 'unknown'
  return whole([...image.config.entrypoint, ...(command ?? image.config.command)])
}
