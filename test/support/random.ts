/** Chance that is the same in each run: a hash counted up from a seed. */
import { createHash } from 'node:crypto'
import type { Random } from '../../lib/core/deps.ts'

export function seededRandom(seed = 'seed'): Random {
  let count = 0
  return {
    bytes(length) {
      const blocks: Buffer[] = []
      for (let have = 0; have < length; have += 32) {
        blocks.push(createHash('sha256').update(`${seed} ${count++}`).digest())
      }
      return Uint8Array.from(Buffer.concat(blocks).subarray(0, length))
    },
  }
}
