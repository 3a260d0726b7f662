/** The pages: all pets, one of them by chance, and a form for another. */
import type { IncomingMessage } from 'node:http'
import type { Database } from './postgres.ts'
import { send } from './service.ts'
import type { Handle } from './service.ts'

export interface Pet {
  readonly name: string
  readonly kind: string
}

export interface Pets {
  readonly handle: Handle
  readonly isHealthy: () => Promise<boolean>
}

const first: readonly Pet[] = [
  { name: 'Tabby', kind: 'cat' },
  { name: 'Rex', kind: 'dog' },
  { name: 'Shelly', kind: 'tortoise' },
]
const mostBytes = 4_096
const longestName = 40

export function pets(database: Pick<Database, 'query'>): Pets {
  let prepared: Promise<void> | undefined

  /** The table is made by whoever comes first; names are unique, so that two instances fill it once. */
  async function prepare(): Promise<void> {
    await database.query(
      'CREATE TABLE IF NOT EXISTS pets (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, kind text NOT NULL)',
    )
    for (const pet of first) await add(pet)
  }
  const ready = (): Promise<void> =>
    (prepared ??= prepare().catch((error: unknown) => {
      prepared = undefined
      throw error
    }))

  const add = ({ name, kind }: Pet): Promise<unknown> =>
    database.query(
      'INSERT INTO pets (name, kind) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind',
      name,
      kind,
    )

  const list = async (): Promise<readonly Pet[]> =>
    (await database.query('SELECT name, kind FROM pets ORDER BY id')).map(([name, kind]) => ({
      name: name ?? '',
      kind: kind ?? '',
    }))

  return {
    isHealthy: async () => {
      try {
        await ready()
        return (await database.query('SELECT 1')).length === 1
      } catch {
        // Whatever the reason, without its database the page is of no use; the requests' own failures are logged.
        return false
      }
    },
    async handle(request, response) {
      const { method, url = '/' } = request
      response.setHeader(
        'content-security-policy',
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
      )
      response.setHeader('x-content-type-options', 'nosniff')
      if (method === 'GET' && url === '/') {
        await ready()
        return send(response, 200, 'text/html; charset=utf-8', listPage(await list()))
      }
      if (method === 'GET' && url === '/pets') {
        await ready()
        return send(response, 200, 'application/json', JSON.stringify(await list()))
      }
      if (method === 'GET' && url === '/pet') {
        await ready()
        const [[name, kind] = []] = await database.query('SELECT name, kind FROM pets ORDER BY random() LIMIT 1')
        return send(response, 200, 'text/html; charset=utf-8', petPage({ name: name ?? 'nobody', kind: kind ?? 'pet' }))
      }
      if (method === 'POST' && url === '/pets') {
        const pet = petOf(await bodyOf(request), request.headers['content-type'] ?? '')
        if (typeof pet === 'string') return send(response, 400, 'text/plain', `${pet}\n`)
        await ready()
        await add(pet)
        response.setHeader('location', '/')
        return send(response, 303, 'text/plain', 'see /\n')
      }
      send(response, 404, 'text/plain', 'there is /, /pet and /pets\n')
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes <= mostBytes) pieces.push(piece)
  }
  return bytes > mostBytes ? '' : Buffer.concat(pieces).toString('utf8')
}

/** The pet that a form or JSON names, or what is wrong with it. */
export function petOf(body: string, type: string): Pet | string {
  const { name, kind } = type.startsWith('application/json')
    ? fromJson(body)
    : Object.fromEntries(new URLSearchParams(body))
  if (typeof name !== 'string' || typeof kind !== 'string') return 'a pet needs a name and a kind'
  if (![name, kind].every((text) => text.trim() !== '' && text.length <= longestName && !/\p{Cc}/u.test(text)))
    return `name and kind are 1 to ${longestName} printable characters`
  return { name: name.trim(), kind: kind.trim() }
}

function fromJson(body: string): { readonly name?: unknown; readonly kind?: unknown } {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>:root{color-scheme:light dark}body{max-width:40rem;margin:3rem auto;padding:0 1rem;font:1.1rem/1.6 system-ui,sans-serif}label{display:inline-block;margin-right:1rem}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`

const listPage = (all: readonly Pet[]): string =>
  page(
    'Pets',
    `<h1>Pets</h1>
<ul>
${all.map(({ name, kind }) => `<li>${escaped(name)}, ${escaped(kind)}</li>`).join('\n')}
</ul>
<form method="post" action="/pets">
<label>Name <input name="name" required maxlength="${longestName}"></label>
<label>Kind <input name="kind" required maxlength="${longestName}"></label>
<button>Add</button>
</form>
<p><a href="/pet">One of them</a></p>`,
  )

const petPage = ({ name, kind }: Pet): string =>
  page(
    `Pet: ${escaped(name)}`,
    `<h1>${escaped(name)}</h1>\n<p>A ${escaped(kind)}.</p>\n<p><a href="/">All pets</a></p>`,
  )
