import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileVault } from '../../lib/vault/file/file.ts'
import { vaultContract } from '../conformance/vault.ts'

vaultContract('file', async ({ clock, random }) => {
  const folder = mkdtempSync(join(tmpdir(), 'escale-test-'))
  return {
    vault: await openFileVault({ folder: join(folder, 'vault'), clock, random }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  }
})
