/** E-22 Ingress: routing by host and path, fan-out with rewrite, name-based hosts, the root, an external name. */
import { strict as assert } from 'node:assert'
import { withOutside } from './outside.ts'
import type { Scenario, ScenarioContext } from './scenario.ts'
import { deployed, get, planIsEmpty, ready, sh } from './tools.ts'

const app = { project: 'default', app: 'gateway' }
/** httpd with a page of its own text at each of these paths. */
const pages = (name: string, paths: readonly string[]): string =>
  [
    ...paths.map((path) => `mkdir -p /tmp/www${path}; echo ${name}${path} > /tmp/www${path}/index.html`),
    'exec httpd -f -p 8080 -h /tmp/www',
  ].join('; ')
const service = (name: string, paths: readonly string[], routes: string): string => `  ${name}:
    image: "escale.local/busybox:1"
    command: [sh, -c, ${JSON.stringify(pages(name, paths))}]
    ports: {http: 8080}
    routes: ${routes}
    size: {cpu: 0.01, memory: 16Mi}
    health: {ready: {http: /, interval: 1s}}
    stop: {signal: SIGINT, grace: 1s}
    update: {rolling: {settle: 1s}}
`
const manifest = (databaseAddress: string, databasePort: number): string => `apiVersion: escale/v1
kind: App
metadata: {name: gateway}
external:
  my-service: {host: "${databaseAddress}", ports: {pg: ${databasePort}}}
services:
${service('service1', ['/', '/deep'], '{fan: {host: foo.bar.com, path: /foo, rewrite: /}}')}${service('service2', ['/', '/deep'], '{fan: {host: foo.bar.com, path: /bar, rewrite: /}}')}${service('api', ['/', '/pets'], '{main: {host: example.com, path: /pets}}')}${service('web', ['/', '/web'], '{main: {host: example.com, path: /web}, exact: {host: example.com, path: /, match: exact}}')}${service('blog', ['/'], '{main: {host: blog.particule.io}, second: {host: www.particule.io}}')}`
/** The smallest manifest there is, as it stands in the documents. */
const smallest = `apiVersion: escale/v1
kind: App
metadata: {name: hello}
services:
  web: {image: nginx, ports: {http: 80}, routes: {main: {}}}
`

/** Who answers to this host and path; `status 404` where nobody does. */
async function who(context: ScenarioContext, host: string, path: string): Promise<string> {
  const { status, body } = await get(context, host, path)
  return status === 200 ? body : `status ${status}`
}

async function refusals(context: ScenarioContext): Promise<void> {
  const other = (route: string): string => `apiVersion: escale/v1
kind: App
metadata: {name: thief}
services:
  web: {image: "escale.local/busybox:1", ports: {http: 8080}, routes: {main: ${route}}}
`
  const codeOf = (manifestOf: string, project: string): Promise<string> =>
    context.begin(manifestOf, { project }).then(
      () => 'begun',
      (error: unknown) => (error as { readonly code: string }).code,
    )
  await context.client.call('createProject', { body: { name: 'others' } })
  assert.notEqual(
    await codeOf(other('{host: foo.bar.com, path: /new}'), 'others'),
    'begun',
    'a host belongs to one project',
  )
  assert.notEqual(
    await codeOf(other('{host: foo.bar.com, path: /foo}'), 'default'),
    'begun',
    'a host and path belong to one app',
  )
}

export const e22: Scenario = {
  id: 'E-22',
  title: 'Ingress',
  without: ['TLS', 'an external name that leads to a name'],
  images: ['busybox', 'nginx'],
  on: {
    memory: async (context) => {
      const text = manifest('10.1.2.3', 5432)
      await deployed(context, text)
      await planIsEmpty(context, app, text)
      await refusals(context)
      const { routes } = await context.status(app)
      assert.deepEqual(
        routes.map(({ service: name, url }) => `${name} ${new URL(url).hostname}${new URL(url).pathname}`).toSorted(),
        [
          'api example.com/pets',
          'blog blog.particule.io/',
          'blog www.particule.io/',
          'service1 foo.bar.com/foo',
          'service2 foo.bar.com/bar',
          'web example.com/',
          'web example.com/web',
        ],
      )
    },
    docker: (context) =>
      withOutside('outside-database', async (port) => {
        const text = manifest(context.hostAddress!, port)
        await deployed(context, text)
        await planIsEmpty(context, app, text)
        await context.until(
          'every host answers',
          async () =>
            (await who(context, 'blog.particule.io', '/')) === 'blog/' &&
            (await who(context, 'foo.bar.com', '/bar/')) === 'service2/',
        )
        const answers: Readonly<Record<string, string>> = {
          'foo.bar.com/foo': 'service1/',
          'foo.bar.com/foo/': 'service1/',
          'foo.bar.com/foo/deep/': 'service1/deep',
          'foo.bar.com/bar/': 'service2/',
          'foo.bar.com/bar/deep/': 'service2/deep',
          'foo.bar.com/foobar': 'status 404',
          'foo.bar.com/other': 'status 404',
          'example.com/pets/': 'api/pets',
          'example.com/web/': 'web/web',
          'example.com/': 'web/',
          'example.com/neither': 'status 404',
          'blog.particule.io/': 'blog/',
          'www.particule.io/': 'blog/',
          'BLOG.particule.io/': 'blog/',
          'unknown.particule.io/': 'status 404',
        }
        const seen: Record<string, string> = {}
        for (const place of Object.keys(answers)) {
          const slash = place.indexOf('/')
          seen[place] = await who(context, place.slice(0, slash), place.slice(slash))
        }
        assert.deepEqual(seen, answers)

        assert.equal((await ready(context, app, 'web')).length, 1)
        const database = await sh(context, app, 'web', `nc -w 5 my-service ${port} < /dev/null`)
        assert.equal(database.output.trim(), 'outside-database', 'the external name leads to the database outside')
        await refusals(context)

        await context.engine!.images.tag('escale.local/nginx:1', 'nginx', 'latest')
        await deployed(context, smallest)
        await context.until('the smallest manifest answers at the root', async () =>
          /nginx/i.test((await get(context, context.ingress.address)).body),
        )
        assert.equal(await who(context, 'blog.particule.io', '/'), 'blog/', 'hosts go before the root')
      }),
  },
}
