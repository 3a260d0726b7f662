/** Claimed names of the SQLite store. */
import { checkClaim } from '../checks.ts'
import type { Store } from '../store.ts'
import type { Database } from './database.ts'

export type Claims = Pick<Store, 'claim' | 'unclaim' | 'claims'>

export function claims(database: Database): Claims {
  const { handle } = database
  const ownerOf = handle.prepare('SELECT owner FROM claim WHERE space = ? AND name = ?')
  const add = handle.prepare('INSERT INTO claim (space, name, owner) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const drop = handle.prepare('DELETE FROM claim WHERE space = ? AND name = ? AND owner = ?')
  const namesOf = handle.prepare('SELECT name FROM claim WHERE space = ? AND owner = ? ORDER BY name')

  return {
    async claim(space, names, owner) {
      const distinct = checkClaim(space, names, owner)
      return database.write(() => {
        for (const name of distinct) {
          const row = ownerOf.get(space, name) as unknown as { readonly owner: string } | undefined
          if (row !== undefined && row.owner !== owner) return { ok: false, name, owner: row.owner }
        }
        for (const name of distinct) add.run(space, name, owner)
        return { ok: true }
      })
    },

    async unclaim(space, names, owner) {
      const distinct = checkClaim(space, names, owner)
      database.write(() => {
        for (const name of distinct) drop.run(space, name, owner)
      })
    },

    async claims(space, owner) {
      checkClaim(space, [], owner)
      const rows = database.read(() => namesOf.all(space, owner)) as unknown as readonly { readonly name: string }[]
      return rows.map((row) => row.name)
    },
  }
}
