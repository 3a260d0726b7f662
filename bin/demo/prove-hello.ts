/** hello works when its page comes. */
import { askUntil, stay } from './prove.ts'
import type { Scene } from './prove.ts'

export async function proveHello(scene: Scene): Promise<boolean> {
  const title = await askUntil(scene, { path: '/' }, ({ status, body }) =>
    status === 200 ? (/<title>([^<]*)/.exec(body)?.[1] ?? 'a page') : undefined,
  )
  scene.screen.line(`It answers: ${title}`)
  await stay(scene)
  return true
}
