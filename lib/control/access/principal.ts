/** Who a request comes from, as far as access control knows. */
import type { Grant } from './grants.ts'

export interface Principal {
  /** E.g. `token:ci` or `user:ann`; what records and events name. */
  readonly subject: string
  /** Tells two principals of one subject apart: the token's id, or the issuer's subject. */
  readonly id: string
  readonly grants: readonly Grant[]
  readonly expiresAtMs?: number
}

/** What an identity provider says about a bearer token that is none of ours. */
export interface Identity {
  /** Stable and unique over all issuers, e.g. `https://issuer.example#1234`. */
  readonly id: string
  /** Shown name, without a prefix. */
  readonly user: string
  readonly groups: readonly string[]
  readonly expiresAtMs?: number
}

/** The port for OIDC and the like: undefined where the token is not valid for this installation. */
export interface TokenVerifier {
  verify(token: string): Promise<Identity | undefined>
}
