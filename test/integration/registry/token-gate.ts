/** Stands before a registry and asks for tokens, as hubs do: a token server and a proxy, both over real HTTP. */
import { randomUUID } from 'node:crypto'
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TokenGate {
  readonly host: string
  /** Scopes of the tokens given out, one entry per token. */
  readonly granted: readonly string[][]
  stop(): Promise<void>
}

export interface GateOptions {
  readonly user: { readonly name: string; readonly password: string }
  /** Repositories that anybody may pull. */
  readonly open: readonly string[]
}

export async function startTokenGate(behind: string, { user, open }: GateOptions): Promise<TokenGate> {
  const tokens = new Map<string, readonly string[]>()
  const granted: string[][] = []
  const login = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`

  function giveToken(incoming: IncomingMessage, answer: ServerResponse, url: URL): void {
    const known = incoming.headers.authorization === login
    if (incoming.headers.authorization !== undefined && !known)
      return end(answer, 401, {}, { details: 'incorrect username or password' })
    const asked = url.searchParams.getAll('scope')
    const scopes = asked.filter((scope) => known || open.some((name) => scope === `repository:${name}:pull`))
    const token = randomUUID()
    tokens.set(token, scopes)
    granted.push(scopes)
    end(answer, 200, {}, { token, expires_in: 300 })
  }

  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? '/', 'http://gate')
    if (url.pathname === '/token') return giveToken(incoming, answer, url)
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(url.pathname)?.[1] ?? ''
    const writing = !['GET', 'HEAD'].includes(incoming.method ?? '')
    const from = url.searchParams.get('from')
    const needed = [
      `repository:${repository}:${writing ? 'push' : 'pull'}`,
      ...(from === null ? [] : [`repository:${from}:pull`]),
    ]
    const held = tokens.get((incoming.headers.authorization ?? '').replace('Bearer ', ''))
    if (held === undefined || !needed.every((scope) => covers(held, scope))) {
      incoming.resume()
      const actions = writing ? 'pull,push' : 'pull'
      const challenge = `Bearer realm="http://${incoming.headers.host}/token",service="gate",scope="repository:${repository}:${actions}"${held === undefined ? '' : ',error="insufficient_scope"'}`
      return end(
        answer,
        401,
        { 'www-authenticate': challenge },
        { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
      )
    }
    const outgoing = request(
      `http://${behind}${incoming.url}`,
      { method: incoming.method ?? 'GET', headers: incoming.headers },
      (reply) => {
        answer.writeHead(reply.statusCode ?? 500, reply.headers)
        reply.pipe(answer)
      },
    )
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    granted,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function covers(held: readonly string[], needed: string): boolean {
  const at = needed.lastIndexOf(':')
  return held.some(
    (scope) =>
      scope.startsWith(`${needed.slice(0, at)}:`) &&
      scope
        .slice(at + 1)
        .split(',')
        .includes(needed.slice(at + 1)),
  )
}

function end(answer: ServerResponse, status: number, headers: Record<string, string>, body: unknown): void {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers })
  answer.end(JSON.stringify(body))
}
