/** Memory and disk: inside it is bytes. `Mi` is 2^20, `M` is 10^6; a bare number has no meaning and is none. */
import { formatScaled, scaleDecimal } from './decimal.ts'

export const mebibyte = 1024 * 1024

const factors: Readonly<Record<string, bigint>> = {
  Ki: 1024n,
  Mi: 1024n ** 2n,
  Gi: 1024n ** 3n,
  Ti: 1024n ** 4n,
  Pi: 1024n ** 5n,
  k: 1000n,
  M: 1000n ** 2n,
  G: 1000n ** 3n,
  T: 1000n ** 4n,
  P: 1000n ** 5n,
  B: 1n,
}

const binary = ['Pi', 'Ti', 'Gi', 'Mi', 'Ki'] as const
const powersOfTen = ['P', 'T', 'G', 'M', 'k'] as const

const quantity = /^([\d.]+)([A-Za-z]+)$/

/** Bytes of `512Mi`, `1.5Gi`, `512M`; undefined when the text is no such quantity or no whole number of bytes. */
export function parseMemory(text: string): number | undefined {
  const match = quantity.exec(text)
  const factor = factors[match?.[2] ?? '']
  return match?.[1] === undefined || factor === undefined ? undefined : scaleDecimal(match[1], factor)
}

/** The shortest text that reads back as the same number of bytes; of equal ones that in powers of two. */
export function formatMemory(bytes: number): string {
  let shortest = `${bytes}B`
  if (bytes === 0) return shortest
  for (const unit of [...binary, ...powersOfTen]) {
    const factor = Number(factors[unit])
    const text = bytes % factor === 0 ? `${bytes / factor}${unit}` : shortest
    if (text.length < shortest.length) shortest = text
  }
  return shortest
}

/** For people: at most two decimals, rounded, in powers of two. Not for reading back. */
export function humanMemory(bytes: number): string {
  for (const unit of binary) {
    const factor = Number(factors[unit])
    if (bytes >= factor) return `${formatScaled(Math.round((bytes / factor) * 100), 2)}${unit}`
  }
  return `${bytes}B`
}

/** Whole mebibytes, rounded up: never less than asked. */
export const memoryMiB = (bytes: number): number => Math.ceil(bytes / mebibyte)

/** What somebody probably meant by a quantity in another tool's spelling, e.g. `512MB` or Docker's `512m`. */
export function suggestMemory(text: string): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text)
  if (match?.[1] === undefined) return undefined
  const unit = (match[2] ?? '').toLowerCase()
  if (unit === '') return `${match[1]}Mi`
  const known = /^([kmgtp])(b|ib|i)?$/.exec(unit)
  if (known?.[1] === undefined) return undefined
  // `MB` is decimal by the book; `m`, `mib` and `mi` are how Docker and others spell powers of two.
  if (known[2] === 'b') return `${match[1]}${known[1] === 'k' ? 'k' : known[1].toUpperCase()}`
  return `${match[1]}${known[1].toUpperCase()}i`
}
