// Runs one plugin for one request: calls it, waits for it within the deadline, and turns whatever it does into a result.
// Nothing that a plugin throws, returns or leaves hanging gets past here; a plugin that blocks the loop is watched only.

import { type Failure, failure } from '../errors/failure.ts'
import type { CompiledPlugin } from '../snapshot/snapshot.ts'
import { type CheckedAnswer, checkAnswer } from './answer.ts'
import { LateReports } from './late-reports.ts'
import type { Plugin } from './plugin.ts'
import type { PluginLog } from './plugin-log.ts'
import type { RequestView } from './request-view.ts'
import type { ResponseView } from './response-view.ts'
import type { StepContext } from './step-context.ts'
import { readThrown } from './thrown.ts'
import { blockText, type Watchdog } from './watchdog.ts'

/** What a call of a plugin led to; undefined: go on. */
export type PluginResult =
  | undefined
  | { readonly type: 'answer'; readonly answer: CheckedAnswer }
  | { readonly type: 'failure'; readonly failure: Failure }

/** A plugin that loaded. `index` is its file's place in what the watchdog was started with. */
export interface HostedPlugin {
  readonly index: number
  readonly file: string
  readonly plugin: Plugin
}

type Method = 'onRequest' | 'onResponse'

export class PluginHost {
  readonly #byFile: ReadonlyMap<string, HostedPlugin>
  readonly #deadlineMs: number
  readonly #watchdog: Watchdog | undefined
  readonly #late: LateReports

  constructor(
    plugins: readonly HostedPlugin[],
    options: { readonly deadlineMs: number; readonly log: PluginLog },
    watchdog?: Watchdog,
  ) {
    this.#byFile = new Map(plugins.map((each) => [each.file, each]))
    this.#deadlineMs = options.deadlineMs
    this.#watchdog = watchdog
    this.#late = new LateReports(options.log)
  }

  /** Calls `onRequest`. A promise only where the plugin returned one; it never rejects. */
  runRequest(
    compiled: CompiledPlugin,
    context: StepContext,
    request: RequestView,
  ): PluginResult | Promise<PluginResult> {
    return this.#run(compiled, context, request, undefined)
  }

  /** Calls `onResponse`. As `runRequest`, but never an answer. */
  runResponse(
    compiled: CompiledPlugin,
    context: StepContext,
    request: RequestView,
    response: ResponseView,
  ): PluginResult | Promise<PluginResult> {
    return this.#run(compiled, context, request, response)
  }

  /** One line on the plugin that held the event loop within the last minute: liveness fails while there is one. */
  blocked(): string | undefined {
    const block = this.#watchdog?.blocked()
    return block === undefined ? undefined : blockText(block)
  }

  /** Ends the watchdog. Calls that are still running end by their deadline. */
  async stop(): Promise<void> {
    await this.#watchdog?.stop()
  }

  #run(
    compiled: CompiledPlugin,
    context: StepContext,
    request: RequestView,
    response: ResponseView | undefined,
  ): PluginResult | Promise<PluginResult> {
    const hosted = this.#byFile.get(compiled.file)
    if (compiled.failure !== undefined || hosted === undefined) return unusable(compiled)
    const method: Method = response === undefined ? 'onRequest' : 'onResponse'
    const { plugin } = hosted
    const { traceId, apiproxy } = context
    let returned: unknown
    this.#watchdog?.enter(hosted.index, method, traceId, apiproxy.namespace, apiproxy.name)
    try {
      returned =
        response === undefined
          ? plugin.onRequest(context, request)
          : plugin.onResponse(context, request, response)
    } catch (thrown) {
      return failedBy('plugin_threw', hosted, method, 'threw', thrown)
    } finally {
      this.#watchdog?.leave()
    }
    return isThenable(returned)
      ? this.#wait(hosted, method, context, returned)
      : resultOf(hosted, method, returned)
  }

  #wait(
    hosted: HostedPlugin,
    method: Method,
    context: StepContext,
    returned: PromiseLike<unknown>,
  ): Promise<PluginResult> {
    const { namespace, name } = context.apiproxy
    const slot = this.#watchdog?.hold(hosted.index, method, context.traceId, namespace, name) ?? 0
    return new Promise<PluginResult>((resolve) => {
      let waiting = true
      const settle = (result: PluginResult): void => {
        waiting = false
        clearTimeout(timer)
        this.#watchdog?.release(slot)
        resolve(result)
      }
      const timer = setTimeout(() => {
        const detail = `${nameOf(hosted, method)} did not settle within ${this.#deadlineMs} ms`
        settle({ type: 'failure', failure: failure('plugin_deadline', detail) })
        context.deadlinePassed(this.#deadlineMs)
      }, this.#deadlineMs)
      const late = (what: string): void => this.#late.report(hosted.file, method, context.traceId, what)
      adopt(returned).then(
        (value) => (waiting ? settle(resultOf(hosted, method, value)) : late('settled')),
        (thrown: unknown) => {
          if (waiting) settle(failedBy('plugin_rejected', hosted, method, 'rejected with', thrown))
          else late(`rejected with ${readThrown(thrown).text}`)
        },
      )
    })
  }
}

function unusable(compiled: CompiledPlugin): PluginResult {
  if (compiled.failure !== undefined) return { type: 'failure', failure: compiled.failure }
  const detail = `plugin ${compiled.name} was not loaded from ${compiled.file} when the gateway started`
  return { type: 'failure', failure: failure('plugin_file_missing', detail) }
}

function resultOf(hosted: HostedPlugin, method: Method, returned: unknown): PluginResult {
  if (returned === undefined) return undefined
  const answer =
    method === 'onRequest' ? checkAnswer(returned) : 'returned a value, and there is nothing it may return'
  if (typeof answer !== 'string') return { type: 'answer', answer }
  return { type: 'failure', failure: failure('plugin_answer_invalid', `${nameOf(hosted, method)} ${answer}`) }
}

function failedBy(
  reason: 'plugin_threw' | 'plugin_rejected',
  hosted: HostedPlugin,
  method: Method,
  verb: string,
  thrown: unknown,
): PluginResult {
  const { text, error } = readThrown(thrown)
  return { type: 'failure', failure: failure(reason, `${nameOf(hosted, method)} ${verb} ${text}`, error) }
}

function nameOf(hosted: HostedPlugin, method: Method): string {
  return `plugin ${hosted.file}: ${method}`
}

function isThenable(returned: unknown): returned is PromiseLike<unknown> {
  try {
    return (
      typeof returned === 'object' &&
      returned !== null &&
      'then' in returned &&
      typeof returned.then === 'function'
    )
  } catch {
    return false
  }
}

/** A promise of our own: what a thenable throws when it is asked becomes a rejection. */
function adopt(returned: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(returned)
  })
}
