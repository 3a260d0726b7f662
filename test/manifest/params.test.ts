import { describe, expect, it } from 'vitest'
import { problemsOf, resolved } from './load.ts'

const web = (body: string, params?: Record<string, string>) => resolved(body, { params }).manifest.services?.['web']

describe('a parameter', () => {
  it('keeps its type where it is the whole value', () => {
    expect(web('params: {n: 3}\nservices: {web: {image: a, scale: "${n}"}}')?.scale).toEqual({ min: 3, max: 3 })
    expect(web('params: {b: true}\nservices: {web: {image: a, kernel: {init: "${b}"}}}')?.kernel).toEqual({
      init: true,
    })
  })

  it('is text inside text, as it was written', () => {
    expect(web('params: {tag: 1.10}\nservices: {web: {image: "a:${tag}-x"}}')?.image).toBe('a:1.10-x')
    expect(web('params: {tag: 1.10}\nservices: {web: {image: a, env: {V: "${tag}"}}}')?.env).toEqual({
      V: { text: '1.10' },
    })
  })

  it('takes a given value before that of the environment, and that before its default', () => {
    const body = 'params: {tag: one}\nservices: {web: {image: "a:${tag}"}}\nenvironments: {prod: {params: {tag: two}}}'
    const image = (options: object) => resolved(body, options).manifest.services?.['web']?.image
    expect([
      image({}),
      image({ environment: 'prod' }),
      image({ environment: 'prod', params: { tag: 'three' } }),
    ]).toEqual(['a:one', 'a:two', 'a:three'])
  })

  it('reads a given value in the type of its default', () => {
    expect(web('params: {n: 3}\nservices: {web: {image: a, scale: "${n}"}}', { n: '5' })?.scale).toEqual({
      min: 5,
      max: 5,
    })
    const problems = problemsOf('params: {n: 3}\nservices: {web: {image: a, scale: "${n}"}}', { params: { n: 'many' } })
    expect(problems.map((each) => each.code)).toEqual(['wrong-type'])
  })

  it('is escaped by a doubled dollar', () => {
    expect(web('services: {web: {image: a, env: {A: "$${HOME} $${x}", B: "$HOME $$"}}}')?.env).toEqual({
      A: { text: '${HOME} ${x}' },
      B: { text: '$HOME $$' },
    })
  })

  it('is left alone in files and in free keys', () => {
    const made = resolved(
      'x-note: "${nope}"\nconfig: {c: {files: {f: {content: "${nope}"}}}}\nservices: {web: {image: a, x-y: "${nope}"}}',
    )
    expect(made.configs['c']?.[0]?.content).toEqual({ kind: 'text', text: '${nope}' })
  })

  it('that does not exist is refused when a value is given for it', () => {
    const [problem] = problemsOf('params: {region: eu}\nservices: {web: {image: a}}', { params: { regoin: 'us' } })
    expect(problem).toMatchObject({ code: 'unused-param-value', fix: 'did you mean `region`?' })
  })

  it('never shows a given value that looks like a secret', () => {
    const told = JSON.stringify(
      problemsOf('params: {token: {default: a, allowed: [a]}}\nservices: {web: {image: a}}', {
        params: { token: 'hunter22' },
      }),
    )
    expect(told).toContain('not-allowed')
    expect(told).not.toContain('hunter22')
  })

  it('brings a secret into the open as a literal would', () => {
    const problems = problemsOf(
      'params: {p: {description: x}}\nservices: {web: {image: a, env: {DB_PASSWORD: "${p}"}}}',
      { params: { p: 'hunter22' } },
    )
    expect(problems.map((each) => each.code)).toEqual(['plain-secret'])
  })
})
