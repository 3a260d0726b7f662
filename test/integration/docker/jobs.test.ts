import { expect, it } from 'vitest'
import { describeWithEngine } from '../../support/lab/shared.ts'
import { app, createDriver, httpd, task, web } from './driver.ts'

describeWithEngine('runs of jobs', { images: ['busybox'] }, (tools) => {
  const driverFor = (name: string) => createDriver(tools().engine, tools().prefix, name)

  it('succeed with what the container was given', async () => {
    const driver = await driverFor('good')
    const copy = task('copy', {
      command: ['sh', '-c', 'test "$KEY" = hidden && test "$(cat /etc/conf)" = text'],
      env: { KEY: { kind: 'secret', secret: 'key' } },
      files: [{ path: '/etc/conf', content: { kind: 'text', text: 'text' }, from: 'jobs.copy.files' }],
    })
    const run = await driver.run(app([copy]), copy, 'run_1', { secrets: { key: 'hidden' } })
    expect(run).toMatchObject({ runId: 'run_1', job: 'copy', state: 'succeeded', succeeded: 1, failed: 0, exitCode: 0 })
  })

  it('find services by name', async () => {
    const driver = await driverFor('names')
    const page = { path: '/www/index.html', content: { kind: 'text' as const, text: 'here' }, from: 'files' }
    const spec = app([web('web', { command: httpd(8080), files: [page] })])
    await driver.apply(spec)
    await driver.ready('web', 1)
    const ask = task('ask', { command: ['sh', '-c', 'test "$(timeout 5 wget -q -O - http://web:8080/)" = here'] })
    expect((await driver.run(spec, ask, 'run_1')).state).toBe('succeeded')
  })

  it('fail with the exit code when there are no retries', async () => {
    const driver = await driverFor('bad')
    const fail = task('fail', { command: ['sh', '-c', 'exit 7'] })
    const run = await driver.run(app([fail]), fail, 'run_1')
    expect(run).toMatchObject({
      state: 'failed',
      failed: 1,
      succeeded: 0,
      exitCode: 7,
      reason: 'task: non-zero exit (7)',
    })
  })

  it('are tried again as often as allowed, then fail', async () => {
    const driver = await driverFor('retry')
    const fail = task('fail', { command: ['sh', '-c', 'exit 7'] }, { retries: 2 })
    const run = await driver.run(app([fail]), fail, 'run_1')
    expect(run).toMatchObject({ state: 'failed', failed: 3, exitCode: 7 })
  })

  it('succeed on a later attempt', async () => {
    const driver = await driverFor('later')
    const flaky = task(
      'flaky',
      {
        command: ['sh', '-c', 'echo x >> /data/tries; test $(wc -l < /data/tries) -ge 2'],
        mounts: [{ kind: 'volume', path: '/data', volume: 'data', readOnly: false, from: 'jobs.flaky.mounts' }],
      },
      { retries: 3 },
    )
    const spec = app([flaky], { volumes: [{ name: 'data', access: 'shared', class: 'default', onDelete: 'delete' }] })
    expect(await driver.run(spec, flaky, 'run_1')).toMatchObject({ state: 'succeeded', failed: 1, succeeded: 1 })
  })

  it('run several completions side by side', async () => {
    const driver = await driverFor('many')
    const many = task('many', { command: ['sh', '-c', 'exit 0'] }, { completions: 4, parallelism: 2 })
    expect(await driver.run(app([many]), many, 'run_1')).toMatchObject({ state: 'succeeded', succeeded: 4, failed: 0 })
  })

  it('fail when they take longer than allowed', async () => {
    const driver = await driverFor('slow')
    const slow = task('slow', { command: ['sleep', '60'] }, { timeoutMs: 1_500 })
    const run = await driver.run(app([slow]), slow, 'run_1')
    expect(run).toMatchObject({ state: 'failed', reason: 'it did not end within 1500 ms' })
    await driver.remove()
    expect((await driver.observe()).runs).toEqual([])
  })

  it('are the same run when they are started twice', async () => {
    const driver = await driverFor('twice')
    const once = task('once', { command: ['sh', '-c', 'exit 0'] })
    const spec = app([once])
    await driver.run(spec, once, 'run_1')
    await driver.run(spec, once, 'run_1')
    expect((await driver.observe()).runs).toMatchObject([{ runId: 'run_1', succeeded: 1 }])
  })
})
