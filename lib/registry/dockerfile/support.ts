/** Until when the makers of base images support which version. Dates are the ends of free support. */
import type { ImageReference } from '../reference.ts'

interface Line {
  readonly version: string
  readonly until: string
  /** Other names of the version in tags. */
  readonly names?: readonly string[]
}

const line = (version: string, until: string, ...names: readonly string[]): Line => ({ version, until, names })

/** By repository of Docker Hub, oldest first. A version that is not listed has the end of the one below it. */
const lines: Readonly<Record<string, readonly Line[]>> = {
  'library/alpine': [
    line('3.4', '2018-05-01'),
    line('3.5', '2018-11-01'),
    line('3.6', '2019-05-01'),
    line('3.7', '2019-11-01'),
    line('3.8', '2020-05-01'),
    line('3.9', '2020-11-01'),
    line('3.10', '2021-05-01'),
    line('3.11', '2021-11-01'),
    line('3.12', '2022-05-01'),
    line('3.13', '2022-11-01'),
    line('3.14', '2023-05-01'),
    line('3.15', '2023-11-01'),
    line('3.16', '2024-05-23'),
    line('3.17', '2024-11-22'),
    line('3.18', '2025-05-09'),
    line('3.19', '2025-11-01'),
    line('3.20', '2026-04-01'),
    line('3.21', '2026-11-01'),
    line('3.22', '2027-05-01'),
  ],
  'library/ubuntu': [
    line('14.04', '2019-04-25', 'trusty'),
    line('16.04', '2021-04-30', 'xenial'),
    line('16.10', '2017-07-20', 'yakkety'),
    line('17.04', '2018-01-13', 'zesty'),
    line('17.10', '2018-07-19', 'artful'),
    line('18.04', '2023-05-31', 'bionic'),
    line('18.10', '2019-07-18', 'cosmic'),
    line('19.04', '2020-01-23', 'disco'),
    line('19.10', '2020-07-17', 'eoan'),
    line('20.04', '2025-05-31', 'focal'),
    line('20.10', '2021-07-22', 'groovy'),
    line('21.04', '2022-01-20', 'hirsute'),
    line('21.10', '2022-07-14', 'impish'),
    line('22.04', '2027-04-01', 'jammy'),
    line('22.10', '2023-07-20', 'kinetic'),
    line('23.04', '2024-01-25', 'lunar'),
    line('23.10', '2024-07-11', 'mantic'),
    line('24.04', '2029-04-25', 'noble'),
    line('24.10', '2025-07-10', 'oracular'),
  ],
  'library/debian': [
    line('7', '2018-05-31', 'wheezy'),
    line('8', '2020-06-30', 'jessie'),
    line('9', '2022-06-30', 'stretch'),
    line('10', '2024-06-30', 'buster'),
    line('11', '2026-08-31', 'bullseye'),
    line('12', '2028-06-30', 'bookworm'),
    line('13', '2030-06-30', 'trixie'),
  ],
  'library/centos': [
    line('5', '2017-03-31'),
    line('6', '2020-11-30'),
    line('7', '2024-06-30'),
    line('8', '2021-12-31'),
  ],
  'library/node': [
    line('8', '2019-12-31'),
    line('9', '2018-06-30'),
    line('10', '2021-04-30'),
    line('11', '2019-06-01'),
    line('12', '2022-04-30'),
    line('13', '2020-06-01'),
    line('14', '2023-04-30'),
    line('15', '2021-06-01'),
    line('16', '2023-09-11'),
    line('17', '2022-06-01'),
    line('18', '2025-04-30'),
    line('19', '2023-06-01'),
    line('20', '2026-04-30'),
    line('21', '2024-06-01'),
    line('22', '2027-04-30'),
    line('23', '2025-06-01'),
    line('24', '2028-04-30'),
  ],
  'library/python': [
    line('2.7', '2020-01-01'),
    line('3.4', '2019-03-18'),
    line('3.5', '2020-09-30'),
    line('3.6', '2021-12-23'),
    line('3.7', '2023-06-27'),
    line('3.8', '2024-10-07'),
    line('3.9', '2025-10-31'),
    line('3.10', '2026-10-31'),
    line('3.11', '2027-10-31'),
    line('3.12', '2028-10-31'),
  ],
  'library/postgres': [
    line('9', '2021-11-11'),
    line('10', '2022-11-10'),
    line('11', '2023-11-09'),
    line('12', '2024-11-21'),
    line('13', '2025-11-13'),
    line('14', '2026-11-12'),
    line('15', '2027-11-11'),
    line('16', '2028-11-09'),
  ],
  'library/mongo': [
    line('3.6', '2021-04-30'),
    line('4.0', '2022-04-30'),
    line('4.2', '2023-04-30'),
    line('4.4', '2024-02-29'),
    line('5.0', '2024-10-31'),
    line('6.0', '2025-07-31'),
    line('7.0', '2027-08-31'),
  ],
  'library/mysql': [
    line('5.6', '2021-02-05'),
    line('5.7', '2023-10-31'),
    line('8.0', '2026-04-30'),
    line('8.4', '2032-04-30'),
  ],
  'library/php': [
    line('5.6', '2018-12-31'),
    line('7.0', '2019-01-10'),
    line('7.1', '2019-12-01'),
    line('7.2', '2020-11-30'),
    line('7.3', '2021-12-06'),
    line('7.4', '2022-11-28'),
    line('8.0', '2023-11-26'),
    line('8.1', '2025-12-31'),
    line('8.2', '2026-12-31'),
    line('8.3', '2027-12-31'),
  ],
  'library/ruby': [
    line('2.6', '2022-04-12'),
    line('2.7', '2023-03-31'),
    line('3.0', '2024-04-23'),
    line('3.1', '2025-03-26'),
    line('3.2', '2026-03-31'),
    line('3.3', '2027-03-31'),
  ],
}

