import { run } from '../shared/service.ts'
import { rng } from './rng.ts'

run({ name: 'rng', handle: rng(100) })
