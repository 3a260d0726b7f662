import { describe, expect, it } from 'vitest'
import { deployApp, planApp } from '../../lib/control/deploy.ts'
import { loadManifest } from '../../lib/manifest/resolve.ts'
import { memoryReader } from '../../lib/manifest/files.ts'
import { testPlatform } from '../support/platform.ts'
import { exampleNames, manifestOf } from './support.ts'

const actor = { subject: 'test' }

describe.each(exampleNames)('the example %s', (name) => {
  const request = { project: 'default', app: name, manifest: manifestOf(name), files: {}, params: {} }

  it('is valid without a single finding', () => {
    const loaded = loadManifest(manifestOf(name), { params: {}, files: memoryReader({}) })
    expect(loaded.problems).toEqual([])
  })

  it('is planned as the golden says, applied, and planned empty', async () => {
    const platform = await testPlatform()
    const key = { project: 'default', app: name, environment: 'default' }
    const plan = await planApp(platform.deps, actor, request)
    await expect(plan.text).toMatchFileSnapshot(`../golden/${name}/plan.txt`)
    const deployment = await deployApp(platform.deps, actor, { ...request, planHash: plan.hash })
    const ended = await platform.settle(deployment, key)
    expect(ended).toMatchObject({ state: 'succeeded', problems: [] })
    const second = await planApp(platform.deps, actor, request)
    expect(second.steps).toEqual([])
    expect(second.release.isNew).toBe(false)
  })
})