/** Repositories that get nothing any more, with their successor. */
const retired: Readonly<Record<string, string>> = {
  'library/centos': '`rockylinux/rockylinux` or `almalinux`',
  'library/java': '`eclipse-temurin`',
  'library/openjdk': '`eclipse-temurin`',
  'microsoft/azure-cli': '`mcr.microsoft.com/azure-cli`',
  'microsoft/nanoserver': '`mcr.microsoft.com/windows/nanoserver`',
}

export interface SupportEnd {
  /** RFC 3339 date; absent where the repository itself was given up. */
  readonly until?: string
  readonly successor?: string
}

/** Why the image is out of support at that time; `undefined` while it is not, or nobody here knows. */
export function supportEnd({ registry, repository, tag = '' }: ImageReference, nowMs: number): SupportEnd | undefined {
  if (registry !== 'docker.io') return undefined
  const successor = retired[repository]
  const known = lines[repository]
  const found = known === undefined ? undefined : lineOf(known, tag)
  if (found !== undefined && Date.parse(found.until) < nowMs)
    return { until: found.until, ...(successor === undefined ? {} : { successor }) }
  return successor === undefined ? undefined : { successor }
}

function lineOf(known: readonly Line[], tag: string): Line | undefined {
  const named = known.find(({ names = [] }) => names.some((name) => tag === name || tag.startsWith(`${name}-`)))
  if (named !== undefined) return named
  const [, major, minor] = /^v?(\d+)(?:\.(\d+))?/.exec(tag) ?? []
  if (major === undefined) return undefined
  const wantsMinor = known.every(({ version }) => version.includes('.'))
  // `python:3` moves with the newest; there is nothing to say about it.
  if (wantsMinor && minor === undefined) return undefined
  const asked = compareKey(major, wantsMinor ? minor : undefined)
  const last = known.at(-1)
  if (last === undefined || asked > keyOf(last)) return undefined
  return known.findLast((entry) => keyOf(entry) <= asked) ?? known[0]
}

const keyOf = ({ version }: Line): number => {
  const [major = '0', minor] = version.split('.')
  return compareKey(major, minor)
}
const compareKey = (major: string, minor: string | undefined): number => Number(major) * 1000 + Number(minor ?? 0)
