/** Whom the files of a container belong to: its user and that user's group (MANIFEST). */
import type { Container } from '../../../model/unit.ts'

export type ContainerUser =
  | { readonly kind: 'numeric'; readonly uid: string; readonly gid: string }
  /** A name that only the image's own /etc/passwd can tell the number of. */
  | { readonly kind: 'named'; readonly name: string }

export function containerUser({ user, image }: Pick<Container, 'user' | 'image'>): ContainerUser {
  const text = user ?? image.config?.user ?? ''
  const [name = '', group] = text.split(':')
  if (name === '' || name === 'root')
    return { kind: 'numeric', uid: '0', gid: group !== undefined && /^\d+$/.test(group) ? group : '0' }
  if (!/^\d+$/.test(name)) return { kind: 'named', name: text }
  return { kind: 'numeric', uid: name, gid: group !== undefined && /^\d+$/.test(group) ? group : '0' }
}

export const isRoot = (user: ContainerUser): boolean => user.kind === 'numeric' && user.uid === '0'

/** Permission bits that let the container's user read: a named one cannot own the file, so everybody may. */
export function readableMode(mode: number, user: ContainerUser): number {
  if (user.kind === 'numeric') return mode
  return mode | 0o444 | ((mode & 0o100) === 0 ? 0 : 0o111)
}
