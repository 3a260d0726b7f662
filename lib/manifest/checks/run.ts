/** All checks that need more than one place of the manifest. */
import type { LoadedConfigs } from '../load-files.ts'
import { checkApp } from './app.ts'
import { checkContainers } from './containers.ts'
import { checkDependencies, checkJobs } from './dependencies.ts'
import { checkEnvironments } from './env.ts'
import type { CheckInput } from './input.ts'
import { checkNames } from './names.ts'
import { checkPlainSecrets } from './plain-secrets.ts'
import { checkPorts, checkPublish } from './ports.ts'
import { checkRoutes } from './routes.ts'
import { checkScaling } from './scale.ts'
import { checkVolumes } from './volumes.ts'

export function runChecks(input: CheckInput, loaded: LoadedConfigs): void {
  checkNames(input)
  checkContainers(input)
  checkEnvironments(input, loaded)
  checkPorts(input)
  checkPublish(input)
  checkRoutes(input)
  checkVolumes(input)
  checkScaling(input)
  checkDependencies(input)
  checkJobs(input)
  checkApp(input)
  checkPlainSecrets(input, loaded)
}
