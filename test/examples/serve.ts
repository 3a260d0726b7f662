/** A handler of an example, served for one test. */
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { createService } from '../../examples/dockercoins/shared/service.ts'
import type { Service, ServiceOptions } from '../../examples/dockercoins/shared/service.ts'

export interface Served {
  readonly url: string
  readonly service: Service
}

export async function serve(options: Omit<ServiceOptions, 'name' | 'log'>): Promise<Served> {
  const service = createService({ name: 'test', log: () => undefined, ...options })
  await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    service.server.closeAllConnections()
    service.server.close()
  })
  return { url: `http://127.0.0.1:${(service.server.address() as AddressInfo).port}`, service }
}
