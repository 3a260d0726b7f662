import { describe, expect, it } from 'vitest'
import { keyedHash } from '../../lib/core/hash.ts'
import type { LedgerRow } from '../../lib/model/ledger.ts'
import { freshRuntime } from '../../lib/model/release.ts'
import { adapt } from '../../lib/targets/docker/adapt.ts'
import { factsToJson } from '../../lib/targets/docker/facts.ts'
import { render } from '../../lib/targets/docker/render/render.ts'
import type { Rendered } from '../../lib/targets/target.ts'
import { exampleNames, releaseOf } from './support.ts'
import type { ExampleName } from './support.ts'

/** A kernel without IPVS, as on the smallest machines: names lead to the containers themselves. */
const facts = factsToJson({
  engine: '20.10.24',
  api: '1.41',
  ipvs: false,
  architectures: ['amd64'],
  startHelper: { amd64: 'a'.repeat(64) },
  domain: 'localhost',
  httpPort: 80,
  httpsPort: 443,
})

function renderExample(name: ExampleName): Rendered {
  const release = releaseOf(name)
  return render({
    site: { installId: 'test', cluster: 'local' },
    release: { ...release, spec: adapt(release.spec) },
    runtime: freshRuntime,
    capabilities: { target: 'docker', facts },
    identity: {},
    grants: [],
    keyedHash: (value) => keyedHash(Buffer.from('a key of the tests'), value),
  })
}

const ledgerLine = ({ path, disposition, value, native, delta, note }: LedgerRow): string =>
  [disposition.padEnd(12), path, `= ${JSON.stringify(value)}`, `→ ${native.join(', ') || '-'}`, delta ?? '', note ?? '']
    .filter((part) => part !== '')
    .join('  ')

describe.each(exampleNames)('the example %s on docker', (name) => {
  it('renders to the native bodies of the golden', async () => {
    const { resources, problems } = renderExample(name)
    expect(problems).toEqual([])
    const bodies = resources.map(({ id, name: nativeName, needs, body }) => ({ id, name: nativeName, needs, body }))
    await expect(`${JSON.stringify(bodies, null, 2)}\n`).toMatchFileSnapshot(`../golden/${name}/docker.json`)
  })

  it('has the ledger of the golden, and nothing in it is refused', async () => {
    const { ledger } = renderExample(name)
    expect(ledger.filter(({ disposition }) => disposition === 'refused')).toEqual([])
    await expect(`${ledger.map(ledgerLine).join('\n')}\n`).toMatchFileSnapshot(`../golden/${name}/ledger.txt`)
  })
})
