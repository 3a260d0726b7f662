/** Exact arithmetic for decimal texts: a quantity is an integer or it is none, never a float's neighbour. */

const decimal = /^(\d+)(?:\.(\d+))?$/

/** `text × factor` when that is a whole number that a `number` holds exactly; undefined otherwise. */
export function scaleDecimal(text: string, factor: bigint): number | undefined {
  const match = decimal.exec(text)
  if (match === null) return undefined
  const fraction = match[2] ?? ''
  // 40 digits are far beyond any quantity; longer texts would only cost time.
  if (text.length > 40) return undefined
  const numerator = BigInt(`${match[1]}${fraction}`) * factor
  const denominator = 10n ** BigInt(fraction.length)
  if (numerator % denominator !== 0n) return undefined
  const value = numerator / denominator
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value)
}

/** `value ÷ 10^digits` as the shortest decimal text. */
export function formatScaled(value: number, digits: number): string {
  const padded = String(value).padStart(digits + 1, '0')
  const whole = padded.slice(0, padded.length - digits)
  const fraction = padded.slice(padded.length - digits).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
