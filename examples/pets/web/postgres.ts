/** As much of PostgreSQL's protocol as a small page needs: SCRAM, and statements with text parameters, one at a time. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { errorOf, int16, int32, message, rowOf, takeMessages, text } from './messages.ts'
import type { Message } from './messages.ts'
import { checkServer, scram } from './scram.ts'

export type Row = readonly (string | null)[]

export interface Database {
  query(statement: string, ...values: readonly string[]): Promise<readonly Row[]>
  close(): void
}

const timeoutMs = 5_000

/** One connection, made when it is first needed and anew after it broke. */
export function openDatabase(url: string): Database {
  let connection: Promise<Connection> | undefined
  let before: Promise<unknown> = Promise.resolve()

  async function ask(statement: string, values: readonly string[]): Promise<readonly Row[]> {
    const used = (connection ??= login(new URL(url)))
    try {
      return await (await used).query(statement, values)
    } catch (error) {
      const broken = await used.then(
        (open) => open.isBroken(),
        () => true,
      )
      if (broken) connection = undefined
      throw error
    }
  }

  return {
    query: (statement, ...values) => {
      const answer = before.then(() => ask(statement, values))
      before = answer.catch(() => undefined)
      return answer
    },
    close: () => {
      connection?.then(
        (open) => open.close(),
        () => undefined,
      )
    },
  }
}

interface Connection {
  query(statement: string, values: readonly string[]): Promise<readonly Row[]>
  isBroken(): boolean
  close(): void
}

async function login(url: URL): Promise<Connection> {
  const user = decodeURIComponent(url.username)
  const socket = connect({ host: url.hostname, port: Number(url.port || 5432), noDelay: true })
  const next = reader(socket, url.host)
  try {
    const names = [
      text('user'),
      text(user),
      text('database'),
      text(url.pathname.slice(1) || user),
      text('client_encoding'),
      text('UTF8'),
    ]
    socket.write(message('', int32(196_608), ...names, Buffer.from([0])))
    await authenticate(socket, next, decodeURIComponent(url.password))
    for (let type = ''; type !== 'Z';) type = (await next()).type
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    isBroken: () => socket.destroyed,
    close: () => socket.end(message('X')),
    query: async (statement, values) => {
      socket.write(statementOf(statement, values))
      const rows: Row[] = []
      let refused: Error | undefined
      for (;;) {
        const { type, body } = await next()
        if (type === 'D') rows.push(rowOf(body))
        else if (type === 'E') refused = errorOf(body)
        else if (type === 'Z') break
      }
      if (refused !== undefined) throw refused
      return rows
    },
  }
}

/** Parse, bind, execute and sync in one write: values never become part of the statement. */
function statementOf(statement: string, values: readonly string[]): Buffer {
  const bound = values.map((value) => Buffer.from(value, 'utf8')).flatMap((value) => [int32(value.length), value])
  return Buffer.concat([
    message('P', text(''), text(statement), int16(0)),
    message('B', text(''), text(''), int16(0), int16(values.length), ...bound, int16(0)),
    message('E', text(''), int32(0)),
    message('S'),
  ])
}

async function authenticate(socket: Socket, next: () => Promise<Message>, password: string): Promise<void> {
  const nonce = randomBytes(18).toString('base64')
  const exchange = scram(password, nonce)
  let expected: Buffer | undefined
  for (;;) {
    const { type, body } = await next()
    if (type === 'E') throw errorOf(body)
    if (type !== 'R') continue
    const data = body.toString('utf8', 4)
    switch (body.readInt32BE(0)) {
      case 0:
        return
      case 10: {
        if (!data.split('\0').includes('SCRAM-SHA-256'))
          throw new Error(`the database offers no SCRAM-SHA-256, but ${data}`)
        const first = Buffer.from(exchange.first, 'utf8')
        socket.write(message('p', text('SCRAM-SHA-256'), int32(first.length), first))
        break
      }
      case 11: {
        const { message: answer, serverSignature } = exchange.final(data)
        expected = serverSignature
        socket.write(message('p', Buffer.from(answer, 'utf8')))
        break
      }
      case 12:
        if (expected === undefined) throw new Error('the database ended a login that did not begin')
        checkServer(data, expected)
        break
      default:
        throw new Error(`the database wants a login of kind ${body.readInt32BE(0)}; only SCRAM-SHA-256 is spoken here`)
    }
  }
}

/** Hands out messages one by one; a broken or silent connection rejects whoever waits. */
function reader(socket: Socket, place: string): () => Promise<Message> {
  const ready: Message[] = []
  let rest: Buffer = Buffer.alloc(0)
  let waiting: PromiseWithResolvers<Message> | undefined
  let failure: Error | undefined
  const fail = (error: Error): void => {
    failure ??= error
    waiting?.reject(failure)
    waiting = undefined
  }
  socket.setTimeout(timeoutMs, () => {
    if (waiting !== undefined)
      socket.destroy(new Error(`the database at ${place} did not answer within ${timeoutMs} ms`))
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error(`the database at ${place} closed the connection`)))
  socket.on('data', (data) => {
    const taken = takeMessages(Buffer.concat([rest, data]))
    rest = taken.rest
    ready.push(...taken.messages)
    const first = waiting === undefined ? undefined : ready.shift()
    if (first === undefined) return
    waiting?.resolve(first)
    waiting = undefined
  })
  return () => {
    const first = ready.shift()
    if (first !== undefined) return Promise.resolve(first)
    if (failure !== undefined) return Promise.reject(failure)
    waiting = Promise.withResolvers()
    return waiting.promise
  }
}
