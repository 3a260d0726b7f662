/** The control plane's use cases with the world bound: what edges give to the API. */
import * as actions from '../control/actions.ts'
import * as clusters from '../control/clusters.ts'
import type { Deps } from '../control/deps.ts'
import { deployApp, planApp } from '../control/deploy.ts'
import * as queries from '../control/queries.ts'
import * as runs from '../control/runs.ts'
import * as streams from '../control/streams.ts'
import { validateManifest } from '../control/validate.ts'
import type { UseCases } from './use-cases.ts'

export function bindUseCases(deps: Deps): UseCases {
  const bind =
    <Args extends readonly unknown[], Result>(useCase: (deps: Deps, ...rest: Args) => Result) =>
    (...rest: Args): Result =>
      useCase(deps, ...rest)
  return {
    validateManifest: bind(validateManifest),
    planApp: bind(planApp),
    deployApp: bind(deployApp),
    rollbackApp: bind(actions.rollbackApp),
    scaleApp: bind(actions.scaleApp),
    restartApp: bind(actions.restartApp),
    stopApp: bind(actions.stopApp),
    startApp: bind(actions.startApp),
    removeApp: bind(actions.removeApp),
    approveDeployment: bind(actions.approveDeployment),
    cancelDeployment: bind(actions.cancelDeployment),
    listApps: bind(queries.listApps),
    getApp: bind(queries.getApp),
    statusOf: bind(queries.statusOf),
    listReleases: bind(queries.listReleases),
    getRelease: bind(queries.getRelease),
    listDeployments: bind(queries.listDeployments),
    getDeployment: bind(queries.getDeployment),
    waitForDeployment: bind(queries.waitForDeployment),
    listRuns: bind(queries.listRuns),
    getRun: bind(queries.getRun),
    startRun: bind(runs.startRun),
    cancelRun: bind(runs.cancelRun),
    readEvents: bind(queries.readEvents),
    readLogs: bind(streams.readLogs),
    openExec: bind(streams.openExec),
    listVolumes: bind(clusters.listVolumes),
    removeVolume: bind(clusters.removeVolume),
    reportUnused: bind(clusters.reportUnused),
    reclaim: bind(clusters.reclaim),
    listClusters: bind(clusters.listClusters),
    getCluster: bind(clusters.getCluster),
    addCluster: bind(clusters.addCluster),
    listNodes: bind(clusters.listNodes),
    setNodeAvailability: bind(clusters.setNodeAvailability),
  }
}
