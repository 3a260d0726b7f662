/** The examples as the demo shows them: what their images are made of, and what proves that they work. */
import type { LocalImageName } from '../../images/local/recipe.ts'
import { proveDockercoins } from './prove-dockercoins.ts'
import { proveHello } from './prove-hello.ts'
import { provePets } from './prove-pets.ts'
import type { Prove } from './prove.ts'

export const exampleNames = ['hello', 'dockercoins', 'pets'] as const
export type ExampleName = (typeof exampleNames)[number]

export const isExampleName = (text: string): text is ExampleName => (exampleNames as readonly string[]).includes(text)

export interface OwnImage {
  readonly reference: string
  /** Below the example's folder. */
  readonly context: string
  readonly dockerfile: string
}

export interface Example {
  readonly name: ExampleName
  readonly about: string
  /** Images of others that it is made of. */
  readonly needs: readonly LocalImageName[]
  /** Images of our own, built on the engine. */
  readonly builds: readonly OwnImage[]
  /** Parameter of the manifest by image of others that it names. */
  readonly params: Partial<Record<LocalImageName, string>>
  /** Names of images that the manifest uses without a parameter. */
  readonly fixed: Partial<Record<LocalImageName, string>>
  readonly prove: Prove
}

const coin = (name: string): OwnImage => ({
  reference: `escale.local/dockercoins/${name}:1`,
  context: '.',
  dockerfile: `${name}/Dockerfile`,
})

export const examples: Readonly<Record<ExampleName, Example>> = {
  hello: {
    name: 'hello',
    about: 'the smallest manifest: one nginx with a route',
    needs: ['nginx'],
    builds: [],
    params: {},
    fixed: { nginx: 'nginx:latest' },
    prove: proveHello,
  },
  dockercoins: {
    name: 'dockercoins',
    about: 'five services that mine coins: rng, hasher, worker, webui and a Redis',
    needs: ['node', 'redis'],
    builds: ['rng', 'hasher', 'worker', 'webui'].map(coin),
    params: { redis: 'redis' },
    fixed: {},
    prove: proveDockercoins,
  },
  pets: {
    name: 'pets',
    about: 'a page over a PostgreSQL whose data outlives its instances',
    needs: ['node', 'postgres'],
    builds: [{ reference: 'escale.local/pets/web:1', context: 'web', dockerfile: 'Dockerfile' }],
    params: { postgres: 'postgres' },
    fixed: {},
    prove: provePets,
  },
}
