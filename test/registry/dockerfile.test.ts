import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imageDefaults } from '../../lib/registry/dockerfile/defaults.ts'
import { lintDockerfile } from '../../lib/registry/dockerfile/lint.ts'
import type { LintOptions } from '../../lib/registry/dockerfile/lint.ts'
import { parseDockerfile } from '../../lib/registry/dockerfile/parse.ts'
import { splitCommands } from '../../lib/registry/dockerfile/shell.ts'

const nowMs = Date.UTC(2026, 10, 20)
const good = 'FROM alpine:3.22\nUSER 1000\n'
const lint = (text: string, options: Partial<LintOptions> = {}) => lintDockerfile(text, { nowMs, ...options })
const codes = (text: string, options: Partial<LintOptions> = {}) => lint(text, options).map(({ code }) => code)

describe('reading', () => {
  it('joins continued lines over comments and keeps positions', () => {
    const { instructions } = parseDockerfile('FROM a:1\nRUN one \\\n  # a comment\n  && two\n  COPY x y\n')
    expect(
      instructions.map(({ keyword, text, line, column }) => [keyword, text.replaceAll(/\s+/g, ' '), line, column]),
    ).toEqual([
      ['FROM', 'a:1', 1, 1],
      ['RUN', 'one && two', 2, 1],
      ['COPY', 'x y', 5, 3],
    ])
    expect(instructions[1]?.words.at(-1)).toMatchObject({ text: 'two', line: 4, column: 6 })
  })

  it('takes here-documents as the text of their instruction', () => {
    const { instructions, problems } = parseDockerfile(
      'FROM a:1\nRUN <<EOF\nWORKIR /x\necho hi\nEOF\nCOPY <<-"A" <<B /to/\n\tone\n\tA\ntwo\nB\nCMD ["x"]',
    )
    expect(problems).toEqual([])
    expect(instructions.map(({ keyword, heredocs }) => [keyword, heredocs.map(({ content }) => content)])).toEqual([
      ['FROM', []],
      ['RUN', ['WORKIR /x\necho hi']],
      ['COPY', ['one', 'two']],
      ['CMD', []],
    ])
  })

  it('follows the escape directive', () => {
    const { escape, instructions } = parseDockerfile('# escape=`\nFROM a:1\nRUN dir C:\\ `\n  && more\nCMD ["x"]')
    expect(escape).toBe('`')
    expect(instructions.map(({ keyword }) => keyword)).toEqual(['FROM', 'RUN', 'CMD'])
  })

  it('does not take a comment below the first instruction for a directive', () => {
    expect(parseDockerfile('FROM a:1\n# escape=`\n').escape).toBe('\\')
  })

  it('splits flags from words', () => {
    const [, copy] = parseDockerfile('FROM a:1\nCOPY --from=build --chown=1:2 ["a b", "/c"]').instructions
    expect(copy).toMatchObject({
      flags: [
        { name: 'from', value: 'build' },
        { name: 'chown', value: '1:2' },
      ],
      json: ['a b', '/c'],
    })
  })

  it('never throws, whatever is typed', () => {
    const line = fc.constantFrom(
      'FROM a',
      'RUN <<E',
      'E',
      'RUN x \\',
      '',
      '# c',
      'CMD [',
      'ENV A=$',
      'VOLUME ,',
      'EXPOSE ${X:-',
      'COPY "',
      'ONBUILD',
      'WORKDIR ..',
      'USER $(',
      'ENTRYPOINT',
      'X',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (text) => {
          imageDefaults(parseDockerfile(text))
          expect(lint(text).every(({ source }) => source.line >= 1 && source.column >= 1)).toBe(true)
        },
      ),
    )
  })
})

