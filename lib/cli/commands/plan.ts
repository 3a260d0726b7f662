import { command } from '../command.ts'
import { planText } from '../output/plan.ts'
import { manifestOptions, targetOptions } from './shared.ts'

export const plan = command({
  name: 'plan',
  summary: 'say what a deployment would do',
  description:
    'Shows every step that a deployment of the manifest would take, and what would happen if it failed. Nothing is written. ' +
    'The hash at the end pins the plan: `escale deploy --plan HASH` does this or nothing.',
  options: { ...manifestOptions, ...targetOptions },
  arguments: {},
  examples: [
    { line: 'escale plan', says: 'of escale.yaml in this folder' },
    { line: 'escale plan --env production --set tag=v1.4.2', says: 'with an overlay and a parameter' },
    { line: 'escale deploy --plan $(escale plan -o json | jq -r .hash)', says: 'deploy exactly what was planned' },
  ],
  async handler(context, { options }) {
    const { prepare, planNow } = await import('./plan-request.ts')
    const prepared = await prepare(context, options)
    const found = await planNow(context, prepared)
    const { out } = context
    await out.show(found, () => {
      if (out.quiet) return found.hash
      const next = `\n\nThis plan is ${out.style.bold(found.hash)}: escale deploy --plan ${found.hash}`
      return planText(found, out.style) + (found.empty ? '' : next)
    })
    if (out.forPeople && !out.quiet) {
      const { located } = await import('../manifest/refusal.ts')
      out.problems(located(found.problems, prepared.loaded.source, options.env), prepared.loaded.source)
    }
    return found.problems.some((problem) => problem.severity === 'error') ? 4 : 0
  },
})
