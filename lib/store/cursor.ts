/**
 * Cursors: opaque to callers and signed with a key of the store, so that a changed, foreign or invented one is
 * a `usage` error and never a position somebody chose (ruling D17).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { EscaleError } from '../core/errors.ts'

export const cursorKeyBytes = 32
const macBytes = 16

/** What a cursor is good for: it does not carry over to another list or direction. */
export interface CursorScope {
  readonly collection: string
  readonly partition: string
  readonly reverse: boolean
}

const sign = (key: Uint8Array, scope: CursorScope, id: string): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify(['cursor', scope.collection, scope.partition, scope.reverse, id]))
    .digest()
    .subarray(0, macBytes)

export const encodeCursor = (key: Uint8Array, scope: CursorScope, id: string): string =>
  Buffer.concat([sign(key, scope, id), Buffer.from(id)]).toString('base64url')

/** The id after which the next page begins. */
export function decodeCursor(key: Uint8Array, scope: CursorScope, cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url')
  const id = bytes.subarray(macBytes).toString()
  const whole = bytes.length > macBytes && bytes.toString('base64url') === cursor
  if (!whole || !timingSafeEqual(bytes.subarray(0, macBytes), sign(key, scope, id))) {
    throw new EscaleError(
      'usage',
      'the cursor is none that this list handed out: begin without one, or pass `next` of the page before unchanged',
    )
  }
  return id
}
