/** A small HTTP server on loopback that answers as a test says. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

export interface TestServer {
  /** `127.0.0.1:port`. */
  readonly host: string
  readonly seen: readonly Seen[]
}

export type Answering = (request: Seen, answer: ServerResponse) => void

export async function serve(answering: Answering): Promise<TestServer> {
  const seen: Seen[] = []
  const server = createServer((incoming, answer) => {
    const request = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers }
    seen.push(request)
    incoming.resume()
    answering(request, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

export function reply(
  answer: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): void {
  answer.writeHead(status, headers)
  answer.end(body)
}
