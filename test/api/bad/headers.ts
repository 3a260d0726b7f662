/** Bad headers. */
import { appPath } from '../support.ts'
import { grants, scale } from './bad.ts'
import type { Bad } from './bad.ts'

export const badHeaders: readonly Bad[] = [
  {
    name: 'an idempotency key with a space',
    path: scale,
    ask: { body: { services: { web: 1 } }, headers: { 'idempotency-key': 'a b' } },
    status: 422,
    code: 'invalid-format',
    at: 'Idempotency-Key',
  },
  {
    name: 'an idempotency key that is too long',
    path: scale,
    ask: { body: { services: { web: 1 } }, headers: { 'idempotency-key': 'a'.repeat(256) } },
    status: 422,
    code: 'invalid-format',
    at: 'Idempotency-Key',
  },
  {
    name: 'an idempotency key for a token',
    path: '/v1/tokens',
    ask: { body: { name: 'ci', grants }, headers: { 'idempotency-key': 'k' } },
    status: 400,
    code: 'usage',
    at: 'Idempotency-Key',
  },
  {
    name: 'a Last-Event-ID that is no number',
    method: 'GET',
    path: `${appPath}/events`,
    ask: { headers: { accept: 'text/event-stream', 'last-event-id': 'x' } },
    status: 400,
    code: 'usage',
  },
]
