import { describe, expect, it } from 'vitest'
import { printManifest } from '../../lib/manifest/print.ts'
import { longForm } from '../../lib/manifest/long-form.ts'
import type { ManifestInput } from '../../lib/manifest/sections/manifest.ts'
import { isCron } from '../../lib/manifest/grammar/cron.ts'
import { splitCommand } from '../../lib/manifest/walk/command-line.ts'
import { suggest } from '../../lib/manifest/walk/suggest.ts'
import { problemsOf, resolved, serviceOf, specOf } from './load.ts'

/** What could be mistaken for a slip, and is none. */
describe('a right manifest', () => {
  it.each([
    ['depends on health without a check', 'services: {a: {image: a, dependsOn: {b: healthy}}, b: {image: a}}'],
    ['says `completed` of a job', 'services: {a: {image: a, dependsOn: {m: completed}}}\njobs: {m: {image: a}}'],
    [
      'waits for an external name',
      'external: {x: {host: h.example}}\nservices: {a: {image: a, dependsOn: {x: started}}}',
    ],
    ['has an alias with an underscore', 'services: {a: {image: a, aliases: [my_db, db.internal]}}'],
    ['has a variable with dots', 'services: {a: {image: a, env: {discovery.type: single-node}}}'],
    [
      'has a variable in envFrom and env',
      'config: {c: {values: {A: x}}, d: {values: {A: y}}}\nservices: {a: {image: a, envFrom: {c: config, d: config}, env: {A: z}}}',
    ],
    [
      'uses a single volume in a stateful service of three',
      'volumes: {d: {}}\nservices: {a: {image: a, mode: stateful, scale: 3, mounts: {/d: {volume: d}}}}',
    ],
    [
      'uses a shared volume twice',
      'volumes: {d: {access: shared}}\nservices: {a: {image: a, scale: 3, mounts: {/d: {volume: d}}}, b: {image: a, mounts: {/d: {volume: d}}}}',
    ],
    [
      'takes a job from a stateful service without its volume',
      'volumes: {d: {}}\nservices: {a: {image: a, mode: stateful, mounts: {/d: {volume: d}}}}\njobs: {m: {from: a, mounts: {/d: null}}}',
    ],
    ['builds and pushes', 'services: {a: {image: r.example/a, build: {context: ., platforms: [linux/amd64]}}}'],
    ['has a container that is only built', 'services: {a: {build: {}}}'],
    [
      'listens on a tcp and a udp port of one number',
      'services: {a: {image: a, ports: {t: 53, u: {port: 53, protocol: udp}}}}',
    ],
    [
      'has two routes on one host by path',
      'services: {a: {image: a, ports: {http: 80}, routes: {r: {host: x.example}, s: {host: x.example, path: /s}}}}',
    ],
    ['uses a network called default', 'services: {a: {image: a, networks: [default]}}'],
    [
      'says secret where it means a place',
      'services: {a: {image: a, env: {PASSWORD_FILE: /run/secrets/x, SECRET_NAME: abc, TOKEN_TTL: 3600s, DB_PASSWORD: "", KEY: "", API_TOKEN: "$${TOKEN}"}}}',
    ],
    [
      'allows what looks like a secret',
      'config: {c: {values: {TOKEN: {text: abcdefg, allowPlain: true}}}}\nservices: {a: {image: a, command: [--password=abcdefg], allowPlain: true, env: {PASSWORD: {text: abcdefg, allowPlain: true}}}}',
    ],
    ['names a user in a URL', 'services: {a: {image: a, env: {A: "postgres://app@db/x", B: "http://x/y:z@w"}}}'],
    ['writes nothing where nothing is meant', 'services: {a: {image: a, size: null, identity: {awsRole: null}}}'],
    ['has no service at all', 'volumes: {d: {}}'],
    [
      'scales by requests at a route',
      'services: {a: {image: a, ports: {http: 80}, routes: {r: {}}, scale: {max: 3, targets: {requests: 10}, idleAfter: 5m}}}',
    ],
  ])('%s', (_what, body) => {
    expect(problemsOf(body)).toEqual([])
  })
})

describe('short forms', () => {
  it.each([
    ['scale: 3', { scale: { min: 3, max: 3 } }],
    ['health: /up, ports: {http: 80}', { health: { ready: { http: '/up' }, live: { http: '/up' } } }],
    ['ports: {rtp: 10-20}', { ports: { rtp: { port: '10-20' } } }],
    ['ports: {a: 1}, publish: {a: auto}', { publish: { a: { port: 'auto' } } }],
    ['scratch: {c: 1Gi, d: {}}', { scratch: { c: { size: '1Gi' }, d: {} } }],
    ['kernel: {ulimits: {nofile: 10}}', { kernel: { ulimits: { nofile: { soft: 10, hard: 10 } } } }],
    ['placement: {prefer: {gen: new}}', { placement: { prefer: { gen: ['new'] } } }],
    ['env: {A: x}', { env: { A: { text: 'x' } } }],
  ])('stand for one long form: %s', (keys, expected) => {
    expect(resolved(`services: {web: {image: a, ${keys}}}`).manifest.services?.['web']).toMatchObject(expected)
  })

  it('of a secret is the store', () => {
    expect(resolved('secrets: {a: {}, t: {keys: {x: {}}}}').complete.secrets).toEqual({
      a: { from: 'store:' },
      t: { keys: { x: { from: 'store:' } } },
    })
  })
})

