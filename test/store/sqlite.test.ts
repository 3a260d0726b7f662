import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../lib/store/sqlite/sqlite.ts'
import { storeContract } from '../conformance/store.ts'

storeContract('sqlite', async ({ clock, random }) => {
  const folder = mkdtempSync(join(tmpdir(), 'escale-test-'))
  return {
    store: openSqliteStore({ path: join(folder, 'escale.db'), clock, random }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  }
})