describe('defaults of the image', () => {
  const defaults = (text: string, options = {}) => imageDefaults(parseDockerfile(text), options)

  it('put variables in', () => {
    const text =
      'ARG P=80\nFROM a:1\nARG P\nENV D=/srv X="a b" \nENV OLD two words\nWORKDIR ${D}/in\nWORKDIR sub\nEXPOSE $P ${Q:-53}/udp 9-10\nUSER ${U:+x}app\nSTOPSIGNAL SIGQUIT'
    expect(defaults(text)).toMatchObject({
      workdir: '/srv/in/sub',
      exposedPorts: ['80/tcp', '53/udp', '9/tcp', '10/tcp'],
      env: { D: '/srv', X: 'a b', OLD: 'two words' },
      user: 'app',
      stopSignal: 'SIGQUIT',
    })
    expect(defaults(text, { args: { P: '81' } }).exposedPorts[0]).toBe('81/tcp')
  })

  it('are those of the chosen stage with what it goes on from', () => {
    const text =
      'FROM a:1 AS base\nENV A=1\nWORKDIR /w\nCMD ["one"]\nFROM b:1 AS other\nUSER x\nFROM base\nENTRYPOINT ["two"]'
    expect(defaults(text)).toMatchObject({
      env: { A: '1' },
      workdir: '/w',
      entrypoint: ['two'],
      command: ['one'],
      user: '',
    })
    expect(defaults(text, { target: 'other' })).toMatchObject({ env: {}, user: 'x' })
  })

  it('forget the command of the base image where the entrypoint changes', () => {
    const base = {
      entrypoint: ['old'],
      command: ['arg'],
      user: '',
      workdir: '',
      env: {},
      exposedPorts: [],
      volumes: [],
    }
    expect(defaults('FROM a:1\nENTRYPOINT ["new"]', { base })).toMatchObject({ entrypoint: ['new'], command: [] })
    expect(defaults('FROM a:1', { base })).toMatchObject({ entrypoint: ['old'], command: ['arg'] })
  })

  it('use the shell that SHELL says', () => {
    expect(defaults('FROM a:1\nSHELL ["/bin/bash", "-ec"]\nCMD go').command).toEqual(['/bin/bash', '-ec', 'go'])
  })
})

