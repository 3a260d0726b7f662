import { memoryVault } from '../../lib/vault/memory/memory.ts'
import { vaultContract } from '../conformance/vault.ts'

vaultContract('memory', async ({ clock, random }) => ({ vault: memoryVault({ clock, random }) }))
