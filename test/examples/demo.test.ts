import { describe, expect, it } from 'vitest'
import { freeBridgeAddress } from '../../bin/demo/own-engine.ts'
import { parseOptions } from '../../bin/demo/options.ts'
import { countLine, readCount } from '../../bin/demo/prove-dockercoins.ts'
import { createScreen } from '../../bin/demo/screen.ts'
import { createUndo } from '../../bin/demo/undo.ts'

describe("the demo's command line", () => {
  it('shows dockercoins by itself, and may install an engine', () => {
    expect(parseOptions([])).toEqual({
      kind: 'run',
      options: { example: 'dockercoins', memory: false, mayInstall: true, keep: false },
    })
  })

  it('takes all options', () => {
    const args = ['--example', 'pets', '--memory', '--no-install', '--keep', '--address', '10.0.0.1']
    expect(parseOptions(args)).toEqual({
      kind: 'run',
      options: { example: 'pets', memory: true, mayInstall: false, keep: true, address: '10.0.0.1' },
    })
  })

  it.each([[['--example', 'shop']], [['--exmaple', 'pets']], [['pets']]])('refuses %j', (args) => {
    expect(parseOptions(args)).toMatchObject({ kind: 'wrong' })
  })
})

describe("the demo's screen", () => {
  const draw = async (isTTY: boolean): Promise<string> => {
    let text = ''
    let atMs = 0
    const screen = createScreen({ isTTY, columns: 40, write: (piece) => (text += piece) }, () => (atMs += 500))
    await screen.work('Build', async (detail) => detail('one'))
    await expect(screen.work('Fail', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    return text
  }

  it('writes plain lines where there is no terminal', async () => {
    expect(await draw(false)).toBe('… Build\n    one\n✓ Build (0.5 s)\n… Fail\n✗ Fail (0.5 s)\n')
  })

  it('draws one line anew on a terminal', async () => {
    const kept = (await draw(true)).split('\n').map((line) => line.split('\r\u001B[K').at(-1))
    expect(kept).toEqual(['✓ Build (0.5 s)', '✗ Fail (0.5 s)', ''])
  })
})

describe('what the demo made', () => {
  it('is unmade the last first, whatever fails', async () => {
    const done: string[] = []
    const undo = createUndo()
    undo.add('first', async () => void done.push('first'))
    undo.add('second', () => Promise.reject(new Error('stuck')))
    undo.add('third', async () => void done.push('third'))
    expect(await undo.run('undo')).toEqual(['second: stuck'])
    expect(done).toEqual(['third', 'first'])
    expect(await undo.run('undo')).toEqual([])
  })

  it('stays where that was asked for', async () => {
    const done: string[] = []
    const undo = createUndo()
    undo.add(
      'app',
      async () => void done.push('removed'),
      async () => void done.push('kept'),
    )
    await undo.run('keep')
    expect(done).toEqual(['kept'])
  })
})

describe("the demo's engine", () => {
  it('takes a bridge address that no network of the machine begins like', () => {
    expect(freeBridgeAddress(['127.0.0.1', '192.168.1.7'])).toBe('10.213.77.1/24')
    expect(freeBridgeAddress(['10.213.0.1'])).toBe('172.30.213.1/24')
    expect(() => freeBridgeAddress(['10.213.0.1', '172.30.0.1', '192.168.9.9'])).toThrow('none of the networks')
  })
})

describe('the counter', () => {
  it('is read from the numbers alone', () => {
    expect(readCount({ status: 200, body: '{"hashes":3,"coins":1,"now":5.5}' })).toEqual({
      hashes: 3,
      coins: 1,
      now: 5.5,
    })
    expect(readCount({ status: 200, body: '{"hashes":"3"}' })).toBeUndefined()
    expect(readCount({ status: 503, body: 'no instance' })).toBeUndefined()
  })

  it('is drawn with its rates', () => {
    expect(countLine({ hashes: 12, coins: 1, now: 0 }, [0, 2, 4])).toBe(
      '      12 hashes     1 coins    4.0 hashes/s  ▁▅█',
    )
  })
})