describe('the linter', () => {
  it('finds nothing wrong with a good file', () => {
    const text = [
      'FROM node:24.1-alpine AS build',
      'WORKDIR /app',
      'COPY package.json package-lock.json ./',
      'RUN npm ci',
      'COPY . .',
      'RUN npm run build',
      'FROM node:24.1-alpine',
      'WORKDIR /app',
      'COPY --from=build /app/dist ./',
      'USER node',
      'CMD ["node", "server.js"]',
    ].join('\n')
    expect(lint(text, { hasIgnoreFile: true })).toEqual([])
  })

  it.each([
    ['RUN echo', ['df-syntax']],
    ['', ['df-syntax']],
    ['FROM a:1 b\nUSER 1', ['df-syntax']],
    ['FROM Bad:1\nUSER 1', ['df-syntax']],
    ['FROM a:1 AS x\nFROM b:1 AS X\nUSER 1', ['df-syntax']],
    [`${good}COPY one`, ['df-syntax']],
    [`${good}RUN`, ['df-syntax']],
    [`${good}RUN <<EOF\nx`, ['df-syntax']],
    [`${good}ENTRYPONT ["x"]`, ['df-unknown-instruction']],
    [`${good}NONSENSE x`, ['df-unknown-instruction']],
    [`${good}CMD ['x', 'y']`, ['df-shell-form', 'df-json-form']],
    [`${good}CMD exec x`, []],
    [`${good}CMD ["a"]\nCMD ["b"]`, ['df-overridden']],
    [`${good}WORKDIR app`, ['df-workdir-relative']],
    [`${good}RUN cd /app`, ['df-cd']],
    [`${good}RUN cd /app && make x`, ['df-cd']],
    [`${good}RUN cd /tmp && touch x`, []],
    ['FROM alpine:3.22\nUSER 0:0', ['df-root-user']],
    ['FROM gcr.io/distroless/static:nonroot', ['df-base-unpinned']],
    ['FROM scratch\nUSER 1', []],
    ['ARG B\nFROM $B\nUSER 1', []],
    ['ARG B=alpine\nFROM ${B}\nUSER 1', ['df-base-unpinned']],
    ['ARG B=alpine\nFROM ${B}:3.22\nUSER 1', []],
    [`FROM alpine@sha256:${'a'.repeat(64)}\nUSER 1`, []],
    [`${good}RUN apk add --no-cache curl`, []],
    [`${good}RUN apk add curl`, ['df-cache-left']],
    [`${good}RUN --mount=type=cache,target=/var/cache/apk apk add curl`, []],
    [`${good}RUN apk add --no-cache vim`, ['df-needless-package']],
    [`${good}RUN apk add --no-cache build-essential`, ['df-package-unknown']],
    [
      'FROM debian:12\nUSER 1\nRUN apt-get update && apt-get install -y --no-install-recommends curl && apt-get clean',
      ['df-cache-left'],
    ],
    [
      'FROM debian:12\nUSER 1\nRUN <<E\napt-get update\napt-get install -y --no-install-recommends curl\nrm -rf /var/lib/apt/lists/*\nE',
      [],
    ],
    [
      'FROM debian:12\nUSER 1\nRUN apt-get update\nRUN apt-get install -y --no-install-recommends a && rm -rf /var/lib/apt/lists/*',
      ['df-many-run'],
    ],
    ['FROM fedora:43\nUSER 1\nRUN dnf install -y curl', ['df-cache-left']],
    ['FROM fedora:43\nUSER 1\nRUN dnf install -y curl && dnf clean all', []],
    [`${good}RUN a\nRUN b\nRUN c`, ['df-many-run']],
    [`${good}COPY big /big\nRUN rm -rf /big`, ['df-cache-later-layer']],
    [`${good}RUN rm /etc/motd`, []],
    [`${good}COPY . .\nRUN pip install -r requirements.txt`, ['df-cache-order']],
    [`${good}ADD app.tar.gz /app/`, []],
    [`${good}ADD src /app/`, ['df-add-local']],
    [`${good}ADD --checksum=sha256:00 https://x.example/a /a`, []],
    [`${good}RUN curl -fsSLO https://x.example/a && echo "00  a" | sha256sum -c`, []],
    [`${good}RUN wget https://x.example/a`, ['df-add-remote']],
    [`${good}ENV API_KEY=d41d8cd98f00b204`, ['df-secret-env']],
    [`${good}ARG NPM_TOKEN`, []],
    [`${good}ENV DB_PASSWORD=$P`, []],
    [`${good}ONBUILD RUN apk add curl`, []],
    ['FROM golang:1.26\nUSER 1\nWORKDIR /src\nRUN go build .', ['df-no-multistage']],
    [`${good}CMD ["service", "nginx", "start"]`, ['df-daemonizes']],
    [`${good}CMD ["nginx", "-g", "daemon off;"]`, []],
    ['FROM python:3.13\nUSER 1\nWORKDIR /app\nCOPY src ./src\nCMD ["python", "main.py"]', ['df-file-not-copied']],
    ['FROM python:3.13\nUSER 1\nWORKDIR /app\nCOPY main.py .\nCMD ["python", "main.py"]', []],
    ['FROM python:3.13\nUSER 1\nWORKDIR /app\nRUN git clone https://x.example/a.git .\nCMD ["python", "main.py"]', []],
    ['FROM acme/app:1\nUSER 1\nCMD ["python", "/srv/main.py"]', []],
  ])('of %j says %j', (text, wanted) => expect(codes(text)).toEqual(wanted))

  it('only warns of an empty line that swallows nothing', () => {
    expect(lint(`${good}RUN a \\\n\n  && b`)).toMatchObject([
      { code: 'df-continuation', severity: 'warning', source: { line: 4 } },
    ])
  })

  it('says where and what to do', () => {
    expect(lint('FROM alpine:3.22\nUSER 1\nWORKIR /app')).toMatchObject([
      {
        code: 'df-unknown-instruction',
        severity: 'error',
        source: { line: 3, column: 1 },
        message: '"WORKIR" is not an instruction',
        fix: 'write `WORKDIR`',
      },
    ])
  })

  it('does not print the credential it finds', () => {
    expect(JSON.stringify(lint(`${good}ENV DB_PASSWORD=correcthorse9`))).not.toContain('correcthorse9')
  })

  it('knows the time', () => {
    const text = 'FROM ubuntu:22.04\nUSER 1'
    expect(codes(text)).toEqual([])
    expect(codes(text, { nowMs: Date.UTC(2028, 0, 1) })).toEqual(['df-base-eol'])
  })

  it('reports declared volumes that nothing mounts', () => {
    const text = `${good}VOLUME /a /b`
    expect(codes(text, { mounts: ['/a'] })).toEqual(['anonymous-volume-named'])
    expect(codes(text, { mounts: ['/a', '/b'] })).toEqual([])
  })

  it('misses an ignore file only where it knows that there is none', () => {
    const text = `${good}COPY . /app`
    expect(codes(text)).toEqual([])
    expect(codes(text, { hasIgnoreFile: false })).toEqual(['df-no-ignore-file'])
  })

  it('refuses what is too long to be one', () => {
    expect(codes('#'.repeat(2_000_000))).toEqual(['too-large'])
  })

  it('judges the stage that is built', () => {
    const text = 'FROM alpine:3.22 AS dev\nFROM alpine:3.22\nUSER 1'
    expect(codes(text)).toEqual([])
    expect(codes(text, { target: 'dev' })).toEqual(['df-root-user'])
  })
})

describe('shell text', () => {
  it.each([
    ['a b && c; d | e "f g" || h', [['a', 'b'], ['c'], ['d'], ['e', 'f g'], ['h']]],
    ["X=1 sudo a 'b;c' # d\ne", [['a', 'b;c'], ['e']]],
    ['(cd x && y) 2>&1', [['cd', 'x'], ['y'], ['2>&1']]],
  ])('%j has the commands %j', (text, wanted) => expect(splitCommands(text).map(({ words }) => words)).toEqual(wanted))
})
