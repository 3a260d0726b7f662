import { command, group } from '../command.ts'
import { formatAge, parseDurationMs } from '../output/units.ts'
import { everything, pagesOf, usage, yesOption } from './shared.ts'

const roles = ['owner', 'deployer', 'operator', 'viewer'] as const

const list = command({
  name: 'ls',
  summary: 'list tokens, never their values',
  description: 'Lists the tokens within what you own.',
  options: {},
  arguments: {},
  examples: [{ line: 'escale tokens ls', says: 'with their grants and when they were last used' }],
  async handler(context) {
    const client = await context.client()
    const tokens = await pagesOf(everything, (query) =>
      client.call('listTokens', { query, signal: context.interrupted }),
    )
    const nowMs = context.world.clock.nowMs()
    await context.out.list(
      tokens,
      [
        { title: 'ID', value: (token) => token.id },
        { title: 'NAME', value: (token) => token.name },
        {
          title: 'GRANTS',
          value: (token) => token.grants.map((grant) => `${grant.role}@${grant.collection}`).join(', '),
          shrinks: true,
        },
        { title: 'EXPIRES', value: (token) => token.expiresAt ?? 'never' },
        {
          title: 'LAST USED',
          value: (token) => (token.lastUsedAt === undefined ? 'never' : `${formatAge(token.lastUsedAt, nowMs)} ago`),
        },
        { title: 'BY', value: (token) => token.createdBy, wide: true },
      ],
      'There are no tokens.',
    )
  },
})

/** `deployer@team-a/shop`; without `@` everything. */
function grantOf(word: string): { readonly role: (typeof roles)[number]; readonly collection: string } {
  const [name = '', collection = '*'] = word.split('@', 2)
  const role = roles.find((each) => each === name)
  if (role === undefined)
    throw usage(
      `${JSON.stringify(word)} of --grant names no role`,
      'write it as deployer@project, or deployer@project/app',
      { allowed: roles },
    )
  return { role, collection }
}

const create = command({
  name: 'create',
  summary: 'make a token; it is shown once',
  description:
    'Makes a token for a person or a pipeline. It is shown this once and kept nowhere. It expires in 90 days unless said otherwise.',
  options: {
    grant: {
      short: 'g',
      value: 'role@scope',
      repeat: true,
      description: 'owner, deployer, operator or viewer, of `*`, a project, or project/app; may stand several times',
    },
    expires: { value: 'duration', description: 'e.g. 30d, or `never`' },
  },
  arguments: { name: { description: 'what it is for', required: true } },
  examples: [
    { line: 'escale tokens create ci --grant deployer@team-a/shop', says: 'for the pipeline of one app' },
    { line: 'escale tokens create board --grant viewer@team-a --expires never -q > token', says: 'the token alone' },
  ],
  async handler(context, { options, args }) {
    if (options.grant.length === 0) throw usage('a token without grants may do nothing', 'add --grant deployer@PROJECT')
    const grants = options.grant.map(grantOf)
    const expiresAt = expiryOf(options.expires, context.world.clock.nowMs())
    const client = await context.client()
    const made = await client.call('createToken', {
      body: { name: args.name, grants, ...(expiresAt !== undefined && { expiresAt }) },
      signal: context.interrupted,
    })
    const { out } = context
    await out.show(made, () => made.token)
    if (out.forPeople) out.note(`token ${made.id} expires ${made.expiresAt ?? 'never'}; it is not shown again`)
  },
})

function expiryOf(text: string | undefined, nowMs: number): string | null | undefined {
  if (text === undefined) return undefined
  if (text === 'never') return null
  const durationMs = parseDurationMs(text)
  if (durationMs === undefined)
    throw usage(`${JSON.stringify(text)} of --expires is no duration`, 'write it as 12h, 30d, or never')
  return new Date(nowMs + durationMs).toISOString()
}

const revoke = command({
  name: 'revoke',
  summary: 'revoke a token at once',
  description: 'Revokes a token; whoever uses it is refused from now on.',
  options: yesOption,
  arguments: { id: { description: 'its id; see `escale tokens ls`', required: true } },
  examples: [{ line: 'escale tokens revoke tok_k7mw3q2m5n4p6r7s2t3v4w5x6y', says: 'after asking' }],
  async handler(context, { options, args }) {
    const client = await context.client()
    const token = await client.call('getToken', { params: { token: args.id }, signal: context.interrupted })
    await context.confirm(`Revoke the token ${token.name} (${token.id})?`, options.yes)
    await client.call('revokeToken', {
      params: { token: args.id },
      idempotencyKey: context.idempotencyKey(),
      signal: context.interrupted,
    })
    await context.out.show({ revoked: args.id }, () => (context.out.quiet ? '' : `token ${token.name} was revoked`))
  },
})

export const tokens = group({
  name: 'tokens',
  summary: 'list, make and revoke tokens',
  description: 'Tokens for people and pipelines: scoped, expiring, kept as hashes.',
  commands: [list, create, revoke],
})
