/** Tags of a repository, page by page. */
import { EscaleError } from '../core/errors.ts'
import { readAll } from './bytes.ts'
import { parseObject, textsOf } from './json.ts'
import { canonicalRepository } from './reference.ts'
import type { Repository } from './reference.ts'
import type { CallOptions, SendToRegistry } from './request.ts'
import { pullScope } from './scope.ts'

export interface TagOptions extends CallOptions {
  /** How many are asked for at once; registries may give fewer. */
  readonly pageSize?: number
}

const defaultPageSize = 500
const maxPageBytes = 4 * 1024 * 1024
const timeoutMs = 30_000

export async function* listTags(
  send: SendToRegistry,
  repository: Repository,
  { pageSize = defaultPageSize, ...options }: TagOptions = {},
): AsyncGenerator<string, void, undefined> {
  const name = canonicalRepository(repository)
  const seen = new Set<string>()
  let target: string | URL | undefined = `/v2/${repository.repository}/tags/list?n=${pageSize}`
  while (target !== undefined) {
    const answer = await send({
      method: 'GET',
      registry: repository.registry,
      target,
      scopes: [pullScope(repository.repository)],
      expect: [200],
      subject: `the list of tags of "${name}"`,
      options,
      timeoutMs,
    })
    const what = `the list of tags of ${name}`
    const page = parseObject(await readAll(answer.body, maxPageBytes, what), 'registry-refused', what)
    yield* textsOf(page['tags'])
    target = nextPage(answer.headers['link'], answer.url)
    if (target === undefined) return
    if (target.origin !== answer.url.origin || seen.has(target.href))
      throw new EscaleError(
        'registry-refused',
        `${repository.registry} continues ${what} at "${target.href}", which leads elsewhere or in a circle`,
      )
    seen.add(target.href)
  }
}

/** The address of `rel="next"` in a `Link` header (RFC 8288). */
export function nextPage(header: string | undefined, from: URL): URL | undefined {
  for (const [, address, params] of (header ?? '').matchAll(
    /<([^>]*)>((?:\s*;\s*[^,;=\s]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)/g,
  )) {
    if (
      address !== undefined &&
      /;\s*rel\s*=\s*"?next"?(?:\s|;|$)/i.test(params ?? '') &&
      URL.canParse(address, from.href)
    )
      return new URL(address, from)
  }
  return undefined
}
