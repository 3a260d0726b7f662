/** "Did you mean …": by edit distance, and by what other formats call the thing. */

/** Optimal string alignment distance, given up beyond `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1)
      current.push(best)
    }
    before = previous
    previous = current
  }
  return previous[b.length] ?? limit + 1
}

/** Names of the same thing in Compose, Kubernetes and task definitions. */
const elsewhere: Readonly<Record<string, string>> = {
  args: 'command',
  cap_add: 'security',
  cmd: 'command',
  configs: 'config',
  cron: 'schedule',
  cpus: 'cpu',
  depends_on: 'dependsOn',
  deploy: 'update',
  domain: 'host',
  env_file: 'envFrom',
  environment: 'env',
  environmentFiles: 'envFrom',
  expose: 'ports',
  healthcheck: 'health',
  healthCheck: 'health',
  hostname: 'aliases',
  ingress: 'routes',
  initContainers: 'init',
  instances: 'scale',
  links: 'aliases',
  livenessProbe: 'health',
  logging: 'logs',
  mem: 'memory',
  network: 'networks',
  portMappings: 'ports',
  privileged: 'security',
  probes: 'health',
  read_only: 'readOnly',
  readinessProbe: 'health',
  replicas: 'scale',
  resources: 'size',
  roles: 'identity',
  stop_grace_period: 'stop',
  stop_signal: 'stop',
  sysctls: 'kernel',
  tmpfs: 'mounts',
  ulimits: 'kernel',
  volume: 'mounts',
  volumeMounts: 'mounts',
  volumes: 'mounts',
  workingDir: 'workdir',
  working_dir: 'workdir',
}

/** The allowed word that was probably meant. */
export function suggest(word: string, allowed: Iterable<string>): string | undefined {
  const choices = [...allowed]
  const lower = word.toLowerCase()
  const sameLetters = choices.find((choice) => choice.toLowerCase() === lower.replaceAll(/[_-]/g, ''))
  if (sameLetters !== undefined) return sameLetters
  const foreign = Object.hasOwn(elsewhere, word) ? elsewhere[word] : undefined
  if (foreign !== undefined && choices.includes(foreign)) return foreign
  if (word.length > 64) return undefined
  const limit = word.length <= 3 ? 1 : word.length <= 7 ? 2 : 3
  let best: string | undefined
  let bestDistance = limit + 1
  for (const choice of choices) {
    const each = distance(lower, choice.toLowerCase(), limit)
    if (each < bestDistance && each < choice.length) {
      best = choice
      bestDistance = each
    }
  }
  return best
}
