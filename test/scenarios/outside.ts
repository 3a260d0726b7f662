/** Something outside of every app: a server of this process, which greets whoever connects. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

export async function withOutside(greeting: string, use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(`${greeting}\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  try {
    await use((server.address() as AddressInfo).port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
