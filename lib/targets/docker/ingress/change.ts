/** How a proxy gets from the file it runs to the one it shall run: by commands where servers differ only, else by a reload. */
import { readSlots, structureOf } from './slots.ts'
import type { Slot } from './slots.ts'

export interface RunningServer {
  /** `section/s1`. */
  readonly name: string
  readonly address: string
  readonly weight: number
  /** Takes requests as far as the administration goes. */
  readonly active: boolean
  /** Its check failed. */
  readonly down: boolean
}

export type Change = {
  /** Commands for the worker's control port, run after the reload where there is one. */
  readonly commands: readonly string[]
} & ({ readonly kind: 'runtime' } | { readonly kind: 'reload' })

/** `running` is undefined where it is not sure that the worker runs the file `previous`. */
export function planChange(
  previous: string | undefined,
  next: string,
  running: readonly RunningServer[] | undefined,
): Change {
  if (previous !== undefined && running !== undefined && structureOf(previous) === structureOf(next))
    return { kind: 'runtime', commands: serverCommands(readSlots(previous), readSlots(next)) }
  return { kind: 'reload', commands: running === undefined ? [] : keepDown(running, readSlots(next)) }
}

type SlotsBySection = ReadonlyMap<string, readonly Slot[]>

/** What gives comes before what takes away, so that there is somebody at every moment. */
function serverCommands(previous: SlotsBySection, next: SlotsBySection): readonly string[] {
  const changes = [...next].flatMap(([section, slots]) =>
    slots.map((slot, index) =>
      slotCommands(`${section}/s${index + 1}`, previous.get(section)?.[index]?.server, slot.server),
    ),
  )
  return [...changes.flatMap(({ gives }) => gives), ...changes.flatMap(({ takes }) => takes)]
}

interface SlotCommands {
  readonly gives: readonly string[]
  readonly takes: readonly string[]
}

const nothing: SlotCommands = { gives: [], takes: [] }

/** A slot never goes from one server to another at once (`assignSlots`). */
function slotCommands(name: string, old: Slot['server'], wanted: Slot['server']): SlotCommands {
  if (wanted === undefined || !wanted.active)
    return old?.active === true ? { ...nothing, takes: [`set server ${name} state maint`] } : nothing
  const weight = `set server ${name} weight ${wanted.weight}`
  if (old?.active === true) {
    if (old.weight === wanted.weight) return nothing
    return old.weight < wanted.weight ? { ...nothing, gives: [weight] } : { ...nothing, takes: [weight] }
  }
  const { host, port } = splitAddress(wanted.address)
  return {
    ...nothing,
    gives: [`set server ${name} addr ${host} port ${port}`, weight, `set server ${name} state ready`],
  }
}

/** A reload takes every server for up; those whose check failed stay down until it succeeds. */
function keepDown(running: readonly RunningServer[], next: ReadonlyMap<string, readonly Slot[]>): readonly string[] {
  const down = new Set(
    running
      .filter((server) => server.down && server.active)
      .map(({ name, address }) => `${sectionOf(name)} ${address}`),
  )
  return [...next].flatMap(([section, slots]) =>
    slots.flatMap(({ server }, index) =>
      server?.active === true && down.has(`${section} ${server.address}`)
        ? [`set server ${section}/s${index + 1} health down`]
        : [],
    ),
  )
}

const sectionOf = (name: string): string => name.slice(0, name.lastIndexOf('/'))

function splitAddress(text: string): { readonly host: string; readonly port: string } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: text.slice(colon + 1) }
}

/** Bits of an administrative state that keep requests away: forced or inherited maintenance and drain. */
const adminOff = 0x01 | 0x02 | 0x08 | 0x10 | 0x20
/** Operational state of a server whose check failed. */
const stopped = 0

/** Reads the answer to `show servers state`. */
export function readServersState(text: string): readonly RunningServer[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(' ')
    const [, section, , server, address, operational, admin, weight] = fields
    const port = fields[18]
    if (
      !/^\d/.test(line) ||
      section === undefined ||
      server === undefined ||
      address === undefined ||
      port === undefined
    )
      return []
    const active = (Number(admin) & adminOff) === 0
    const host = address.includes(':') ? `[${address}]` : address
    return [
      {
        name: `${section}/${server}`,
        address: `${host}:${port}`,
        weight: Number(weight),
        active,
        down: active && Number(operational) === stopped,
      },
    ]
  })
}

/** Servers that do not run as the file says; after commands there must be none. */
export function strayServers(text: string, running: readonly RunningServer[]): readonly string[] {
  const byName = new Map(running.map((server) => [server.name, server]))
  return [...readSlots(text)].flatMap(([section, slots]) =>
    slots.flatMap(({ server: wanted }, index) => {
      const name = `${section}/s${index + 1}`
      const found = byName.get(name)
      const active = wanted?.active === true
      if (found?.active !== active) return [name]
      return active && (found.address !== wanted.address || found.weight !== wanted.weight) ? [name] : []
    }),
  )
}

/** The control port takes several commands a line, up to its buffer of 16 kB. */
export function commandLines(commands: readonly string[], maxLength = 8000): readonly string[] {
  const lines: string[] = []
  for (const command of commands) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + command.length + 2 <= maxLength)
      lines[lines.length - 1] = `${last}; ${command}`
    else lines.push(command)
  }
  return lines
}
