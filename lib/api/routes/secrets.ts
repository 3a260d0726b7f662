/** Secrets: values go in and never come out. */
import type * as z from 'zod'
import { EscaleError } from '../../core/errors.ts'
import { listSecrets, removeSecret, secretVersions, setSecret } from '../../control/secrets.ts'
import { secretVersionView, secretView } from '../present/access.ts'
import { keyOf, route } from '../route.ts'
import { secret, secretVersion, setSecretBody } from '../schemas/access.ts'
import { appQuery, pageOf } from '../schemas/common.ts'

type SecretBody = z.output<typeof setSecretBody>
type SecretValue = Parameters<typeof setSecret>[4]

const bytesOf = (value: { value: string } | { base64: string }): Uint8Array =>
  'value' in value ? Buffer.from(value.value, 'utf8') : Buffer.from(value.base64, 'base64')

const valueOf = (body: SecretBody): SecretValue =>
  'keys' in body
    ? {
        kind: 'keyed',
        keys: Object.fromEntries(Object.entries(body.keys).map(([key, value]) => [key, bytesOf(value)])),
      }
    : { kind: 'single', data: bytesOf(body) }

const noSecret = (name: string): EscaleError =>
  new EscaleError('not-found', `There is no secret ${JSON.stringify(name)} in this app and environment.`)

export const secretRoutes = {
  listSecrets: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/secrets',
    summary: 'Secrets of an app, with the version that the next release pins',
    tag: 'secrets',
    needs: 'secret.read',
    newApp: true,
    query: appQuery,
    status: 200,
    answer: pageOf(secret),
    async handler({ deps, params, query }) {
      const found = await listSecrets(deps, keyOf(params, query.environment))
      return { body: { items: found.map(secretView) } }
    },
  }),
  listSecretVersions: route({
    method: 'GET',
    path: '/v1/projects/{project}/apps/{app}/secrets/{secret}',
    summary: 'Versions of a secret',
    tag: 'secrets',
    needs: 'secret.read',
    newApp: true,
    query: appQuery,
    status: 200,
    answer: pageOf(secretVersion),
    async handler({ deps, params, query }) {
      const versions = await secretVersions(deps, keyOf(params, query.environment), params.secret)
      if (versions.length === 0) throw noSecret(params.secret)
      return { body: { items: versions.map(secretVersionView) } }
    },
  }),
  setSecret: route({
    method: 'PUT',
    path: '/v1/projects/{project}/apps/{app}/secrets/{secret}',
    summary: 'Give a secret a new value; instances get it with the next deployment',
    tag: 'secrets',
    needs: 'secret.write',
    newApp: true,
    query: appQuery,
    body: setSecretBody,
    secretBody: true,
    status: 200,
    answer: secretVersion,
    write: { repeat: 'refuse' },
    async handler({ deps, actor, params, query, body, note }) {
      const { before, after } = await setSecret(
        deps,
        actor,
        keyOf(params, query.environment),
        params.secret,
        valueOf(body),
      )
      note({
        before: { secret: params.secret, version: before?.version ?? null },
        after: { secret: params.secret, version: after.version },
      })
      return { body: secretVersionView(after) }
    },
  }),
  removeSecret: route({
    method: 'DELETE',
    path: '/v1/projects/{project}/apps/{app}/secrets/{secret}',
    summary: 'Remove a secret with all its versions',
    tag: 'secrets',
    needs: 'secret.write',
    newApp: true,
    query: appQuery,
    status: 204,
    write: { repeat: 'continue' },
    async handler({ deps, actor, params, query, note }) {
      await removeSecret(deps, actor, keyOf(params, query.environment), params.secret)
      note({ before: { secret: params.secret } })
      return { body: undefined }
    },
  }),
}
