import { describe, expect, it } from 'vitest'
import type { WriteContext } from '../../lib/targets/target.ts'
import { registryAuth } from '../../lib/targets/docker/execute/spec.ts'
import { render } from '../../lib/targets/docker/render/render.ts'
import { key, release, spec } from '../support/specs.ts'
import { input, web } from './support.ts'

describe('credentials of registries', () => {
  const app = (reference: string) =>
    spec([web({ image: { reference } })], {
      registries: { 'ghcr.io': { username: 'bot', password: { secret: 'ghcr', key: 'token' } } },
    })
  const authFor = (reference: string) => {
    const of = app(reference)
    const context: WriteContext = {
      site: { installId: 'inst', cluster: 'local' },
      key,
      release: release(1, of),
      deadlineMs: 0,
      signal: AbortSignal.abort(),
      pace: 'declared',
      reveal: (secret, name) => Promise.resolve(Buffer.from(`${secret}/${name}\n`)),
    }
    const service = render(input(of)).resources.find(({ kind }) => kind === 'service')
    if (service === undefined) throw new Error('no service')
    return registryAuth(service, context)
  }

  it('go to the registry of the image and to no other', async () => {
    expect(await authFor('ghcr.io/acme/web:1')).toEqual({
      username: 'bot',
      password: 'ghcr/token',
      serveraddress: 'ghcr.io',
    })
    expect(await authFor('acme/web:1')).toBeUndefined()
    expect(await authFor('other.example/ghcr.io/web')).toBeUndefined()
  })
})
