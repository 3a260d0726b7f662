/** A second process on the same vault: `put N` adds N versions and tells them, `churn` adds and removes, `write` adds until killed. */
import { systemClock, systemRandom } from '../../../lib/core/system.ts'
import { openFileVault } from '../../../lib/vault/file/file.ts'
import { singleValue } from '../../../lib/vault/secrets.ts'

const [folder = '', who = '', mode = '', count = '0'] = process.argv.slice(2)
const vault = await openFileVault({ folder, clock: systemClock, random: systemRandom })
const report = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const path = 'p/e/a/shared'

switch (mode) {
  case 'put': {
    const put: string[] = []
    for (let index = 0; index < Number(count); index++) {
      put.push((await vault.put(path, singleValue(`${who} ${index}`), 'set')).version)
    }
    report({ put, installKey: Buffer.from(await vault.installKey()).toString('hex') })
    break
  }
  case 'churn':
    for (let index = 0; index < Number(count); index++) {
      await vault.put(path, singleValue(`${who} ${index}`), 'set')
      await vault.remove(path)
    }
    report({ done: true })
    break
  case 'write':
    report({ writing: true })
    for (let index = 0; ; index++) {
      report({ put: (await vault.put(path, singleValue('x'.repeat(60_000)), 'set')).version })
    }
  default:
    throw new Error(`unknown mode ${mode}`)
}
