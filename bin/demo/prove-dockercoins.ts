/** DockerCoins works when the counter grows. */
import { askUntil, pause } from './prove.ts'
import type { Scene, WebAnswer } from './prove.ts'

interface Count {
  readonly hashes: number
  readonly coins: number
  readonly now: number
}

const everyMs = 1_000
/** Elsewhere than on a terminal it ends when the counter grew in as many looks. */
const looksThatGrow = 5
const withinMs = 60_000
const bars = '▁▂▃▄▅▆▇█'

export async function proveDockercoins(scene: Scene): Promise<boolean> {
  const { screen, signal } = scene
  let last = await askUntil(scene, { path: '/json' }, readCount)
  const rates: number[] = []
  let grown = 0
  const untilMs = Date.now() + withinMs
  if (screen.isTerminal) screen.line('The counter (Ctrl-C ends it and takes everything away):')
  while (!signal.aborted) {
    await pause(everyMs, signal)
    if (signal.aborted) break
    const now = await askUntil(scene, { path: '/json' }, readCount).catch((error: unknown) => {
      if (signal.aborted) return undefined
      throw error
    })
    if (now === undefined) break
    const rate = now.now > last.now ? Math.max(0, now.hashes - last.hashes) / (now.now - last.now) : 0
    if (now.hashes > last.hashes) grown += 1
    rates.push(rate)
    screen.live(countLine(now, rates))
    last = now
    if (!screen.isTerminal && grown >= looksThatGrow) break
    if (grown === 0 && Date.now() > untilMs) break
  }
  screen.line(
    grown > 0 ? `The counter grew to ${last.hashes} hashes and ${last.coins} coins.` : 'The counter does not grow.',
  )
  return grown > 0
}

export function readCount({ status, body }: WebAnswer): Count | undefined {
  if (status !== 200) return undefined
  const { hashes, coins, now } = JSON.parse(body) as Partial<Count>
  return typeof hashes === 'number' && typeof coins === 'number' && typeof now === 'number'
    ? { hashes, coins, now }
    : undefined
}

export function countLine({ hashes, coins }: Count, rates: readonly number[]): string {
  const lately = rates.slice(-30)
  const highest = Math.max(...lately, 1)
  const chart = lately.map((rate) => bars[Math.round((rate / highest) * (bars.length - 1))]).join('')
  return `  ${String(hashes).padStart(6)} hashes  ${String(coins).padStart(4)} coins  ${(rates.at(-1) ?? 0).toFixed(1).padStart(5)} hashes/s  ${chart}`
}
