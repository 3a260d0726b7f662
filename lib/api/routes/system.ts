/** Health, version, who am I. */
import * as z from 'zod'
import { formatTime } from '../../core/time.ts'
import { route } from '../route.ts'
import { whoami } from '../schemas/access.ts'

export const systemRoutes = {
  health: route({
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the server and its store answer',
    tag: 'system',
    needs: 'public',
    status: 200,
    answer: z.object({ status: z.literal('ok') }),
    refusals: [503],
    async handler({ deps }) {
      await deps.store.get({ collection: 'install', partition: 'all', id: 'this' })
      return { body: { status: 'ok' as const } }
    },
  }),
  version: route({
    method: 'GET',
    path: '/v1/version',
    summary: 'Version of the server',
    tag: 'system',
    needs: 'self.read',
    status: 200,
    answer: z.object({ version: z.string(), api: z.literal('v1'), installId: z.string() }),
    handler: ({ version, deps }) =>
      Promise.resolve({ body: { version, api: 'v1' as const, installId: deps.installId } }),
  }),
  whoami: route({
    method: 'GET',
    path: '/v1/whoami',
    summary: 'Who the token belongs to, and what it may do',
    tag: 'system',
    needs: 'self.read',
    status: 200,
    answer: whoami,
    handler: ({ principal }) =>
      Promise.resolve({
        body: {
          subject: principal.subject,
          id: principal.id,
          grants: principal.grants,
          ...(principal.expiresAtMs !== undefined && { expiresAt: formatTime(principal.expiresAtMs) }),
        },
      }),
  }),
}
