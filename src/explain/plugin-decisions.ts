// What became of each plugin of a route: those before the one that ended the request let it pass, those after it did not
// run. Guards are plugins of the route as well: what more an exchange's record says of one belongs here.

import type { PluginDecision } from './exchange-report.ts'
import type { PluginFacts } from './route-facts.ts'

/** What is known of how plugins ended. */
export interface PluginsEnd {
  /** The one that answered or failed. */
  readonly ended: string | undefined
  readonly method: 'onRequest' | 'onResponse' | undefined
  readonly failed: boolean
  /** Nothing ran: the request was only decided on, or ended before. */
  readonly ran: boolean
}

export function pluginDecisions(
  plugins: readonly PluginFacts[],
  { ended, method, failed, ran }: PluginsEnd,
): PluginDecision[] {
  let isOver = false
  return plugins.map(({ name, version, config }) => {
    const base = { name, version, config }
    if (!ran || (isOver && method !== 'onResponse')) return { ...base, decision: 'not run', method: null }
    if (name !== ended || isOver) return { ...base, decision: 'passed', method: null }
    isOver = true
    return { ...base, decision: failed ? 'failed' : 'answered', method: method ?? null }
  })
}
