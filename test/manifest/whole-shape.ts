/** A manifest that uses every section of the format, in the words of its description. */
export const wholeShape = `apiVersion: escale/v1
kind: App
metadata: {name: shop, project: team-a, labels: {team: web}, annotations: {}}
cluster: prod-ecs
params: {tag: latest, region: {default: eu, description: where it runs, allowed: [eu, us]}}
registries: {ghcr.io: {username: acme-bot, password: {secret: ghcr}}}
config:
  app: {values: {LOG_LEVEL: info}}
  nginx: {files: {default.conf: {content: "listen 80; # \${not-a-param}", mode: "0644"}}}
secrets:
  ghcr: {}
  db-pass: {generate: {length: 32}}
  stripe: {from: "secretsmanager:shop/stripe#key"}
  tls: {keys: {tls.crt: {}, tls.key: {}}}
  db-url: {join: ["postgres://app:", {secret: db-pass}, "@db:5432/shop"]}
volumes:
  data: {size: 20Gi, access: single, class: default, backup: {schedule: "0 2 * * *", keep: 7}, onDelete: keep}
  media: {from: "efs:fs-0123/media", access: shared}
networks:
  front: {}
  back: {internal: true}
external:
  billing-db: {host: my.database.example.com, ports: {pg: 5432}}
  pay: {app: billing, service: api}
services:
  web:
    image: "ghcr.io/acme/web:\${tag}"
    entrypoint: []
    command: []
    workdir: /app
    user: "1000:1000"
    env:
      PORT: "8080"
      VERSION: 1.10
      STRIPE_KEY: {secret: stripe}
      LEVEL: {config: app, key: LOG_LEVEL}
      CA: {secret: tls, key: tls.crt}
      ID: {instance: ordinal}
      SELF: {url: web.main}
      API: {address: api.http}
    envFrom: {app: config}
    files:
      /etc/nginx/conf.d: {config: nginx}
      /etc/nginx/nginx.conf: {config: nginx, key: default.conf}
      /etc/tls: {secret: tls}
      /run/secrets/db: {secret: db-pass, mode: "0400"}
    mounts:
      /var/media: {volume: media, readOnly: false, subPath: web}
      /tmp: {tmpfs: 64Mi}
      /cache: {scratch: cache}
      /host: {host: /srv/data}
    ports: {http: 8080, metrics: {port: 9090, protocol: tcp, app: http}, web: {port: 8000, as: 80}, rtp: 10000-10100}
    size: {cpu: 0.5, memory: 512Mi, limits: {cpu: 1, memory: 1Gi}, ephemeral: 30Gi, gpu: 0}
    health:
      ready: {http: /up, port: http, interval: 5s, timeout: 2s, failures: 3}
      live: {exec: [./alive], interval: 10s}
      startup: {within: 120s}
    stop: {signal: SIGTERM, grace: 10s, drain: 15s, exec: []}
    security: {runAsNonRoot: auto, readOnlyRoot: false, capabilities: {add: [], drop: []}, privileged: false, hostNetwork: false, hostPid: false, seccomp: default}
    kernel: {sysctls: {}, ulimits: {nofile: 16384}, shm: 64Mi, init: true}
    sidecars: {otel: {image: otel/collector, ports: {otlp: 4317}, essential: false, startBefore: main}}
    init: {assets: {image: acme/assets, command: [cp, -r, /a, /b]}}
    scratch: {cache: 1Gi, mem: {size: 64Mi, memory: true}, any: {}}
    routes:
      main: {host: shop.example.com, path: /, match: prefix, port: http, tls: auto, rewrite: /, redirectHttp: true, timeout: 60s, sticky: false, allow: [0.0.0.0/0], public: true}
    publish: {metrics: 9090}
    networks: [front, back]
    aliases: [shop-web]
    discovery: address
    mode: replicated
    scale:
      min: 2
      max: 10
      targets: {cpu: 70%, memory: 80%, requests: 100, latency: 300ms, metrics: {jobs: {from: "sqs:orders", perInstance: 20}, lag: {from: "prometheus:QUERY", value: 0.1}}}
      cooldown: {in: 5m, out: 15s}
      schedule: {office: {cron: "0 8 * * 1-5", tz: Europe/Rome, min: 4}}
      idleAfter: 15m
    dependsOn: {migrate: completed, cache: healthy, api: started}
    update:
      strategy: rolling
      rolling: {maxSurge: 1, maxUnavailable: 0, settle: 10s}
      canary: {steps: [1%, 5%, 25%, 100%], every: 3m, bake: 5m}
      failFast: {firstReadyWithin: 3m, crashLoops: 3}
      rollback: {auto: true, when: {errors: {metric: http5xx, above: 1%, for: 1m}}, speed: immediate}
      verify: smoke
    identity: {permissions: {uploads: {resource: "s3:bucket/*", access: readWrite}}, awsRole: null, serviceAccount: null}
    placement: {capacity: any, spot: never, pool: default, arch: any, os: linux, spread: {zone: prefer, node: prefer}, require: {disk: [ssd, nvme]}, prefer: {gen: new}, tolerate: {dedicated: gpu}}
    logs: {to: default, retention: 30d, rotate: {size: 10M, files: 3}}
    dns: {servers: [], search: []}
    labels: {}
    annotations: {}
    allow: {sidecars: approximated}
    override:
      ecs: {taskDefinition: {}, service: {}, containers: {main: {}}}
      kubernetes: {podSpec: {}, objects: {"Ingress/main": {}}}
      docker: {serviceSpec: {}}
  cache: {image: "redis:7", ports: {redis: 6379}, health: {ready: {tcp: redis}}, networks: [back]}
  api: {image: ghcr.io/acme/api, ports: {http: 8080}, health: /up, networks: [front, back]}
  db:
    image: "postgres:16"
    mode: stateful
    env: {POSTGRES_PASSWORD: {secret: db-pass}}
    ports: {pg: 5432}
    routes: {pg: {listen: 5432, port: pg, protocol: tcp, allow: [10.0.0.0/8]}}
    mounts: {/var/lib/postgresql/data: {volume: data}}
    networks: [back]
jobs:
  migrate: {from: web, run: manual, command: [npm, run, migrate], dependsOn: {db: healthy}, timeout: 10m, retries: 1}
  smoke: {image: ghcr.io/acme/smoke, networks: [front], timeout: 2m}
  nightly: {image: acme/nightly, schedule: "0 3 * * *", tz: UTC, concurrency: forbid, timeout: 1h, retries: 3, completions: 1, parallelism: 1, history: 5, keepFor: 24h}
environments:
  staging: {services: {web: {scale: {min: 1, max: 1}}}}
  production: {cluster: prod-eks, approval: required, params: {tag: v1.4.2}, services: {web: {size: {cpu: 1}}}}
`

export const smallest = `apiVersion: escale/v1
kind: App
metadata: {name: hello}
services:
  web: {image: nginx, ports: {http: 80}, routes: {main: {}}}
`
