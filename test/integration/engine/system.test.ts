import { expect, it } from 'vitest'
import { describeWithEngine } from '../../support/lab/shared.ts'
import type { EngineEvent } from '../../../lib/targets/docker/engine/types/system.ts'
import { startContainer } from './support.ts'

describeWithEngine('the engine', { images: ['busybox'] }, (tools) => {
  it('tells its version, state and disk use', async () => {
    const { engine } = tools()
    expect((await engine.system.ping()).osType).toBe('linux')
    const version = await engine.system.version()
    expect(engine.apiVersion).toBe(version.ApiVersion)
    const info = await engine.system.info()
    expect(info.Swarm).toMatchObject({ LocalNodeState: 'active', ControlAvailable: true })
    expect(info.NCPU).toBeGreaterThan(0)
    const usage = await engine.system.diskUsage()
    expect(usage.Images?.some(({ RepoTags }) => RepoTags?.includes('escale.local/busybox:1'))).toBe(true)
  })

  it('streams events from the moment the stream is open, and the signal ends it', async () => {
    const { engine, prefix } = tools()
    const end = new AbortController()
    const filters = { type: ['container'], event: ['create', 'start', 'die'] }
    const events = await engine.system.events({ signal: end.signal, filters })
    const id = await startContainer(engine, `${prefix}-events`, 'exit 3')
    const seen: EngineEvent[] = []
    try {
      for await (const event of events) {
        if (event.Actor.ID === id) seen.push(event)
        if (seen.length === 3) break
      }
    } finally {
      end.abort()
    }
    expect(seen.map(({ Action }) => Action)).toEqual(['create', 'start', 'die'])
    expect(seen[2]?.Actor.Attributes).toMatchObject({ name: `${prefix}-events`, exitCode: '3' })
  })

  it('gives past events up to a time', async () => {
    const { engine, prefix } = tools()
    const id = await startContainer(engine, `${prefix}-past`, 'true')
    await engine.containers.wait(id)
    const until = Date.now() / 1000 + 0.2
    const seen: string[] = []
    const options = { signal: AbortSignal.timeout(20_000), since: until - 60, until, filters: { container: [id] } }
    for await (const event of await engine.system.events(options)) seen.push(event.Action)
    expect(seen).toContain('die')
  })
})
