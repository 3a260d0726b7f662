import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ecsCpuUnits, formatCpu, milliCpus, nanoCpusOfEcsUnits, parseCpu } from '../../lib/core/units/cpu.ts'
import { scaleDecimal } from '../../lib/core/units/decimal.ts'
import { durationSeconds, formatDuration, parseDuration } from '../../lib/core/units/duration.ts'
import { formatMemory, humanMemory, memoryMiB, parseMemory, suggestMemory } from '../../lib/core/units/memory.ts'
import { formatPercent, parseMilliPercent, parsePercent, percentOf } from '../../lib/core/units/percent.ts'

const safe = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

describe('cpu', () => {
  it('is one vCPU in every notation', () => {
    expect([parseCpu('1'), parseCpu('1000m'), parseCpu('1.0')]).toEqual([1e9, 1e9, 1e9])
    expect(ecsCpuUnits(1e9)).toBe(1024)
    expect(milliCpus(1e9)).toBe(1000)
  })

  it('is exact where floating point is not', () => {
    expect(parseCpu('0.1')).toBe(100_000_000)
    expect(parseCpu('0.000000001')).toBe(1)
    expect(parseCpu('0.3')).toBe(300_000_000)
    expect(parseCpu('0.0000000001')).toBeUndefined()
  })

  it.each(['', '.5', '1.', 'x', '1M', '-1', '1e3', ' 1', '1 m', 'm'])('does not read %j', (text) => {
    expect(parseCpu(text)).toBeUndefined()
  })

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e15 }), (nano) => {
        expect(parseCpu(formatCpu(nano))).toBe(nano)
      }),
    )
  })

  it('never gives less than was asked, and survives the way to ECS and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 192 * 1024 }), (units) => {
        expect(ecsCpuUnits(nanoCpusOfEcsUnits(units))).toBe(units)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), (nano) => {
        expect(BigInt(ecsCpuUnits(nano)) * 1_000_000_000n >= BigInt(nano) * 1024n).toBe(true)
        expect(milliCpus(nano) * 1_000_000).toBeGreaterThanOrEqual(nano)
      }),
    )
  })

  it('adds up: the notations of one number agree', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), (milli) => {
        expect(parseCpu(`${milli}m`)).toBe(parseCpu((milli / 1000).toFixed(3)))
      }),
    )
  })
})

describe('memory', () => {
  it('tells powers of two from powers of ten', () => {
    expect(parseMemory('512Mi')).toBe(536_870_912)
    expect(parseMemory('512M')).toBe(512_000_000)
    expect(parseMemory('1Gi')).toBe(1024 ** 3)
    expect(parseMemory('1.5Gi')).toBe(1.5 * 1024 ** 3)
    expect(parseMemory('10B')).toBe(10)
  })

  it.each(['512', '512MB', '512mb', '0.3B', '0.1Ki', 'Mi', '-1Mi', '1 Mi', '9999999Pi'])('does not read %j', (text) => {
    expect(parseMemory(text)).toBeUndefined()
  })

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(safe, (bytes) => {
        expect(parseMemory(formatMemory(bytes))).toBe(bytes)
      }),
    )
    expect(formatMemory(536_870_912)).toBe('512Mi')
    expect(formatMemory(512_000_000)).toBe('512M')
  })

  it('rounds up to whole mebibytes, and for people to two decimals', () => {
    expect(memoryMiB(1)).toBe(1)
    expect(memoryMiB(536_870_912)).toBe(512)
    expect(humanMemory(1_610_612_736)).toBe('1.5Gi')
  })

  it('knows what other notations mean', () => {
    expect(['512m', '512MB', '1g', '64k', '512', 'x'].map(suggestMemory)).toEqual([
      '512Mi',
      '512M',
      '1Gi',
      '64Ki',
      '512Mi',
      undefined,
    ])
  })
})

describe('durations', () => {
  it('have one unit', () => {
    expect(['500ms', '90s', '5m', '24h', '30d'].map(parseDuration)).toEqual([
      500, 90_000, 300_000, 86_400_000, 2_592_000_000,
    ])
  })

  it.each(['10', '1h30m', '1.5s', '-1s', 's', '1 s', '99999999999999999d'])('do not read %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it('read back what they print', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (timeMs) => {
        expect(parseDuration(formatDuration(timeMs))).toBe(timeMs)
      }),
    )
    expect(formatDuration(90_000)).toBe('90s')
    expect(durationSeconds(1001)).toBe(2)
  })
})

describe('percentages', () => {
  it('are exact to a thousandth', () => {
    expect(parsePercent('25%')).toBe(25)
    expect(parseMilliPercent('0.001%')).toBe(1)
    expect(parsePercent('0.0001%')).toBeUndefined()
    expect(parsePercent('25')).toBeUndefined()
  })

  it('read back what they print', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (milli) => {
        const percent = milli / 1000
        expect(parsePercent(formatPercent(percent))).toBe(percent)
      }),
    )
  })

  it('of a whole round as they are told', () => {
    expect([
      percentOf(25, 5, 'up'),
      percentOf(25, 5, 'down'),
      percentOf(20, 5, 'up'),
      percentOf(20, 5, 'down'),
    ]).toEqual([2, 1, 1, 1])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 10_000 }), (percent, whole) => {
        const [up, down] = [percentOf(percent, whole, 'up'), percentOf(percent, whole, 'down')]
        expect(up - down).toBeLessThanOrEqual(1)
        expect(down * 100).toBeLessThanOrEqual(percent * whole)
        expect(up * 100).toBeGreaterThanOrEqual(percent * whole)
      }),
    )
  })
})

describe('decimals', () => {
  it('are scaled to whole numbers or to none', () => {
    expect(scaleDecimal('1.5', 2n)).toBe(3)
    expect(scaleDecimal('1.5', 1n)).toBeUndefined()
    expect(scaleDecimal('9007199254740993', 1n)).toBeUndefined()
    expect(scaleDecimal(`0.${'0'.repeat(1000)}1`, 10n)).toBeUndefined()
  })
})
