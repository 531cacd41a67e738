// Running a plugin: what each thing that a plugin can do to a request becomes, and that nothing it does gets further.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { failure } from '../../src/errors/failure.ts'
import type { PluginResult } from '../../src/plugins/host.ts'
import { ResponseView } from '../../src/plugins/response-view.ts'
import { loadFolder, moduleWith, requestView, step, TRACE_ID } from './plugin-folder.ts'

/** Loads a plugin with these bodies, runs its onRequest once, and ends it all. */
async function runRequest(body: string, deadlineMs = 60_000): Promise<PluginResult> {
  await using folder = await loadFolder({ 'p.mjs': moduleWith(body) }, { deadlineMs })
  const { compiled, context } = step('p.mjs', { word: 'hello' })
  return await folder.host.runRequest(compiled, context, requestView(['x-one', '1']))
}

function reasonOf(result: PluginResult): string {
  return result?.type === 'failure'
    ? `${result.failure.fact.codeText} ${result.failure.fact.reason}`
    : 'no failure'
}

function detailOf(result: PluginResult): string {
  return result?.type === 'failure' ? result.failure.detail : ''
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a synchronous plugin', () => {
  it('lets the request go on by returning nothing, and costs no promise', async () => {
    await using folder = await loadFolder({ 'p.mjs': moduleWith('request.setHeader("x-two", "2")') })
    const { compiled, context } = step('p.mjs')
    const request = requestView(['x-one', '1'])
    expect(folder.host.runRequest(compiled, context, request)).toBeUndefined()
    expect(request.headers()).toEqual(['x-one', '1', 'x-two', '2'])
  })

  it('ends the request with an answer of its own', async () => {
    const body = 'return { status: 403, headers: { a: context.apiproxy.name }, body: context.config.word }'
    expect(await runRequest(body)).toEqual({
      type: 'answer',
      answer: { status: 403, headers: ['a', 'orders'], body: 'hello' },
    })
  })

  it('that throws is plugin_threw, with its own stack', async () => {
    const result = await runRequest('throw new RangeError("too far")')
    expect(reasonOf(result)).toBe('11 plugin_threw')
    expect(detailOf(result)).toBe('plugin p.mjs: onRequest threw RangeError: too far')
    const cause = result?.type === 'failure' ? result.failure.cause : undefined
    expect(cause).toMatchObject({ name: 'RangeError', message: 'too far' })
    expect(cause?.stack).toContain('p.mjs')
  })

  it.each([
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['Object.freeze(new Error("ice"))', 'Error: ice'],
    ['{ get message() { throw null } }', 'object that cannot be printed'],
    ['new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })', 'object'],
    ['Symbol("s")', 'Symbol(s)'],
  ])('may throw %s', async (thrown, text) => {
    const result = await runRequest(`throw ${thrown}`)
    expect(reasonOf(result)).toBe('11 plugin_threw')
    expect(detailOf(result)).toContain(text)
  })

  it('that sets a header which HTTP does not allow is plugin_threw', async () => {
    const result = await runRequest('request.setHeader("a", "b\\r\\nc: d")')
    expect(reasonOf(result)).toBe('11 plugin_threw')
    expect(detailOf(result)).toContain('TypeError: the value of header a holds a character')
  })

  it.each([
    'null',
    '"no"',
    'true',
    '[]',
    '{ status: 99 }',
    '{ get status() { throw null } }',
    '{ status: 200, body: 7 }',
  ])('that returns %s is plugin_answer_invalid', async (returned) => {
    expect(reasonOf(await runRequest(`return ${returned}`))).toBe('11 plugin_answer_invalid')
  })
})

