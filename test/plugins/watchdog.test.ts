// A plugin that blocks the event loop, seen from outside its process: what the watchdog writes while nothing else can.
// The plugins block until a file appears, which the test makes once it has seen what it waits for.

import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Watchdog } from '../../src/plugins/watchdog.ts'
import { RunningProcess } from '../support/running-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { KeptLog, moduleWith, TRACE_ID } from './plugin-folder.ts'

const CHILD = path.join(import.meta.dirname, 'plugin-child.ts')
const TIMEOUT_MS = 1_000

/** Code that keeps the loop until the test writes that file into the plugin folder. */
function blockUntil(folder: TempFolder, file: string): string {
  return `while (!existsSync(${JSON.stringify(path.join(folder.path, file))})) {}`
}

const IMPORT = "import { existsSync } from 'node:fs'\n"
const cleanUp: AsyncDisposable[] = []

afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each[Symbol.asyncDispose]()
})

async function pluginFolder(): Promise<TempFolder> {
  const folder = await tempFolder('watchdog')
  cleanUp.push(folder)
  return folder
}

function start(folder: TempFolder, files: readonly string[], timeoutMs = TIMEOUT_MS): RunningProcess {
  const child = new RunningProcess(process.execPath, [CHILD, folder.path, String(timeoutMs), ...files])
  cleanUp.unshift(child)
  return child
}

function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The watchdog's line, while the process is still blocked. */
async function watchdogLine(child: RunningProcess): Promise<Record<string, unknown>> {
  await child.until(
    () => child.stderr.includes('blocked_ms') && child.stderr.endsWith('\n'),
    'a line of the watchdog',
  )
  return jsonLines(child.stderr)[0] ?? {}
}

