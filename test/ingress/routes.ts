import type { ActiveRoute, RouteBackend } from '../../lib/model/routing.ts'

export const backend = (address: string, change: Partial<RouteBackend> = {}): RouteBackend => ({
  address,
  port: 80,
  weight: 1,
  state: 'ready',
  track: 'stable',
  ...change,
})

export const route = (change: Partial<ActiveRoute> = {}): ActiveRoute => ({
  key: { project: 'default', app: 'hello', environment: 'default' },
  service: 'web',
  route: 'main',
  path: '/',
  match: 'prefix',
  protocol: 'http',
  sticky: false,
  allow: [],
  redirectHttp: true,
  tls: 'auto',
  public: true,
  app: 'http',
  backends: [],
  ...change,
})
