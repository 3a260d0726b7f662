/** The plan for people: what, why, which field caused it, in place or not. */
import { type Difference, resourceLabel } from '../model/resource.ts'
import type { Plan } from './plan.ts'
import type { Step, WriteStep } from './step.ts'

export interface PrintContext {
  /** E.g. `shop (production) on prod`. */
  readonly heading: string
  readonly from?: string
  readonly to: string
  /** Native fragments the manifest overrides: always shown. */
  readonly overrides: readonly { readonly path: string; readonly text: string }[]
  readonly runtime: readonly string[]
  /** What happens when it fails. */
  readonly contingencies: readonly string[]
}

const signs: Readonly<Record<WriteStep['action'], string>> = {
  create: '+',
  update: '~',
  replace: '±',
  remove: '-',
  adopt: '=',
}

export function printPlan(plan: Plan, context: PrintContext): string {
  const lines: string[] = [
    `Plan for ${context.heading}: ${context.from === undefined ? '' : `${context.from} → `}${context.to}`,
  ]
  const writes = plan.steps.filter((step) => step.kind === 'write')
  if (plan.steps.length === 0) lines.push('', '  Nothing to do: everything is as it should be.')
  for (const step of plan.steps) lines.push(...printStep(step))
  if (context.runtime.length > 0)
    lines.push('', 'Runtime state that stays:', ...context.runtime.map((text) => `  ${text}`))
  if (plan.kept.length > 0) lines.push('', 'Kept, though it left the manifest:', ...plan.kept.map((id) => `  ${id}`))
  for (const { path, text } of context.overrides)
    lines.push('', `Override ${path}:`, ...text.split('\n').map((line) => `  ${line}`))
  if (plan.problems.length > 0) {
    lines.push('', 'Refused:')
    for (const item of plan.problems) {
      lines.push(`  ${item.code}  ${item.path === undefined ? '' : `${item.path}: `}${item.message}`)
      if (item.fix !== undefined) lines.push(`    → ${item.fix}`)
    }
  }
  if (writes.length > 0) {
    const count = (action: WriteStep['action']): number => writes.filter((step) => step.action === action).length
    lines.push(
      '',
      `${count('create')} to create, ${count('update')} to update, ${count('replace')} to replace, ${count('remove')} to remove.`,
      ...context.contingencies,
    )
  }
  return `${lines.join('\n')}\n`
}

function printStep(step: Step): readonly string[] {
  switch (step.kind) {
    case 'write':
      return [
        `  ${signs[step.action]} ${step.resourceKind} ${resourceLabel(step.resource)}  ${describeWrite(step)}`,
        ...step.differences.map(printDifference),
      ]
    case 'run':
      return [`  ▶ ${step.title}`]
    case 'verify':
      return [`  ✓ ${step.title}; its failure rolls back`]
    case 'gate':
      return [`  ⏸ ${step.title}`]
    case 'wait':
      return [`  … ${step.title}`]
  }
}

function describeWrite(step: WriteStep): string {
  const how = step.action === 'update' ? (step.replacesInstances ? 'replaces its instances' : 'in place') : ''
  const why = {
    new: 'new',
    changed: 'changed',
    drift: step.action === 'create' ? 'was removed by somebody else' : 'was changed by somebody else',
    scaled: 'scaled',
    restarted: 'restart asked for',
    stopped: 'stop asked for',
    unwanted: 'left the manifest',
  }[step.because]
  return how === '' ? why : `${why}, ${how}`
}

function printDifference(difference: Difference): string {
  const from = difference.actual ?? '(none)'
  const to = difference.desired ?? '(none)'
  return `      ${difference.cause ?? difference.path}: ${from} → ${to}`
}