describe('the watchdog', { timeout: 60_000 }, () => {
  it('names plugin, ApiProxy and trace while the plugin blocks, again and again, and fails liveness for a minute', async () => {
    const folder = await pluginFolder()
    await folder.write('block_1.0.0.mjs', IMPORT + moduleWith(blockUntil(folder, 'go')))
    await folder.write('good.mjs', moduleWith(''))
    const child = start(folder, ['good.mjs', 'block_1.0.0.mjs'])
    const line = await watchdogLine(child)
    expect(line).toMatchObject({
      level: 'error',
      plugin: 'block_1.0.0.mjs',
      method: 'onRequest',
      namespace: 'shop',
      apiproxy: 'orders',
      trace_id: TRACE_ID,
      certain: true,
      msg: 'plugin block_1.0.0.mjs blocks the event loop: no request is served until it returns',
    })
    expect(line['blocked_ms']).toBeGreaterThanOrEqual(TIMEOUT_MS)
    await child.until(() => child.stderr.split('\n').length > 2, 'the line to be repeated')
    await folder.write('go', '')
    expect(await child.exited).toEqual({ code: 0, signal: null })
    const [, good, blocked, later] = jsonLines(child.stdout)
    expect(good).toEqual({ file: 'good.mjs', result: null, blocked: null })
    const text =
      /^Plugin block_1\.0\.0\.mjs \(onRequest\) held the event loop for (\d+) ms for ApiProxy shop\/orders, trace (\w+)\.$/
    const [, forMs, traceId] = text.exec(String(blocked?.['blocked'])) ?? []
    expect({ result: blocked?.['result'], traceId }).toEqual({ result: null, traceId: TRACE_ID })
    expect(Number(forMs)).toBeGreaterThanOrEqual(TIMEOUT_MS)
    expect(later).toEqual({ blocked: null })
  })

  it('names the one asynchronous plugin that is at work where the block is in its continuation', async () => {
    const folder = await pluginFolder()
    const source = `${IMPORT}const later = () => new Promise((resolve) => setImmediate(resolve))
      export const Plugin = { async onRequest() { await later(); ${blockUntil(folder, 'go')} }, onResponse() {} }`
    await folder.write('later.mjs', source)
    const child = start(folder, ['later.mjs'])
    expect(await watchdogLine(child)).toMatchObject({
      plugin: 'later.mjs',
      trace_id: TRACE_ID,
      certain: false,
    })
    await folder.write('go', '')
    await child.exited
    expect(jsonLines(child.stdout)[1]).toMatchObject({
      blocked: expect.stringMatching(/^Plugin later\.mjs .*, trace 4bf9/) as unknown,
    })
  })

  it('names a file whose top-level code blocks the start, and does not fail liveness for it later', async () => {
    const folder = await pluginFolder()
    await folder.write('a.mjs', moduleWith(''))
    await folder.write('b.mjs', `${IMPORT}${blockUntil(folder, 'go')}\n${moduleWith('')}`)
    const child = start(folder, [])
    expect(await watchdogLine(child)).toMatchObject({ plugin: 'b.mjs', method: 'load', trace_id: '' })
    await folder.write('go', '')
    await child.exited
    expect(jsonLines(child.stdout)).toMatchObject([
      { blocked: null, facts: [{ name: 'a' }, { name: 'b' }] },
      { blocked: null },
    ])
  })

  it('names none where several asynchronous plugins are at work, and lists them', async () => {
    const folder = await pluginFolder()
    const blocking = `await new Promise((resolve) => setTimeout(resolve)); ${blockUntil(folder, 'go')}`
    await folder.write(
      'a.mjs',
      `${IMPORT}export const Plugin = { async onRequest() { ${blocking} }, onResponse() {} }`,
    )
    await folder.write('b.mjs', moduleWith('return new Promise((resolve) => setTimeout(resolve, 50))'))
    const child = start(folder, ['a.mjs,b.mjs'])
    const suspects = [{ plugin: 'b.mjs' }, { plugin: 'a.mjs' }]
    const line = await watchdogLine(child)
    expect(line).toMatchObject({
      level: 'error',
      suspects: expect.arrayContaining(
        suspects.map((each) => expect.objectContaining(each) as unknown),
      ) as unknown,
      suspects_total: 2,
    })
    expect(line).not.toHaveProperty('plugin')
    await folder.write('go', '')
    await child.exited
    expect(jsonLines(child.stdout)[1]).toMatchObject({
      blocked: expect.stringMatching(/^One of several plugins held the event loop for \d+ ms\.$/) as unknown,
    })
  })

  it('is not started where there is no plugin', async () => {
    const folder = await pluginFolder()
    const child = start(folder, [], 1)
    expect(await child.exited).toEqual({ code: 0, signal: null })
    expect(jsonLines(child.stdout)).toEqual([{ facts: [], blocked: null }, { blocked: null }])
    expect(child.stderr).toBe('')
  })

  it('ends with its process, without being stopped, also while it waits', async () => {
    const folder = await pluginFolder()
    await folder.write('exit.mjs', moduleWith('process.exit(7)'))
    const child = start(folder, ['exit.mjs'])
    expect(await child.exited).toEqual({ code: 7, signal: null })
  })

  it('watches no more than 31 calls that wait for a promise, and all again once they are settled', async () => {
    const watchdog = await Watchdog.start({ files: ['a.mjs'], timeoutMs: 60_000, log: new KeptLog() })
    const hold = (): number => watchdog.hold(0, 'onRequest', TRACE_ID, 'shop', 'orders')
    const slots = Array.from({ length: 31 }, hold)
    expect(new Set(slots).size).toBe(31)
    expect(slots).not.toContain(0)
    expect(hold()).toBe(0)
    watchdog.release(0)
    for (const slot of slots) watchdog.release(slot)
    expect(new Set(Array.from({ length: 31 }, hold))).toEqual(new Set(slots))
    expect(watchdog.blocked()).toBeUndefined()
    await watchdog.stop()
  })
})

describe('a plugin folder that Node itself loads', { timeout: 60_000 }, () => {
  it('may hold CommonJS and shared modules, and tells what does not parse', async () => {
    const folder = await pluginFolder()
    await folder.write(
      'common.js',
      'exports.Plugin = class { onRequest() { return { status: 418 } } onResponse() {} }',
    )
    await folder.write('_shared.mjs', 'export const status = 419')
    const answer = moduleWith('return { status }')
    await folder.write('user.mjs', `import { status } from './_shared.mjs'\n${answer}`)
    await folder.write('unparsable.mjs', 'export const Plugin = {')
    const child = start(folder, ['common.js', 'user.mjs'], 60_000)
    await child.exited
    const [loaded, common, user] = jsonLines(child.stdout)
    expect(loaded).toMatchObject({
      facts: [
        { file: 'common.js', methods: ['onRequest', 'onResponse'] },
        {
          file: 'unparsable.mjs',
          failure: { reason: 'plugin_load_failed', detail: /^its import failed: SyntaxError/ },
        },
        { file: 'user.mjs' },
      ].map((fact) => expectFact(fact)),
    })
    expect([common, user]).toMatchObject([
      { result: { answer: { status: 418 } } },
      { result: { answer: { status: 419 } } },
    ])
  })
})

function expectFact(fact: {
  file: string
  failure?: { reason: string; detail: RegExp }
  methods?: string[]
}): unknown {
  const { failure, ...rest } = fact
  if (failure === undefined) return rest
  return {
    ...rest,
    failure: { reason: failure.reason, detail: expect.stringMatching(failure.detail) as unknown },
  }
}
