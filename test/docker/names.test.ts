import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derivedName, nameRules } from '../../lib/model/names.ts'

const site = { installId: 'inst', cluster: 'local' }
const owner = { project: 'team', app: 'shop', environment: 'default' }
const word = fc.string({ minLength: 0, maxLength: 80 })

describe('derived names', () => {
  it('fit swarm whatever they are made of', () => {
    fc.assert(
      fc.property(word, word, word, fc.array(word, { maxLength: 4 }), (app, environment, detail, readable) => {
        const name = derivedName(
          site,
          { project: 'p', app, environment },
          { kind: 'service', detail, readable },
          nameRules.swarm,
        )
        expect(name).toMatch(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/)
      }),
    )
  })

  it('differ where anything they stand for differs', () => {
    const base = { kind: 'service', unit: 'web', readable: ['web'] }
    const names = [
      derivedName(site, owner, base, nameRules.swarm),
      derivedName({ ...site, installId: 'other' }, owner, base, nameRules.swarm),
      derivedName({ ...site, cluster: 'other' }, owner, base, nameRules.swarm),
      derivedName(site, { ...owner, project: 'other' }, base, nameRules.swarm),
      derivedName(site, { ...owner, environment: 'staging' }, base, nameRules.swarm),
      derivedName(site, owner, { ...base, kind: 'network' }, nameRules.swarm),
      derivedName(site, owner, { ...base, track: 'next' }, nameRules.swarm),
      derivedName(site, owner, { ...base, detail: '1' }, nameRules.swarm),
      derivedName(site, { project: 'team', environment: 'default' }, base, nameRules.swarm),
    ]
    expect(new Set(names).size).toBe(names.length)
  })

  it('say what they stand for, with the environment where one was chosen', () => {
    expect(derivedName(site, owner, { kind: 'service', readable: ['web'] }, nameRules.swarm)).toMatch(
      /^shop-web-[a-z2-7]{10}$/,
    )
    expect(
      derivedName(site, { ...owner, environment: 'staging' }, { kind: 'service', readable: ['web'] }, nameRules.swarm),
    ).toMatch(/^shop-staging-web-[a-z2-7]{10}$/)
  })
})
