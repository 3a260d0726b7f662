/** Every route there is, by the name that clients and the audit call it. */
import { appRoutes } from './apps.ts'
import { clusterRoutes } from './clusters.ts'
import { deploymentRoutes } from './deployments.ts'
import { eventRoutes } from './events.ts'
import { execRoutes } from './exec.ts'
import { logRoutes } from './logs.ts'
import { projectRoutes } from './projects.ts'
import { runRoutes } from './runs.ts'
import { secretRoutes } from './secrets.ts'
import { systemRoutes } from './system.ts'
import { tokenRoutes } from './tokens.ts'

export const routes = {
  ...systemRoutes,
  ...projectRoutes,
  ...appRoutes,
  ...deploymentRoutes,
  ...runRoutes,
  ...eventRoutes,
  ...logRoutes,
  ...execRoutes,
  ...secretRoutes,
  ...clusterRoutes,
  ...tokenRoutes,
}

export type Routes = typeof routes
export type Operation = keyof Routes
