/** The image everything stands on, and who it runs as. */
import { expand } from '../expand.ts'
import { finding } from '../parse.ts'
import { ofKeyword } from '../context.ts'
import type { Rule } from '../context.ts'
import { parseImageReference } from '../../reference.ts'
import type { ImageReference } from '../../reference.ts'
import { supportEnd } from '../support.ts'

/** `undefined` for what is no image of a registry: `scratch`, or a name with a variable nobody has set. */
export function baseReference(text: string): ImageReference | undefined {
  if (text === 'scratch') return undefined
  const parsed = parseImageReference(text)
  return parsed.ok ? parsed.value : undefined
}

export const badBase: Rule = ({ stages }) =>
  stages.flatMap(({ from, base, parent }) => {
    if (parent !== undefined || base === 'scratch' || from.words.length === 0) return []
    const parsed = parseImageReference(base)
    if (parsed.ok) return []
    // A build argument without default is given at the build.
    if ((from.words[0]?.text ?? '').includes('$')) return []
    return parsed.problems.map(({ message, fix }) =>
      finding('df-syntax', from, message, { value: base, ...(fix === undefined ? {} : { fix }) }),
    )
  })

export const unsupportedBase: Rule = ({ stages, nowMs }) =>
  stages.flatMap(({ from, base, parent }) => {
    const reference = parent === undefined ? baseReference(base) : undefined
    const end = reference === undefined ? undefined : supportEnd(reference, nowMs)
    if (end === undefined) return []
    const when = end.until === undefined ? 'is no longer maintained' : `is out of support since ${end.until}`
    return [
      finding('df-base-eol', from, `the base image "${base}" ${when}`, {
        value: base,
        fix: `use ${end.successor ?? 'a supported version'}`,
      }),
    ]
  })

export const unpinnedBase: Rule = ({ stages }) =>
  stages.flatMap(({ from, base, parent }) => {
    const reference = parent === undefined ? baseReference(base) : undefined
    if (reference === undefined || reference.digest !== undefined || /\d/.test(reference.tag ?? '')) return []
    return [
      finding('df-base-unpinned', from, `the base image "${base}" changes whenever its makers publish a new one`, {
        value: base,
        fix: `name a version${reference.tag === 'latest' ? '' : ', e.g. with the number before the variant'}, or a digest`,
      }),
    ]
  })

/** Official images whose entrypoint starts as root and then becomes another user by itself. */
const dropsRights = new Set(
  [
    'nginx',
    'httpd',
    'postgres',
    'mysql',
    'mariadb',
    'mongo',
    'redis',
    'valkey',
    'rabbitmq',
    'memcached',
    'haproxy',
    'cassandra',
    'couchdb',
    'influxdb',
    'traefik',
    'caddy',
  ].map((name) => `library/${name}`),
)
/** Images that have a user of their own. */
const ownUser =
  /(?:^|\/)(?:bitnami|jenkins|elasticsearch|kibana|logstash|grafana|prom|keycloak|sonarqube)(?:\/|$)|nonroot|unprivileged/

export const rootUser: Rule = ({ steps, base, final }) => {
  const user = ofKeyword(steps, 'USER').at(-1)
  if (user !== undefined) {
    const name = expand(user.instruction.text, user.variables, '\\').split(':', 1)[0] ?? ''
    if (name !== 'root' && name !== '0') return []
    return [
      finding('df-root-user', user.instruction, 'the image ends as the user root', {
        value: name,
        fix: 'end with `USER` and another user than root',
      }),
    ]
  }
  if (base !== undefined) {
    const ownEntrypoint = ofKeyword(steps, 'ENTRYPOINT').length > 0
    if (dropsRights.has(base.repository) && !ownEntrypoint) return []
    if (ownUser.test(`${base.repository}:${base.tag ?? ''}`)) return []
  }
  return [
    finding('df-root-user', final.from, 'the image runs as root, since no USER is set', {
      fix: 'add a user and `USER` before the command, e.g. `USER 1000`',
    }),
  ]
}
