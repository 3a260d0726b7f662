/** pets works when a pet outlives the instance of the database that stored it. */
import { followToEnd } from './follow.ts'
import { askUntil, stay } from './prove.ts'
import type { Scene } from './prove.ts'

const pet = { name: 'Noodle', kind: 'ferret' }

export async function provePets(scene: Scene): Promise<boolean> {
  const { screen, client, app } = scene
  const names = (body: string): readonly string[] =>
    (JSON.parse(body) as { readonly name: string }[]).map(({ name }) => name)
  await askUntil(scene, { path: '/pets', method: 'POST', json: pet }, ({ status }) =>
    status === 303 ? true : undefined,
  )
  screen.line(`${pet.name} the ${pet.kind} was added.`)
  const restart = await client.call('restart', {
    params: { project: app.project, app: app.app },
    body: { services: ['db'] },
  })
  await followToEnd(scene, restart.id, 'Replace the database')
  const after = await askUntil(scene, { path: '/pets' }, ({ status, body }) =>
    status === 200 ? names(body) : undefined,
  )
  const isThere = after.includes(pet.name)
  screen.line(
    isThere
      ? `${pet.name} is still there, beside ${after.filter((name) => name !== pet.name).join(', ')}.`
      : `${pet.name} is gone.`,
  )
  await stay(scene)
  return isThere
}
