/** The server that `api.ts` measures: `bare`, or the platform on the simulated cluster with SQLite. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { startPlatform } from '../bin/up.ts'

const [kind, folder] = process.argv.slice(2)

if (kind === 'bare') {
  const app = new Hono()
  app.get('/', (c) => c.json({ items: [] }))
  serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) => {
    console.log(JSON.stringify({ url: `http://127.0.0.1:${info.port}`, token: '' }))
  })
} else {
  const platform = await startPlatform({ env: process.env, memory: true, port: 0, dataDir: folder!, logLevel: 'error' })
  console.log(JSON.stringify({ url: platform.server.url, token: platform.ownerToken }))
}