describe('an asynchronous plugin', () => {
  it('lets the request go on, or answers it, once its promise has settled', async () => {
    expect(await runRequest('return Promise.resolve()')).toBeUndefined()
    expect(await runRequest('return Promise.resolve({ status: 401 })')).toMatchObject({
      answer: { status: 401 },
    })
    expect(await runRequest('return { then(resolve) { resolve({ status: 402 }) } }')).toMatchObject({
      answer: { status: 402 },
    })
  })

  it.each([
    ['return Promise.reject(new Error("late bus"))', 'plugin p.mjs: onRequest rejected with Error: late bus'],
    ['return Promise.reject(null)', 'plugin p.mjs: onRequest rejected with a value that is no Error: null'],
    ['return { then() { throw 7 } }', 'plugin p.mjs: onRequest rejected with a value that is no Error: 7'],
  ])('that does `%s` is plugin_rejected', async (body, detail) => {
    const result = await runRequest(body)
    expect(reasonOf(result)).toBe('11 plugin_rejected')
    expect(detailOf(result)).toBe(detail)
  })

  it('that resolves with rubbish is plugin_answer_invalid', async () => {
    expect(reasonOf(await runRequest('return Promise.resolve(false)'))).toBe('11 plugin_answer_invalid')
  })

  it('that hangs is cut off by the deadline, and its signal is aborted', async () => {
    const aborted = Promise.withResolvers<unknown>()
    vi.stubGlobal('reportAbort', aborted.resolve)
    const body = `context.signal.onabort = () => reportAbort(context.signal.reason.name)
      return new Promise(() => {})`
    const result = await runRequest(body, 10)
    expect(reasonOf(result)).toBe('11 plugin_deadline')
    expect(detailOf(result)).toBe('plugin p.mjs: onRequest did not settle within 10 ms')
    expect(await aborted.promise).toBe('TimeoutError')
  })

  it('that rejects after its deadline is said in the log and nowhere else', async () => {
    const late = Promise.withResolvers<undefined>()
    vi.stubGlobal('late', late.promise)
    await using folder = await loadFolder({ 'p.mjs': moduleWith('return late') }, { deadlineMs: 10 })
    for (let at = 0; at < 2; at += 1) {
      const { compiled, context } = step('p.mjs')
      expect(reasonOf(await folder.host.runRequest(compiled, context, requestView()))).toBe(
        '11 plugin_deadline',
      )
    }
    late.reject(null)
    await vi.waitFor(() => expect(folder.log.messages('warn')).toHaveLength(1))
    expect(folder.log.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'plugin p.mjs rejected with a value that is no Error: null after its deadline',
      fields: { plugin: 'p.mjs', method: 'onRequest', trace_id: TRACE_ID, suppressed: 0 },
    })
  })
})

describe('onResponse', () => {
  it('sees and changes status and headers', async () => {
    const body = 'response.status += 1; response.setHeader("x-path", request.path)'
    await using folder = await loadFolder({ 'p.mjs': moduleWith('', body) })
    const { compiled, context } = step('p.mjs')
    const response = new ResponseView(200, ['a', '1'])
    expect(folder.host.runResponse(compiled, context, requestView(), response)).toBeUndefined()
    expect(response.status).toBe(201)
    expect(response.headers()).toEqual(['a', '1', 'x-path', '/orders/7'])
  })

  it.each([
    ['response.status = 204', 'plugin_threw', 'has no content'],
    ['response.removeHeader("content-length")', 'plugin_threw', 'belongs to the gateway'],
    ['return { status: 200 }', 'plugin_answer_invalid', 'there is nothing it may return'],
    ['return Promise.reject(new Error("no"))', 'plugin_rejected', 'Error: no'],
  ])('that does `%s` is %s', async (body, reason, detail) => {
    await using folder = await loadFolder({ 'p.mjs': moduleWith('', body) })
    const { compiled, context } = step('p.mjs')
    const result = await folder.host.runResponse(compiled, context, requestView(), new ResponseView(200, []))
    expect(reasonOf(result)).toBe(`11 ${reason}`)
    expect(detailOf(result)).toContain(`plugin p.mjs: onResponse`)
    expect(detailOf(result)).toContain(detail)
  })
})

describe('a plugin of a class', () => {
  it('is one instance for all requests', async () => {
    const source = `export class Plugin {
      #calls = 0
      onRequest() { this.#calls += 1; return { status: 200, body: String(this.#calls) } }
      onResponse() {}
    }`
    await using folder = await loadFolder({ 'p.mjs': source })
    const bodies = [1, 2].map(() => {
      const { compiled, context } = step('p.mjs')
      return folder.host.runRequest(compiled, context, requestView())
    })
    expect(bodies).toMatchObject([{ answer: { body: '1' } }, { answer: { body: '2' } }])
  })
})

describe('a plugin that cannot run', () => {
  it('fails with the failure that was compiled for it', async () => {
    await using folder = await loadFolder({ 'p.mjs': moduleWith('') })
    const { compiled, context } = step('p.mjs')
    const ready = failure('plugin_version_missing', 'plugin p has no version 2')
    const result = folder.host.runRequest({ ...compiled, failure: ready }, context, requestView())
    expect(result).toEqual({ type: 'failure', failure: ready })
  })

  it('is plugin_file_missing where the snapshot names a file that this process did not load', async () => {
    await using folder = await loadFolder({})
    const { compiled, context } = step('gone.mjs')
    const result = folder.host.runRequest(compiled, context, requestView())
    expect(reasonOf(await result)).toBe('03 plugin_file_missing')
  })
})
