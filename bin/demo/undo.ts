/** What was made, so that it can be unmade: the last first, each whatever became of the others. */
export interface Undo {
  /** `keep` is done in place of `act` where everything is to stay. */
  add(what: string, act: () => Promise<void>, keep?: () => Promise<void>): void
  /** Answers what could not be undone, and why. */
  run(how: 'undo' | 'keep'): Promise<readonly string[]>
}

interface Act {
  readonly what: string
  readonly act: () => Promise<void>
  readonly keep: () => Promise<void>
}

export const stays = async (): Promise<void> => undefined

export function createUndo(): Undo {
  const acts: Act[] = []
  return {
    add: (what, act, keep = act) => acts.push({ what, act, keep }),
    run: async (how) => {
      const failures: string[] = []
      for (let next = acts.pop(); next !== undefined; next = acts.pop()) {
        try {
          await (how === 'keep' ? next.keep() : next.act())
        } catch (error) {
          failures.push(`${next.what}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
      return failures
    },
  }
}