describe('ports', () => {
  it('are the only one, else the one called http, where none is named', () => {
    const spec = specOf(
      'services: {a: {image: a, ports: {x: 1}, routes: {r: {}}}, b: {image: a, ports: {x: 1, http: 2}, routes: {r: {}}, health: /}}',
    )
    expect(serviceOf(spec, 'a').routes[0]?.port).toBe('x')
    expect(serviceOf(spec, 'b').routes[0]?.port).toBe('http')
    expect(serviceOf(spec, 'b').main.health?.ready?.probe).toEqual({ kind: 'http', path: '/', port: 2 })
  })

  it('of a sidecar can be routed to', () => {
    const spec = specOf('services: {a: {image: a, sidecars: {p: {image: b, ports: {http: 80}}}, routes: {r: {}}}}')
    expect(serviceOf(spec, 'a').routes[0]?.port).toBe('http')
    expect(serviceOf(spec, 'a').sidecars[0]?.ports[0]?.app).toBe('http')
  })
})

describe('printing', () => {
  const base: ManifestInput = { apiVersion: 'escale/v1', kind: 'App', metadata: { name: 'a' } }

  it('puts small things in one line and uses short forms', () => {
    const text = printManifest({
      ...base,
      services: {
        web: {
          image: 'nginx',
          ports: { http: { port: 80 } },
          size: { cpu: '0.5' },
          env: { A: { text: 'yes' }, P: '8080' },
          scale: { min: 2, max: 2 },
        },
      },
    })
    expect(text).toBe(`apiVersion: escale/v1
kind: App
metadata: {name: a}
services:
  web:
    image: nginx
    env: {A: "yes", P: "8080"}
    ports: {http: 80}
    size: {cpu: 0.5}
    scale: 2
`)
    expect(printManifest({ ...base, services: { web: { image: 'nginx', ports: { http: 80 } } } })).toContain(
      '  web: {image: nginx, ports: {http: 80}}\n',
    )
  })

  it('prints comments where an importer took a decision', () => {
    const comments = new Map([
      ['services.web', 'from docker-compose.yml'],
      ['services.web.ports.http', 'assumed to be http'],
    ])
    const text = printManifest(
      { ...base, services: { web: { image: 'nginx', ports: { http: 80 } } } },
      { comments, header: 'imported' },
    )
    expect(text).toBe(`# imported

apiVersion: escale/v1
kind: App
metadata: {name: a}
services:
  # from docker-compose.yml
  web:
    image: nginx
    ports:
      # assumed to be http
      http: 80
`)
  })

  it('escapes what would be a parameter, or keeps it one', () => {
    const made: ManifestInput = { ...base, services: { web: { image: 'a', env: { A: '${x}' } } } }
    expect(printManifest(made)).toContain('"$${x}"')
    expect(printManifest(made, { params: 'kept' })).toContain('"${x}"')
  })

  it('prints overlays with what they delete', () => {
    const made: ManifestInput = {
      ...base,
      services: { web: { image: 'a', env: { A: 'x' } } },
      environments: { prod: { services: { web: { env: { A: null }, scale: { min: 3, max: 3 } } } } },
    }
    expect(printManifest(made)).toContain('{services: {web: {env: {A: null}, scale: 3}}}')
    expect(longForm(made).environments).toEqual({
      prod: { services: { web: { env: { A: null }, scale: { min: 3, max: 3 } } } },
    })
  })
})

describe('helpers', () => {
  it('split a command line as a shell would', () => {
    expect(splitCommand(`npm run "my app" -- 'a b' c\\d --x="y z"`)).toEqual([
      'npm',
      'run',
      'my app',
      '--',
      'a b',
      'c\\d',
      '--x=y z',
    ])
  })

  it('suggest what was probably meant, and nothing else', () => {
    const keys = ['image', 'env', 'ports', 'dependsOn', 'health', 'scale']
    expect(['imgae', 'depends_on', 'DEPENDSON', 'replicas', 'prots', 'zzz'].map((word) => suggest(word, keys))).toEqual(
      ['image', 'dependsOn', 'dependsOn', 'scale', 'ports', undefined],
    )
  })

  it.each(['0 3 * * *', '*/5 0-6,22 1 JAN mon-fri', '59 23 31 12 7'])('take %j for a schedule', (text) => {
    expect(isCron(text)).toBe(true)
  })

  it.each(['', '* * * *', '60 * * * *', '* * 0 * *', '*/0 * * * *', '5-1 * * * *', '@daily', 'a * * * *'])(
    'do not take %j for a schedule',
    (text) => {
      expect(isCron(text)).toBe(false)
    },
  )
})
