/**
 * Names of images: `[registry/]repository[:tag][@digest]`, read the way every engine reads them, so that
 * `alpine`, `docker.io/library/alpine:latest` and `index.docker.io/alpine` are one image.
 */
import { isIPv6 } from 'node:net'
import { problem } from '../core/errors.ts'
import type { Outcome, Problem } from '../core/problems.ts'
import { isDigest } from './digest.ts'

/** A repository at a registry. */
export interface Repository {
  /** Host, with a port where it is not the scheme's own: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string
  /** Path below the registry, complete: `library/alpine`. */
  readonly repository: string
}

export interface ImageReference extends Repository {
  /** `latest` where the name says neither tag nor digest. */
  readonly tag?: string
  readonly digest?: string
}

export const defaultRegistry = 'docker.io'
export const defaultTag = 'latest'
const officialNamespace = 'library/'

/** Limits of the distribution specification. */
export const maxRepositoryLength = 255
export const maxTagLength = 128

const hostPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const imageIdPattern = /^[a-f0-9]{64}$/

export function parseImageReference(text: string): Outcome<ImageReference> {
  const { name, tag, digest } = split(text)
  const { registry, path } = splitRegistry(name)
  const repository = registry === defaultRegistry && !path.includes('/') ? `${officialNamespace}${path}` : path
  const problems = [
    ...(text === '' ? [nameProblem(text, 'is empty', 'give a name such as `nginx:1.27`')] : []),
    ...registryProblems(text, registry),
    ...(text === '' ? [] : repositoryProblems(text, path, repository)),
    ...(tag === undefined ? [] : tagProblems(text, tag)),
    ...(digest === undefined ? [] : digestProblems(text, digest)),
  ]
  if (problems.length > 0) return { ok: false, problems }
  const version =
    tag === undefined && digest === undefined
      ? { tag: defaultTag }
      : { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
  return { ok: true, value: { registry, repository, ...version }, problems: [] }
}

/** In full: registry, namespace and version. What one engine understands, all do. */
export const canonicalName = (reference: ImageReference): string =>
  `${canonicalRepository(reference)}${version(reference)}`

export const canonicalRepository = ({ registry, repository }: Repository): string => `${registry}/${repository}`

/** As people write it: without Docker Hub's host and `library/`, and without the tag `latest` nobody wrote. */
export function familiarName(reference: ImageReference): string {
  const { tag, digest } = reference
  const plain = tag === defaultTag && digest === undefined
  return `${familiarRepository(reference)}${plain ? '' : version(reference)}`
}

export function familiarRepository(repository: Repository): string {
  if (repository.registry !== defaultRegistry) return canonicalRepository(repository)
  const path = repository.repository
  const short =
    path.startsWith(officialNamespace) && !path.slice(officialNamespace.length).includes('/')
      ? path.slice(officialNamespace.length)
      : path
  // A namespace that looks like a host would be read as one.
  const again = splitRegistry(short)
  return again.registry === defaultRegistry && again.path === short && !imageIdPattern.test(short)
    ? short
    : canonicalRepository(repository)
}

/** `name@sha256:…`, complete, as a release pins it. */
export const pinnedName = (repository: Repository, digest: string): string =>
  `${canonicalRepository(repository)}@${digest}`

const version = ({ tag, digest }: ImageReference): string =>
  `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`

interface Parts {
  readonly name: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

/** A colon before the last slash belongs to the registry's port. */
function split(text: string): Parts {
  const at = text.indexOf('@')
  const rest = at === -1 ? text : text.slice(0, at)
  const digest = at === -1 ? undefined : text.slice(at + 1)
  const colon = rest.lastIndexOf(':')
  if (colon === -1 || colon < rest.lastIndexOf('/') || rest.endsWith(']')) return { name: rest, tag: undefined, digest }
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest }
}

/** The first segment is a host when it cannot be a namespace: a dot, a port, an address, `localhost`, a capital letter. */
function splitRegistry(name: string): { readonly registry: string; readonly path: string } {
  const slash = name.indexOf('/')
  const first = slash === -1 ? '' : name.slice(0, slash)
  if (first === '' || !(first === 'localhost' || /[.:[A-Z]/.test(first)))
    return { registry: defaultRegistry, path: name }
  const registry = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'].includes(first)
    ? defaultRegistry
    : first
  return { registry, path: name.slice(slash + 1) }
}

const nameProblem = (text: string, what: string, fix: string): Problem =>
  problem('invalid-image-name', `the image name "${clip(text)}" ${what}`, { value: clip(text), fix })

const clip = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)

function registryProblems(text: string, registry: string): Problem[] {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(registry)
  const host = found?.[1] ?? registry
  const port = found?.[2]
  const validHost = host.startsWith('[')
    ? isIPv6(host.slice(1, -1)) && !host.includes('%')
    : hostPattern.test(host) && host.length <= 253
  const problems = validHost
    ? []
    : [
        nameProblem(
          text,
          `names the registry "${host}", which is no host name`,
          'write a host such as `ghcr.io`, `localhost:5000` or `[::1]:5000`',
        ),
      ]
  if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535))
    problems.push(nameProblem(text, `has the port "${port}"`, 'use a port between 1 and 65535'))
  return problems
}

function repositoryProblems(text: string, path: string, repository: string): Problem[] {
  if (path === '')
    return [nameProblem(text, 'has a registry but no repository', 'add the repository, e.g. `ghcr.io/acme/web`')]
  if (imageIdPattern.test(path))
    return [
      nameProblem(
        text,
        'is the id of an image, which means nothing to a registry',
        'use the name of the image and its tag or digest',
      ),
    ]
  if (repository.length > maxRepositoryLength)
    return [
      nameProblem(text, `has ${repository.length} characters in its repository`, `use at most ${maxRepositoryLength}`),
    ]
  const wrong = path.split('/').find((component) => !componentPattern.test(component))
  if (wrong === undefined) return []
  if (wrong === '') return [nameProblem(text, 'has an empty part between slashes', 'remove the extra `/`')]
  if (wrong !== wrong.toLowerCase()) {
    const lower = text.replace(path, path.toLowerCase())
    return [nameProblem(text, `has capital letters in "${wrong}"`, `write \`${clip(lower)}\``)]
  }
  return [
    nameProblem(
      text,
      `has "${clip(wrong)}" in its repository`,
      'use lower case letters and digits, separated by one `.`, one or two `_`, or `-`',
    ),
  ]
}

function tagProblems(text: string, tag: string): Problem[] {
  if (tagPattern.test(tag)) return []
  const what = tag.length > maxTagLength ? `has a tag of ${tag.length} characters` : `has the tag "${tag}"`
  return [
    nameProblem(
      text,
      what,
      `use at most ${maxTagLength} letters, digits, \`_\`, \`.\` and \`-\`, not beginning with \`.\` or \`-\``,
    ),
  ]
}

function digestProblems(text: string, digest: string): Problem[] {
  if (isDigest(digest)) return []
  return [
    problem('invalid-image-digest', `the image name "${clip(text)}" has the digest "${clip(digest)}"`, {
      value: clip(digest),
      fix: 'write `sha256:` and 64 digits from 0-9 and a-f',
    }),
  ]
}
