/** Events up to now, page by page. */
import type { Client } from '../../client/client.ts'
import type { AppAddress, Event } from '../../client/types.ts'
import { callOf } from '../app.ts'

const pageSize = 500

export interface Events {
  readonly items: readonly Event[]
  readonly next: number
}

type Scope = AppAddress | { readonly project: string }

const read = (client: Client, scope: Scope, after: number) => {
  if (!('app' in scope))
    return client.call('readProjectEvents', { params: { project: scope.project }, query: { after, limit: pageSize } })
  const { params, query } = callOf(scope)
  return client.call('readEvents', { params, query: { ...query, after, limit: pageSize } })
}

/** All that came after `after`; of the first ones at most `most` are kept. */
export async function eventsAfter(client: Client, scope: Scope, after: number, most = 10_000): Promise<Events> {
  let items: Event[] = []
  for (let next = after; ;) {
    const page = await read(client, scope, next)
    items = [...items, ...page.items].slice(-most)
    next = page.next
    if (page.items.length < pageSize) return { items, next }
  }
}
