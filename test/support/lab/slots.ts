/** A slot is a number that no other lab of this machine has; addresses and names are derived from it. */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

export async function claimSlot(root: string): Promise<number> {
  const slots = join(root, '.slots')
  await mkdir(slots, { recursive: true })
  for (let slot = 1; slot < 250; slot++) {
    try {
      await mkdir(join(slots, String(slot)))
      return slot
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  throw new Error(`all slots under ${slots} are taken; end labs with "npx node test/support/lab/cli.ts down --all"`)
}

export async function releaseSlot(root: string, slot: number): Promise<void> {
  await rm(join(root, '.slots', String(slot)), { recursive: true, force: true })
}

/** Names of the labs that have a folder. */
export async function labNames(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map((entry) => entry.name)
}

/** A process as one can find it again: an id alone is reused. */
export interface ProcessMark {
  readonly pid: number
  readonly startedTicks: string
}

export async function markProcess(pid: number): Promise<ProcessMark | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  const startedTicks = text?.slice(text.lastIndexOf(') ') + 2).split(' ')[19]
  return startedTicks === undefined ? undefined : { pid, startedTicks }
}

export async function isAlive(mark: ProcessMark): Promise<boolean> {
  return (await markProcess(mark.pid))?.startedTicks === mark.startedTicks
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
