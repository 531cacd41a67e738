// The end of the data path: waits for exchanges under way, and cuts off what is left when the time is over.

import type { Server } from 'node:http'
import type { Log } from '../telemetry/log.ts'
import type { Deadlines } from './deadlines.ts'
import type { Load } from './exchange-services.ts'

/** What the answers to requests that are cut off get. */
const CUT_OFF_MS = 500

export interface DrainParts {
  readonly load: Load
  readonly servers: readonly Server[]
  readonly deadlines: Deadlines | undefined
  readonly log: Pick<Log, 'warn'>
}

/** @param signal aborts when the time is over */
export async function finishRequests(
  { load, servers, deadlines, log }: DrainParts,
  signal: AbortSignal,
): Promise<void> {
  while (load.requests > 0 && !signal.aborted) {
    for (const server of servers) server.closeIdleConnections()
    await pause(20)
  }
  if (load.requests > 0) {
    log.warn({ requests: load.requests }, 'requests were cut off')
    deadlines?.cutOff()
    const until = performance.now() + CUT_OFF_MS
    while (load.requests > 0 && performance.now() < until) await pause(5)
  }
  for (const server of servers) server.closeAllConnections()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
