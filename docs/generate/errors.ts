/** The reference of codes, from the catalogue. */
import { catalogue } from '../../lib/core/codes.ts'

export function errorReference(): string {
  const rows = Object.entries(catalogue)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, info]) => `| \`${code}\` | ${info.severity} | ${info.httpStatus} | ${info.exitCode} | ${info.meaning} |`,
    )
  return [
    '# Codes',
    '',
    'Every problem bears one of these codes, in the CLI, in the API (`code` of a problem document) and in events. A code never changes its meaning.',
    'Exit codes: 0 ok, 1 failed, 2 usage, 3 invalid input, 4 refused or stale, 5 unreachable. Generated from `lib/core/codes.ts` by `npm run generate`.',
    '',
    '| code | severity | HTTP status | exit code | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
