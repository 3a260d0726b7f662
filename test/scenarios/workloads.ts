/** Manifests that scenarios share: busybox, small and well-mannered. */
export interface WebOptions {
  readonly name: string
  /** What `/` answers. */
  readonly body: string
  readonly scale?: number
  /** `update.rolling`, in flow style. */
  readonly rolling?: string
  readonly failFast?: string
  /** Shell commands before the server starts. */
  readonly before?: string
  readonly health?: string
}

/** httpd that ends what is under way when it is told to stop; drained for two seconds before. */
export function web(options: WebOptions): string {
  const {
    name,
    body,
    scale = 1,
    rolling = '{settle: 1s}',
    failFast = '{firstReadyWithin: 20s, crashLoops: 3}',
    before = 'true',
    health = '{ready: {http: /, interval: 1s}}',
  } = options
  const script = `${before}; mkdir -p /tmp/www; echo ${body} > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www`
  return `apiVersion: escale/v1
kind: App
metadata: {name: ${name}}
services:
  web:
    image: "escale.local/busybox:1"
    command: [sh, -c, ${JSON.stringify(script)}]
    ports: {http: 8080}
    routes: {main: {}}
    scale: ${scale}
    size: {cpu: 0.01, memory: 16Mi}
    health: ${health}
    stop: {signal: SIGINT, drain: 2s, grace: 2s}
    update: {rolling: ${rolling}, failFast: ${failFast}}
`
}
