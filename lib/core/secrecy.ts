/**
 * Literals that look like secrets. Two signs: the shape of the value (tokens of known makers, private keys, a
 * password in a URL), and a telling name with a value that is not trivial.
 */

interface Shape {
  readonly regex: RegExp
  readonly what: string
}

const shapes: readonly Shape[] = [
  { regex: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/, what: 'a private key' },
  { regex: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/, what: 'an AWS access key' },
  { regex: /\bgh[pousr]_[A-Za-z0-9]{36,}\b/, what: 'a GitHub token' },
  { regex: /\bgithub_pat_[A-Za-z0-9_]{40,}\b/, what: 'a GitHub token' },
  { regex: /\bglpat-[A-Za-z0-9_-]{20,}/, what: 'a GitLab token' },
  { regex: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/, what: 'a Slack token' },
  { regex: /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}\b/, what: 'a Stripe key' },
  { regex: /\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{32,}\b/, what: 'an API key' },
  { regex: /\bAIza[A-Za-z0-9_-]{35}\b/, what: 'a Google API key' },
  { regex: /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/, what: 'a SendGrid key' },
  { regex: /\bnpm_[A-Za-z0-9]{36}\b/, what: 'an npm token' },
  { regex: /\bdckr_pat_[A-Za-z0-9_-]{20,}/, what: 'a Docker token' },
  { regex: /\bhv[sb]\.[A-Za-z0-9_-]{24,}/, what: 'a Vault token' },
  { regex: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/, what: 'a signed token' },
]

/** `scheme://user:password@host`; `${…}` and `<placeholders>` are no passwords. */
const userInfo = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@'"]{0,256}:([^\s/@'"]{1,256})@/i

const telling =
  /(?:^|[_.-])(?:passw(?:or)?d|passwd|pwd|pass|passphrase|secret|token|api_?key|apikey|private_?key|access_?key|secret_?key|encryption_?key|signing_?key|auth_?key|credentials?|dsn_?password)(?:$|[_.-])|(?:password|passwd|secret|token|apikey)$/i

/** Names that hold a telling word and yet name something public. */
const harmlessName =
  /(?:^|[_.-])(?:public|file|path|dir|url|uri|host|port|name|user|username|id|ttl|expir\w*|timeout|length|size|min|max|count|policy|enabled?|disabled?|type|algorithm|alg|header|prefix|issuer|audience|allow\w*|require\w*|rotation|interval|lifetime|duration|endpoint|provider|method|mode|version|field|column|cookie|reset|hash\w*)$/i

const trivial = new Set([
  '',
  'true',
  'false',
  'yes',
  'no',
  'none',
  'null',
  'auto',
  'default',
  'changeme',
  'change-me',
  'example',
  'placeholder',
  'redacted',
  'xxx',
  'todo',
])

function isTrivial(value: string): boolean {
  const lower = value.trim().toLowerCase()
  if (trivial.has(lower) || lower.length < 3) return true
  if (/^(?:x+|\*+|\.+|<[^>]*>|\{\{.*\}\})$/.test(lower)) return true
  // A path, a number alone or a reference is where a secret is, or how much of it, not the secret.
  return /^(?:\/[\w./-]*|\.{1,2}\/[\w./-]*|\d{1,3}|\$[A-Za-z_]\w*|\$\{[^}]*\}|\$\([^)]*\))$/.test(value.trim())
}

/** What the value looks like by its shape; undefined when it looks like nothing. */
export function secretShape(value: string): string | undefined {
  // Expressions are bounded per match, but a text of a megabyte is searched in its beginning and for keys only.
  const text = value.length > 200_000 ? value.slice(0, 200_000) : value
  const shape = shapes.find((each) => each.regex.test(text))
  if (shape !== undefined) return shape.what
  const password = userInfo.exec(text)?.[1]
  if (password !== undefined && !isTrivial(password) && !password.includes('${')) return 'a password in a URL'
  return undefined
}

/** `camelCase` counts as `snake_case`. */
const words = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')

export const isTellingName = (name: string): boolean => telling.test(words(name)) && !harmlessName.test(words(name))

/** `APP_KEY` may name anything; with a long mixture of letters and digits it names a key. */
const isKey = (name: string, value: string): boolean =>
  /(?:^|[_.-])key$/i.test(words(name)) &&
  !harmlessName.test(words(name).replace(/[_.-]?key$/i, '')) &&
  /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/=_-]{16,}$/.test(value)

/** Why a literal under a name looks like a secret; undefined when it does not. */
export function looksSecret(name: string, value: string): string | undefined {
  const shape = secretShape(value)
  if (shape !== undefined) return `looks like ${shape}`
  return (isTellingName(name) && !isTrivial(value)) || isKey(name, value)
    ? `has a name that says it is a secret`
    : undefined
}

export const masked = '••••••'

/** The value for a message: masked where it may be secret. */
export const shown = (name: string, value: string): string => (looksSecret(name, value) === undefined ? value : masked)
