/** What the names in an address look like; an address that cannot be is one that is not found. */
import { EscaleError } from '../../core/errors.ts'
import { namePattern, nativeNamePattern, secretNamePattern } from '../schemas/text.ts'

export const paramPatterns: Readonly<Record<string, RegExp>> = {
  project: namePattern,
  app: namePattern,
  cluster: namePattern,
  secret: secretNamePattern,
  deployment: /^dep_[a-z2-7]{26}$/,
  release: /^[1-9][0-9]{0,9}$/,
  run: /^run_[a-z2-7]{26}$/,
  token: /^tok_[a-z2-7]{26}$/,
  grant: /^grant-[a-z2-7]{26}$/,
  node: nativeNamePattern,
  volume: nativeNamePattern,
}

export function checkParams(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    if (paramPatterns[name]?.test(value) === true) continue
    throw new EscaleError('not-found', `There is no ${name} ${JSON.stringify(value.slice(0, 80))}.`)
  }
}
