/** Registry credentials as the engine takes them in headers: base64url of JSON. */
import type { RegistryAuth } from './types/resource.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Padded, because engines before 20.10.x read the header with a decoder that insists on it. */
const padded = (text: string): string => text + '='.repeat((4 - (text.length % 4)) % 4)

/** `X-Registry-Auth` for pull, push, service writes and distribution. Push demands it even without credentials. */
export const registryAuthHeader = (auth: RegistryAuth | undefined): string => padded(encode(auth ?? {}))

/** `X-Registry-Config` for builds: credentials by registry address. */
export const registryConfigHeader = (auths: Readonly<Record<string, RegistryAuth>>): string => padded(encode(auths))
