// `npm start` as a new user runs it: it says what listens where, and every line that it prints shows what it promises.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CURLS } from '../../deploy/examples/quickstart/curls.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { runToEnd, RunningProcess } from '../support/running-process.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  scripts: { start: string }
}
const SCRIPT = scripts.start
const PROMPT = /^ {2}(curl .*)\n {6}-> (.*)$/gm

/** What the person who runs the tests has set must not reach the program. */
const ENV = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => /^(OTEL|KANALI)_/.test(name))
    .map((name) => [name, undefined]),
)

describeWithTools(['curl'], 'the quickstart', () => {
  let started: RunningProcess

  beforeAll(async () => {
    // npm's own process is left out: it does not pass a signal on to what its shell runs.
    const [file = '', ...args] = SCRIPT.split(' ')
    started = new RunningProcess(file, args, { cwd: ROOT, env: ENV })
    await started.until(() => started.stdout.includes('Ctrl-C ends it.'), 'the quickstart is ready', {
      timeoutMs: 50_000,
    })
  })

  afterAll(() => started.stop())

  test('prints what listens where, and a dozen lines to try', () => {
    expect(started.stdout).toContain('http://127.0.0.1:8080')
    expect(started.stdout).toContain('http://127.0.0.1:9000/metrics')
    expect(started.stdout).toContain('http://127.0.0.1:9090/debug/snapshot')
    const printed = [...started.stdout.matchAll(PROMPT)].map(([, command, shows]) => ({ command, shows }))
    expect(printed).toEqual(CURLS.map(({ command, shows }) => ({ command, shows })))
    expect(printed.length).toBeGreaterThanOrEqual(12)
  })

  test('has a line for each error code that a person can reproduce', () => {
    const codes = new Set(CURLS.flatMap(({ code }) => code ?? []))
    expect([...codes].sort((a, b) => a.localeCompare(b))).toEqual([
      '00',
      '02',
      '03',
      '04',
      '05',
      '06',
      '07',
      '08',
      '10',
      '11',
      '12',
      '13',
      '14',
    ])
  })

  describe('shows', () => {
    test.each(CURLS)('$shows', async ({ command, shows, status, code }) => {
      const { stdout, exit } = await runToEnd('sh', ['-c', `${command} --silent --noproxy '*'`])
      expect(exit.code).toBe(0)
      expect(shows.startsWith(String(status))).toBe(true)
      const [head = '', body = ''] = stdout.split('\r\n\r\n')
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      const traceId = /^x-kanali-correlation-id: ([0-9a-f]{32})\r?$/im.exec(head)?.[1] ?? ''
      expect(traceId).not.toBe('')
      if (code === undefined) {
        expect(body).not.toContain('"code":')
      } else {
        expect(shows).toContain(`code ${code}`)
        expect(JSON.parse(body)).toMatchObject({ status, code: Number(code) })
        // The access line, and what the trace says, stand below the banner.
        await started.until(
          () => started.stdout.split('\n').filter((line) => line.includes(traceId)).length >= 2,
          'the access line and the trace of this answer',
        )
      }
    })
  })

  test('ends with everything that it started, and git ignores the keys of this run', async () => {
    started.kill('SIGTERM')
    expect(await started.exited).toEqual({ code: 0, signal: null })
    expect(started.stderr).toContain('"msg":"Shut down"')
    await expect(fetch('http://127.0.0.1:8080/')).rejects.toThrow('fetch failed')
    expect(readFileSync(path.join(ROOT, '.gitignore'), 'utf8')).toContain(
      'deploy/examples/quickstart/manifests/generated.yaml',
    )
  })
})
