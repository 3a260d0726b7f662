/** Text of all kinds: names, hosts, paths, references. */
import * as z from 'zod'
import { hinted } from './hints.ts'
import type { Hints } from './hints.ts'

const pattern = (regex: RegExp, hints: Hints): z.ZodString => hinted(z.string().regex(regex), hints)

/** Any text; control characters are refused where the manifest is read. */
export const text = z.string()

export const someText = hinted(z.string().min(1), { code: 'invalid-format', expected: 'text that is not empty' })

export const nameRegex = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/

export const name = pattern(nameRegex, {
  code: 'invalid-name',
  expected: 'a name: lower-case letters, digits and inner dashes, at most 40 characters',
})

export const portName = pattern(/^[a-z](?:[a-z0-9-]{0,13}[a-z0-9])?$/, {
  code: 'invalid-name',
  expected: 'a port name: lower-case letters, digits and inner dashes, at most 15 characters',
})

export const paramName = pattern(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, {
  code: 'invalid-name',
  expected: 'a parameter name: letters, digits, `-` and `_`, at most 63 characters',
})

/** Keys of configs and secrets. */
export const dataKey = pattern(/^[A-Za-z0-9._-]{1,253}$/, {
  code: 'invalid-name',
  expected: 'a key of letters, digits, `.`, `_` and `-`',
})

export const variableName = pattern(/^[A-Za-z_.-][A-Za-z0-9_.-]{0,252}$/, {
  code: 'invalid-name',
  expected: 'a variable name: letters, digits, `_`, `.` and `-`, not beginning with a digit',
})

export const argName = pattern(/^[A-Za-z_][A-Za-z0-9_]{0,252}$/, {
  code: 'invalid-name',
  expected: 'the name of a build argument: letters, digits and `_`',
})

export const label = pattern(/^\S{1,317}$/, { code: 'invalid-name', expected: 'a key without spaces' })

const hostPart = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'

export const hostName = pattern(new RegExp(`^(?=.{1,253}$)${hostPart}(?:\\.${hostPart})*$`), {
  code: 'invalid-name',
  expected: 'a host name',
})

export const routeHost = pattern(new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${hostPart}(?:\\.${hostPart})*$`), {
  code: 'invalid-format',
  expected: 'a host name such as `shop.example.com`, or `*.example.com`',
  fix: 'write the host alone, without scheme, port or path',
})

/** A host name or an address, v4 or v6. */
export const hostOrAddress = pattern(
  new RegExp(`^(?:(?=.{1,253}$)${hostPart}(?:\\.${hostPart})*|[0-9a-fA-F:.]*:[0-9a-fA-F:.]+)$`),
  {
    code: 'invalid-format',
    expected: 'a host name or an IP address',
    fix: 'write the host alone; its port stands under `ports`',
  },
)

export const registryHost = pattern(/^[A-Za-z0-9.-]+(?::\d{1,5})?$/, {
  code: 'invalid-name',
  expected: 'the host of a registry as it stands in the image, e.g. `ghcr.io`',
})

const byte = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)'
const ipv4 = `${byte}(?:\\.${byte}){3}`
const ipv6 = '[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*'

export const ipAddress = pattern(new RegExp(`^(?:${ipv4}|${ipv6})$`), {
  code: 'invalid-format',
  expected: 'an IP address',
})

export const cidr = pattern(new RegExp(`^(?:${ipv4}/(?:3[0-2]|[12]?\\d)|${ipv6}/(?:12[0-8]|1[01]\\d|[1-9]?\\d))$`), {
  code: 'invalid-format',
  expected: 'an address range such as `10.0.0.0/8`',
})

/** Absolute, without `..` and without doubled slashes. */
export const absolutePath = pattern(/^\/(?!.*(?:^|\/)\.\.?(?:\/|$))(?!.*\/\/)[^\0]*$/, {
  code: 'invalid-format',
  expected: 'an absolute path without `.` or `..`',
})

/** A path inside a volume or a config: relative, staying inside. */
export const innerPath = pattern(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))(?!.*(?:^|\/)\.\/)(?!.*\/\/)[^\0]*[^\0/]$/, {
  code: 'invalid-format',
  expected: 'a relative path that stays inside',
})

/** A path beside the manifest. Whether it stays in the manifest's folder is checked where it is read. */
export const localPath = pattern(/^[^\0]+$/, { code: 'invalid-format', expected: 'a path beside the manifest' })

export const urlPath = pattern(/^\/[^\s]*$/, { code: 'invalid-format', expected: 'a path that begins with `/`' })

export const imageReference = pattern(
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|__?|-+|\/)[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$/,
  { code: 'invalid-format', expected: 'an image such as `nginx`, `redis:7` or `ghcr.io/acme/web:v1`' },
)

export const fileMode = pattern(/^0[0-7]{3}$/, {
  code: 'invalid-format',
  expected: 'a quoted octal mode such as "0400"',
  mustQuote: true,
})

export const signal = pattern(/^SIG[A-Z0-9+-]+$/, {
  code: 'invalid-format',
  expected: 'a signal such as SIGTERM or SIGQUIT',
})

export const capability = pattern(/^[A-Z][A-Z0-9_]*$/, {
  code: 'invalid-format',
  expected: 'a Linux capability such as NET_BIND_SERVICE, or ALL',
  fix: 'write it in capitals, without the prefix CAP_',
})

export const sysctlName = pattern(/^[a-z0-9_]+(?:[./][A-Za-z0-9_-]+)+$/, {
  code: 'invalid-name',
  expected: 'a kernel setting such as net.core.somaxconn',
})

export const ulimitName = pattern(/^[a-z]+$/, { code: 'invalid-name', expected: 'a limit such as nofile' })

export const base64Text = pattern(/^(?:[A-Za-z0-9+/]{4}|\s)*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/, {
  code: 'invalid-format',
  expected: 'base64',
})
