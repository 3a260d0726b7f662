/** Native leaf → the place of the manifest that caused it, for the plan. */
export interface RuntimeCauses {
  /** What moved the count away from the manifest's, if anything did. */
  readonly count: 'runtime.counts' | 'runtime.stopped' | undefined
}

export function causesOf(container: string, unit: string, runtime: RuntimeCauses): Readonly<Record<string, string>> {
  const spec = 'TaskTemplate.ContainerSpec'
  return {
    Labels: `${unit}.labels`,
    Mode: `${unit}.scale`,
    ...(runtime.count === undefined ? {} : { 'Mode.Replicated.Replicas': runtime.count }),
    'TaskTemplate.ForceUpdate': 'runtime.restarts',
    UpdateConfig: `${unit}.update`,
    EndpointSpec: `${unit}.publish`,
    'TaskTemplate.Resources': `${container}.size`,
    'TaskTemplate.Placement': `${unit}.placement`,
    'TaskTemplate.Networks': `${unit}.networks`,
    'TaskTemplate.LogDriver': `${unit}.logs`,
    [spec]: container,
    [`${spec}.Image`]: `${container}.image`,
    [`${spec}.Labels`]: `${container}.image`,
    [`${spec}.Command`]: `${container}.entrypoint`,
    [`${spec}.Args`]: `${container}.command`,
    [`${spec}.Env`]: `${container}.env`,
    [`${spec}.Dir`]: `${container}.workdir`,
    [`${spec}.User`]: `${container}.user`,
    [`${spec}.StopSignal`]: `${container}.stop.signal`,
    [`${spec}.StopGracePeriod`]: `${container}.stop`,
    [`${spec}.ReadOnly`]: `${container}.security.readOnlyRoot`,
    [`${spec}.Mounts`]: `${container}.mounts`,
    [`${spec}.Healthcheck`]: `${container}.health`,
    [`${spec}.Hosts`]: 'external',
    [`${spec}.DNSConfig`]: `${unit}.dns`,
    [`${spec}.Configs`]: `${container}.files`,
    [`${spec}.Secrets`]: `${container}.files`,
    [`${spec}.Init`]: `${container}.kernel.init`,
    [`${spec}.Sysctls`]: `${container}.kernel.sysctls`,
    [`${spec}.Ulimits`]: `${container}.kernel.ulimits`,
    [`${spec}.CapabilityAdd`]: `${container}.security.capabilities.add`,
    [`${spec}.CapabilityDrop`]: `${container}.security.capabilities.drop`,
  }
}
