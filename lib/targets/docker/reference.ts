/** Names of images. */

/** The registry that a reference belongs to; without one it is Docker Hub's. */
export function registryHost(reference: string): string {
  const slash = reference.indexOf('/')
  const first = slash === -1 ? '' : reference.slice(0, slash)
  return first === 'localhost' || first.includes('.') || first.includes(':') ? first : 'docker.io'
}

/** Name without tag and digest. A colon before a slash belongs to the host's port. */
export function repositoryOf(reference: string): string {
  const name = reference.split('@', 1)[0] ?? reference
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name
}

/** The tag that a reference names, where it does. */
export function tagOf(reference: string): string | undefined {
  const name = reference.split('@', 1)[0] ?? reference
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? name.slice(colon + 1) : undefined
}

/** The digest that a reference is pinned to, where it is. */
export function digestOf(reference: string): string | undefined {
  const at = reference.indexOf('@')
  return at === -1 ? undefined : reference.slice(at + 1)
}

/** As engines write repositories in `RepoDigests`: Docker Hub's host and `library/` are left out. */
export function familiarName(repository: string): string {
  return repository.replace(/^(docker\.io|index\.docker\.io)\//, '').replace(/^library\//, '')
}
