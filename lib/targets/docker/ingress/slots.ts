/**
 * Servers of a backend section stand in numbered slots, some of them free, so that an instance that comes or goes is a
 * change of an address at run time. Only more slots than there are need a reload.
 */
import type { RouteBackend } from '../../../model/routing.ts'
import { serverWeights } from './weights.ts'
import { backendAddress } from './text.ts'

export interface Slot {
  /** `address:port`; absent: free. */
  readonly server?: { readonly address: string; readonly weight: number; readonly active: boolean }
}

const minSlots = 4

/** Room to replace all at once, and two more. */
function slotsFor(count: number): number {
  let slots = minSlots
  while (slots < count * 2 + 2) slots *= 2
  return slots
}

/** Where an instance already has a slot it keeps it: connections and the state of its checks belong to the slot. */
export function assignSlots(unsorted: readonly RouteBackend[], previous: readonly Slot[]): readonly Slot[] {
  const backends = [...unsorted].sort((a, b) => (`${a.address}:${a.port}` < `${b.address}:${b.port}` ? -1 : 1))
  const ready = backends.filter(({ state }) => state === 'ready')
  const weights = serverWeights(ready)
  const wanted = new Map<string, NonNullable<Slot['server']>>()
  for (const { address, port, state } of backends) {
    const text = backendAddress(address, port)
    if (text !== undefined && state === 'draining') wanted.set(text, { address: text, weight: 0, active: false })
  }
  for (const [index, { address, port }] of ready.entries()) {
    const text = backendAddress(address, port)
    if (text !== undefined) wanted.set(text, { address: text, weight: weights[index] ?? 0, active: true })
  }
  const held = new Set(previous.flatMap(({ server }) => server?.address ?? []))
  const arriving = [...wanted.keys()].filter((address) => !held.has(address)).length
  // One that leaves gives its slot free for the next change, not for this one: the new is there before the old goes.
  const free = previous.filter(({ server }) => server === undefined).length
  const fits = arriving <= free && previous.length > 0 && previous.length <= slotsFor(wanted.size) * 4
  const slots: Slot[] = Array.from({ length: fits ? previous.length : slotsFor(wanted.size) }, () => ({}))
  const open = slots.map((_slot, index) => !fits || previous[index]?.server === undefined)
  for (const [index, { server }] of previous.entries()) {
    const kept = server === undefined ? undefined : wanted.get(server.address)
    if (server === undefined || kept === undefined || index >= slots.length) continue
    slots[index] = { server: kept }
    wanted.delete(server.address)
  }
  for (const server of wanted.values()) {
    const place = slots.findIndex((slot, index) => open[index] === true && slot.server === undefined)
    slots[place] = { server }
  }
  return slots
}

/** A free slot has to name some address; nothing is ever sent there, as it is in maintenance. */
const nowhere = '127.0.0.1:1'

export function renderSlots(slots: readonly Slot[], options: string): readonly string[] {
  return slots.map(({ server }, index) =>
    server === undefined
      ? `  server s${index + 1} ${nowhere} weight 1 disabled${options}`
      : `  server s${index + 1} ${server.address} weight ${server.weight}${server.active ? '' : ' disabled'}${options}`,
  )
}

const serverLine = /^ {2}server s(\d+) (\S+) weight (\d+)( disabled)?/

/** Slots by section of a file that `renderSlots` wrote. */
export function readSlots(text: string): ReadonlyMap<string, readonly Slot[]> {
  const sections = new Map<string, Slot[]>()
  let section: Slot[] | undefined
  for (const line of text.split('\n')) {
    const backend = /^backend (\S+)$/.exec(line)
    if (backend?.[1] !== undefined) sections.set(backend[1], (section = []))
    const found = serverLine.exec(line)
    if (found === null || section === undefined) continue
    const [, , address = nowhere, weight, disabled] = found
    section.push(
      address === nowhere ? {} : { server: { address, weight: Number(weight), active: disabled === undefined } },
    )
  }
  return sections
}

/** The file without what can be changed at run time: when this is the same, no reload is needed. */
export const structureOf = (text: string): string =>
  text
    .split('\n')
    .map((line) => (serverLine.test(line) ? line.replace(serverLine, '  server s$1') : line))
    .filter((line) => !line.includes('proc.escale'))
    .join('\n')
