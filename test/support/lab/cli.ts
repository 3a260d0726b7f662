/**
 * The lab by hand:
 *   npx node test/support/lab/cli.ts up [NAME] [--nodes N] [--no-swarm] [--host-network] [--images a,b]
 *   npx node test/support/lab/cli.ts down [NAME | --all]
 *   npx node test/support/lab/cli.ts list
 */
import { parseArgs } from 'node:util'
import { recipes } from '../../../images/local/build.ts'
import type { LocalImageName } from '../../../images/local/recipe.ts'
import { describeLab, endLab } from './lab.ts'
import { labRoot } from './places.ts'
import { labNames } from './slots.ts'
import { loadImages, startCluster, startEngine } from './start.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '1' },
    'no-swarm': { type: 'boolean', default: false },
    'host-network': { type: 'boolean', default: false },
    images: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
  },
})
const [verb, name = 'hand'] = positionals

switch (verb) {
  case 'up': {
    const nodes = Number(values.nodes)
    if (nodes > 1) await startCluster({ name, nodes, owned: false })
    else await startEngine({ name, owned: false, swarm: !values['no-swarm'], hostNetwork: values['host-network'] })
    const { nodes: started } = await describeLab(name)
    for (const node of started) await loadImages(node, wantedImages(values.images))
    await print(name)
    break
  }
  case 'down':
    for (const one of values.all ? await labNames(labRoot()) : [name])
      console.log((await endLab(one)) ? `ended ${one}` : `no lab named ${one}`)
    break
  case 'list':
    for (const one of await labNames(labRoot())) await print(one)
    break
  default:
    console.error('usage: cli.ts up [NAME] [--nodes N] [--no-swarm] [--host-network] | down [NAME|--all] | list')
    process.exitCode = 2
}

function wantedImages(text: string): LocalImageName[] {
  const known = Object.keys(recipes)
  const isKnown = (name: string): name is LocalImageName => known.includes(name)
  return text.split(',').flatMap((name) => {
    if (name === '') return []
    if (!isKnown(name)) throw new Error(`there is no image "${name}"; there are ${known.join(', ')}`)
    return [name]
  })
}

async function print(lab: string): Promise<void> {
  const { nodes } = await describeLab(lab)
  for (const { socketPath, address } of nodes)
    console.log(`${lab}\tDOCKER_HOST=unix://${socketPath}\tpublished ports at ${address}`)
}
