import { createRedis } from '../shared/redis.ts'
import { run } from '../shared/service.ts'
import { webui } from './webui.ts'

const redis = createRedis(process.env['REDIS_HOST'] ?? 'redis')
run({ name: 'webui', ...webui(redis, new URL('./public/', import.meta.url)), close: () => redis.close() })
