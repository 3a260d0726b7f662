import { run } from '../shared/service.ts'
import { hasher } from './hasher.ts'

run({ name: 'hasher', handle: hasher(100) })
