import { describe, expect, it } from 'vitest'
import { errorOf, int16, int32, message, rowOf, takeMessages } from '../../examples/pets/web/messages.ts'
import { petOf, pets } from '../../examples/pets/web/pets.ts'
import type { Row } from '../../examples/pets/web/postgres.ts'
import { checkServer, scram } from '../../examples/pets/web/scram.ts'
import { serve } from './serve.ts'

/** A table of pets without a database. */
function fakeDatabase() {
  const rows = new Map<string, string>()
  return {
    query: async (statement: string, ...[name = '', kind = '']: readonly string[]): Promise<readonly Row[]> => {
      if (statement.startsWith('INSERT')) rows.set(name, kind)
      if (statement.startsWith('SELECT 1')) return [['1']]
      return statement.startsWith('SELECT') ? [...rows] : []
    },
  }
}

describe('SCRAM-SHA-256', () => {
  // The exchange of RFC 7677, section 3; its client names a user, PostgreSQL's leave the name out.
  const nonce = 'rOprNGfwEbeRWgbNEkqO'
  const challenge = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'

  it('proves the password to the server, and has the server prove it too', () => {
    const exchange = scram('pencil', nonce)
    expect(exchange.first).toBe(`n,,n=,r=${nonce}`)
    const { message: answer, serverSignature } = exchange.final(challenge)
    expect(answer).toMatch(/^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/)
    expect(() => checkServer(`v=${serverSignature.toString('base64')}`, serverSignature)).not.toThrow()
    expect(() => checkServer('v=AAAA', serverSignature)).toThrow('does not know the password')
  })

  it.each([
    ['a challenge to somebody else', challenge.replace('r=rOpr', 'r=xOpr')],
    ['no nonce of its own', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['too few iterations', challenge.replace('i=4096', 'i=1')],
    ['endless iterations', challenge.replace('i=4096', 'i=999999999')],
  ])('refuses %s', (_what, text) => {
    expect(() => scram('pencil', nonce).final(text)).toThrow('the database')
  })
})

describe("PostgreSQL's messages", () => {
  it('are taken whole, wherever the stream is cut', () => {
    const stream = Buffer.concat([message('C', Buffer.from('INSERT 0 1\0')), message('Z', Buffer.from('I'))])
    for (let cut = 0; cut <= stream.length; cut++) {
      const first = takeMessages(stream.subarray(0, cut))
      const second = takeMessages(Buffer.concat([first.rest, stream.subarray(cut)]))
      expect([...first.messages, ...second.messages].map(({ type }) => type)).toEqual(['C', 'Z'])
    }
  })

  it('carry rows with nulls and empty texts', () => {
    expect(rowOf(Buffer.concat([int16(3), int32(3), Buffer.from('cat'), int32(-1), int32(0)]))).toEqual([
      'cat',
      null,
      '',
    ])
  })

  it('carry errors with their code', () => {
    expect(errorOf(Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0')).message).toBe(
      'the database refused: password authentication failed (28P01)',
    )
  })
})

describe('the pets', () => {
  it('are listed, added to by JSON and by the form, and shown one by one', async () => {
    const { url } = await serve(pets(fakeDatabase()))
    const before = (await (await fetch(`${url}/pets`)).json()) as unknown[]
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Noodle","kind":"ferret"}',
    }
    expect((await fetch(`${url}/pets`, { ...json, redirect: 'manual' })).status).toBe(303)
    const form = await fetch(`${url}/pets`, { method: 'POST', body: new URLSearchParams({ name: 'Bo', kind: 'bear' }) })
    expect(await form.text()).toContain('<li>Bo, bear</li>')
    expect(await (await fetch(`${url}/pets`)).json()).toEqual([
      ...before,
      { name: 'Noodle', kind: 'ferret' },
      { name: 'Bo', kind: 'bear' },
    ])
    expect(await (await fetch(`${url}/pet`)).text()).toMatch(/<h1>\w+<\/h1>/)
  })

  it('cannot bring markup into the page', async () => {
    const { url } = await serve(pets(fakeDatabase()))
    const page = await (
      await fetch(`${url}/pets`, { method: 'POST', body: new URLSearchParams({ name: '<script>x', kind: '"&' }) })
    ).text()
    expect(page).toContain('<li>&#60;script&#62;x, &#34;&#38;</li>')
    expect(page).not.toContain('<script>')
  })

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"name":"x"}',
    '{"name":1,"kind":"cat"}',
    '{"name":" ","kind":"cat"}',
    `{"name":"${'x'.repeat(41)}","kind":"cat"}`,
    '{"name":"a\\u0000","kind":"cat"}',
  ])('without a name and a kind are refused: %j', (body) => {
    expect(petOf(body, 'application/json')).toEqual(expect.any(String))
  })

  it('are unhealthy without their database', async () => {
    const { url } = await serve(pets({ query: () => Promise.reject(new Error('gone')) }))
    expect((await fetch(`${url}/healthz`)).status).toBe(503)
  })
})
