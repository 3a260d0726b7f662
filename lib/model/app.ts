/** Who an app is: project, name and environment; every native name, lease and record carries all three. */
export interface AppKey {
  readonly project: string
  readonly app: string
  /** `default` where none was chosen; then it appears in no host name. */
  readonly environment: string
}

export const defaultProject = 'default'
export const defaultEnvironment = 'default'

export const appKeyText = (key: AppKey): string => `${key.project}/${key.app}/${key.environment}`

export function parseAppKey(text: string): AppKey {
  const [project = '', app = '', environment = ''] = text.split('/')
  return { project, app, environment }
}

/** Where an app runs, and under whose installation: what every derived native name is made of (ruling D5). */
export interface Site {
  readonly installId: string
  readonly cluster: string
}
