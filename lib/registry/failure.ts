/** What a registry's refusal means for the one who asked. */
import { EscaleError } from '../core/errors.ts'
import type { Code } from '../core/codes.ts'
import { isFields, listOf, textOf } from './json.ts'
import type { HttpResponse } from './transport.ts'

export interface Asked {
  readonly registry: string
  /** What was asked for, as it reads in a sentence: `the image "ghcr.io/acme/web:v1"`. */
  readonly subject: string
  /** Whether credentials were at hand. */
  readonly withCredentials: boolean
  readonly writing: boolean
}

const maxErrorBytes = 16 * 1024

export async function refusal(response: HttpResponse, asked: Asked): Promise<EscaleError> {
  const said = await reasonOf(response)
  const { code, text } = meaning(response.status, asked)
  return new EscaleError(code, `${text}${said === '' ? '' : ` (the registry says: ${said})`}`)
}

function meaning(
  status: number,
  { registry, subject, withCredentials, writing }: Asked,
): { readonly code: Code; readonly text: string } {
  const what = writing ? 'written to' : 'read from'
  switch (status) {
    case 401:
      return withCredentials
        ? {
            code: 'registry-unauthorized',
            text: `${subject} cannot be ${what} ${registry}: it refuses the credentials; check user and password or token for ${registry}`,
          }
        : {
            code: 'registry-unauthorized',
            text: `${subject} cannot be ${what} ${registry} without credentials: it is private or does not exist; check the name, or give credentials for ${registry}`,
          }
    case 403:
      return {
        code: 'registry-forbidden',
        text: `${subject} cannot be ${what} ${registry}: the ${withCredentials ? 'account' : 'anonymous visitor'} may not; ask for ${writing ? 'push' : 'pull'} rights, or use another account`,
      }
    case 404:
      return writing
        ? {
            code: 'registry-refused',
            text: `${subject} cannot be written to ${registry}: there is no such repository, or it has to be made first`,
          }
        : { code: 'image-not-found', text: `${subject} does not exist at ${registry}; check its name and tag` }
    case 429:
      return {
        code: 'registry-rate-limited',
        text: `${registry} refuses to answer for ${subject}: too many calls; try later${withCredentials ? '' : ', or give credentials, for which limits are higher'}`,
      }
    default:
      return {
        code: 'registry-refused',
        text: `${registry} answered ${status} where ${subject} should have been ${what} it`,
      }
  }
}

async function reasonOf(response: HttpResponse): Promise<string> {
  const bytes: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > maxErrorBytes) break
    bytes.push(chunk)
  }
  return describe(Buffer.concat(bytes).toString('utf8'))
}

/** The codes and messages of the distribution specification; pages of proxies in between say nothing useful. */
function describe(text: string): string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // Not of the specified form, so there is nothing to add to the status.
    return ''
  }
  if (!isFields(body)) return ''
  const errors = listOf(body['errors']).map((error) =>
    [textOf(error['code']), textOf(error['message'])].filter((part) => part !== undefined && part !== '').join(': '),
  )
  const said = errors.length > 0 ? errors.join('; ') : (textOf(body['details']) ?? textOf(body['message']) ?? '')
  const clean = said.replaceAll(/\p{Cc}+/gu, ' ')
  return clean.length > 300 ? `${clean.slice(0, 300)}…` : clean
}

/** A failure on the way: no answer came. */
export function connectionFailure(error: unknown, registry: string, subject: string): EscaleError {
  if (error instanceof EscaleError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text =
    error instanceof Error
      ? error instanceof AggregateError && error.message === ''
        ? String(error.errors[0])
        : error.message
      : String(error)
  if (isCertificateFailure(code))
    return new EscaleError(
      'registry-untrusted',
      `the certificate of ${registry} is not trusted (${code}: ${text}); give its authority's certificate for this host, or check that it is the right host`,
      { cause: error },
    )
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new EscaleError(
      'registry-untrusted',
      `${registry} does not speak TLS; allow plain HTTP for this host if that is meant`,
      { cause: error },
    )
  return new EscaleError(
    'unreachable',
    `${subject} could not be had: ${registry} did not answer (${text}); check the host name and the network`,
    { cause: error },
  )
}

const isCertificateFailure = (code: string): boolean =>
  code.startsWith('CERT_') ||
  code.startsWith('UNABLE_TO_') ||
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID', 'INVALID_CA'].includes(
    code,
  )
