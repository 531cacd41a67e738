// What one call of a plugin is given beside request and response: configuration, ApiProxy and the signal to stop.
// One object a call; the AbortController, which costs more than all the rest, is made only where a plugin asks for it.

import type { CompiledPlugin, Route } from '../snapshot/snapshot.ts'
import type { PluginContext } from './plugin.ts'

export class StepContext implements PluginContext {
  readonly config: Readonly<Record<string, string>>
  readonly apiproxy: { readonly namespace: string; readonly name: string }
  readonly traceId: string
  #controller: AbortController | undefined = undefined
  #abortedBy: DOMException | undefined = undefined

  constructor(plugin: CompiledPlugin, route: Pick<Route, 'namespace' | 'apiproxy'>, traceId: string) {
    // The configuration is shared by all requests of the route: a plugin must not change it for the next one.
    this.config = Object.freeze(plugin.config)
    this.apiproxy = { namespace: route.namespace, name: route.apiproxy }
    this.traceId = traceId
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy)
    }
    return this.#controller.signal
  }

  /** For the exchange, when the client has gone while the plugin is still running. */
  clientGone(): void {
    this.#abort(new DOMException('the client has gone', 'AbortError'))
  }

  /** For the host, when the plugin's time is up. */
  deadlinePassed(deadlineMs: number): void {
    this.#abort(new DOMException(`the plugin did not settle within ${deadlineMs} ms`, 'TimeoutError'))
  }

  #abort(reason: DOMException): void {
    if (this.#abortedBy !== undefined) return
    this.#abortedBy = reason
    this.#controller?.abort(reason)
  }
}
