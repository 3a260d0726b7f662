/** CPU: inside it is nano-CPUs. `cpu: 1` = one vCPU = 1000m = 1024 ECS units = 1e9 NanoCPUs. */
import { formatScaled, scaleDecimal } from './decimal.ts'

export const nanoCpusPerCpu = 1_000_000_000
export const ecsUnitsPerCpu = 1024

/** Nano-CPUs of `0.5` or `500m`; undefined when the text is neither, or finer than a nano-CPU. */
export function parseCpu(text: string): number | undefined {
  return text.endsWith('m') ? scaleDecimal(text.slice(0, -1), 1_000_000n) : scaleDecimal(text, 1_000_000_000n)
}

/** The shortest text that reads back as the same amount: `0.5`, `2`, `0.025`. */
export const formatCpu = (nanoCpus: number): string => formatScaled(nanoCpus, 9)

/** Milli-CPUs, rounded up: never less than asked. */
export const milliCpus = (nanoCpus: number): number => Math.ceil(nanoCpus / 1_000_000)

/** ECS CPU units, rounded up: never less than asked. Exact where the amount is a multiple of 1/1024 vCPU. */
export function ecsCpuUnits(nanoCpus: number): number {
  const numerator = BigInt(nanoCpus) * BigInt(ecsUnitsPerCpu)
  const divisor = BigInt(nanoCpusPerCpu)
  return Number((numerator + divisor - 1n) / divisor)
}

/** Nano-CPUs of ECS CPU units, rounded down: 1e9 is no multiple of 1024. `ecsCpuUnits` of the result is `units` again. */
export const nanoCpusOfEcsUnits = (units: number): number =>
  Number((BigInt(units) * BigInt(nanoCpusPerCpu)) / BigInt(ecsUnitsPerCpu))
