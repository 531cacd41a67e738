// Steps 3 and 6 of an exchange: the route's plugins in order, without a promise where none of them returns one.

import type { CheckedAnswer } from '../plugins/answer.ts'
import type { Guards } from '../plugins/guards.ts'
import type { PluginHost } from '../plugins/host.ts'
import { RequestView } from '../plugins/request-view.ts'
import type { ResponseView } from '../plugins/response-view.ts'
import { StepContext } from '../plugins/step-context.ts'
import type { Failure } from '../errors/failure.ts'
import type { JwtGuard } from '../snapshot/compile-jwt.ts'
import type { Guard } from '../snapshot/guard.ts'
import { foldHeader } from '../snapshot/jwt-fields.ts'
import type { CompiledPlugin, Route } from '../snapshot/snapshot.ts'
import type { ExchangeRecord } from '../telemetry/exchange-record.ts'
import type { ExchangeServices } from './exchange-services.ts'

/** How the plugins of one direction ended; undefined: all let the exchange go on. */
export type PluginVerdict =
  | undefined
  | { readonly type: 'answer'; readonly answer: CheckedAnswer }
  | { readonly type: 'failure'; readonly failure: Failure }

/** The plugins of one exchange; made only where its route has some. */
export class PluginSteps {
  readonly #host: PluginHost
  readonly #guards: Guards
  readonly #route: Route
  readonly #record: ExchangeRecord
  readonly request: RequestView
  /** What guards put on the answer, whatever it is: a flat name, value list. */
  readonly answerFields: string[] = []
  /** The plugin that is running, to be told when the client goes. */
  #running: StepContext | undefined
  #clientGone = false

  constructor(
    { plugins, guards }: Pick<ExchangeServices, 'plugins' | 'guards'>,
    route: Route,
    record: ExchangeRecord,
    targetPath: string,
  ) {
    this.#host = plugins
    this.#guards = guards
    this.#route = route
    this.#record = record
    this.request = new RequestView(record, targetPath)
  }

  onRequest(): PluginVerdict | Promise<PluginVerdict> {
    return this.#from(0, undefined)
  }

  onResponse(view: ResponseView): PluginVerdict | Promise<PluginVerdict> {
    return this.#from(0, view)
  }

  /** A field of that name, in lower case, is what a plugin says it is or takes away. */
  isTheirField(lower: string): boolean {
    const folded = foldHeader(lower)
    return (
      this.request.isChanged(folded) ||
      this.#route.plugins.some(({ guard }) => guard?.type === 'jwt' && isTokenField(guard.jwt, folded))
    )
  }

  clientGone(): void {
    this.#clientGone = true
    this.#running?.clientGone()
  }

  #from(first: number, view: ResponseView | undefined): PluginVerdict | Promise<PluginVerdict> {
    const { plugins } = this.#route
    for (let at = first; at < plugins.length; at += 1) {
      const plugin = plugins[at]
      if (plugin === undefined || this.#clientGone) continue
      if (plugin.failure !== undefined) {
        this.#record.plugin = plugin.name
        this.#record.pluginMethod = view === undefined ? 'onRequest' : 'onResponse'
        return { type: 'failure', failure: plugin.failure }
      }
      const startedAt = performance.now()
      const result = plugin.guard === undefined ? this.#run(plugin, view) : this.#guard(plugin.guard, view)
      if (result instanceof Promise) {
        return result.then(
          (settled) => this.#after(settled, plugin.name, view, startedAt) ?? this.#from(at + 1, view),
        )
      }
      const verdict = this.#after(result, plugin.name, view, startedAt)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }

  #run(plugin: CompiledPlugin, view: ResponseView | undefined): PluginVerdict | Promise<PluginVerdict> {
    const context = new StepContext(plugin, this.#route, this.#record.traceId)
    this.#running = context
    return view === undefined
      ? this.#host.runRequest(plugin, context, this.request)
      : this.#host.runResponse(plugin, context, this.request, view)
  }

  /** Guards have no say on answers. */
  #guard(guard: Guard, view: ResponseView | undefined): PluginVerdict | Promise<PluginVerdict> {
    return view === undefined
      ? this.#guards.run(guard, this.request, this.#record, this.answerFields)
      : undefined
  }

  #after(
    result: PluginVerdict,
    plugin: string,
    view: ResponseView | undefined,
    startedAt: number,
  ): PluginVerdict {
    this.#running = undefined
    this.#record.pluginMs += performance.now() - startedAt
    if (result !== undefined) {
      this.#record.plugin = plugin
      this.#record.pluginMethod = view === undefined ? 'onRequest' : 'onResponse'
    }
    return result
  }
}

/** Also where its claim is absent, or the token was found elsewhere. */
function isTokenField(guard: JwtGuard | undefined, folded: string): boolean {
  if (guard === undefined) return false
  return (
    foldHeader(guard.tokenHeader) === folded || guard.claimHeaders.some((claim) => claim.folded === folded)
  )
}
