import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { amd64, arm64, distFolder, file, finish, folder, listen } from './lab.ts'

const sizeLimitBytes = 200_000
const elfProgramHeaders = { offset: 0x20, size: 0x36, count: 0x38 } as const
const programHeaderInterpreter = 3
const programHeaderDynamic = 2
const machines = { [amd64]: 62, [arm64]: 183 } as const

/** Types of the segments of an ELF file of 64 bits. */
function segments(bytes: Buffer): readonly number[] {
  const offset = Number(bytes.readBigUInt64LE(elfProgramHeaders.offset))
  const size = bytes.readUInt16LE(elfProgramHeaders.size)
  return Array.from({ length: bytes.readUInt16LE(elfProgramHeaders.count) }, (_, index) =>
    bytes.readUInt32LE(offset + index * size),
  )
}

describe.each([
  ['amd64', amd64],
  ['arm64', arm64],
] as const)('the committed binary for %s', (_name, path) => {
  const bytes = readFileSync(path)

  it('is below 200 kB', () => {
    expect(bytes.length).toBeLessThan(sizeLimitBytes)
  })

  it('is an ELF program of its architecture', () => {
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]))
    expect(bytes.readUInt16LE(0x12)).toBe(machines[path])
  })

  it('is static: it names no interpreter and no shared object', () => {
    expect(segments(bytes)).not.toContain(programHeaderInterpreter)
    expect(segments(bytes)).not.toContain(programHeaderDynamic)
  })

  it('holds no path of the machine that built it', () => {
    expect(bytes.toString('latin1')).not.toMatch(/\/(home|root|work|tmp\/[a-z]|Users|build)\b/)
  })

  it('is executable', () => {
    expect(statSync(path).mode & 0o111).toBe(0o111)
  })
})

describe('the digests', () => {
  it('are those of the binaries', () => {
    const lines = ['start-amd64', 'start-arm64'].map((name) => {
      const digest = createHash('sha256')
        .update(readFileSync(join(distFolder, name)))
        .digest('hex')
      return `${digest}  ${name}\n`
    })
    expect(readFileSync(join(distFolder, 'SHA256SUMS'), 'utf8')).toBe(lines.join(''))
  })
})

const emulator = process.arch === 'arm64' ? [] : ['qemu-aarch64-static']
const runsArm64 = spawnSync([...emulator, arm64][0] ?? arm64, [...emulator.slice(1), '--version']).error === undefined
if (!runsArm64) {
  if (process.env['CI'] !== undefined) throw new Error('CI must run the arm64 binary: install qemu-user-static')
  console.warn('skipped: the arm64 binary needs qemu-aarch64-static (Debian: qemu-user-static)')
}

describe.skipIf(!runsArm64)('the arm64 binary', () => {
  const arm = { binary: arm64, prefix: emulator }

  it('runs a program with a secret and keeps its exit code', async () => {
    const script = 'test "$TOKEN" = open && exit 42'
    expect((await finish(['run', '--env', `TOKEN=${file('open')}`, '--', '/bin/sh', '-c', script], arm)).code).toBe(42)
  })

  it('checks over http', async () => {
    let status = 200
    const port = await listen(createServer((_request, response) => void response.writeHead(status).end()))
    const check = ['check', '--state', folder(), '--live', `http:${port}/`, '--timeout', '10000']
    expect((await finish(check, arm)).stdout).toBe('live\n')
    status = 500
    expect(await finish(check, arm)).toMatchObject({ code: 1, stdout: `live: http :${port}/ answered 500\n` })
  })
})
