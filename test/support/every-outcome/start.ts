// The world of every outcome: real gateways on real sockets, with the upstreams, plugins, keys, tokens, Secrets and
// Services that make each (code, reason) of the catalogue and each rejection happen on request. Most of it is one
// gateway in a process of its own; what needs other options, a Kubernetes source or an injected fault stands in gateways
// of this process. All of it is on loopback. Must not import the test runner: scripts use it too.

import { refusedGateway, restoredGateway, unsyncedGateway } from './cluster-gateways.ts'
import { EveryOutcome } from './every-outcome.ts'
import { startMainGateway } from './main-gateway.ts'
import { startLeavingGateway, startNarrowGateway } from './small-gateways.ts'

export interface EveryOutcomeOptions {
  /** Where spans go (OTLP over HTTP), such as `http://127.0.0.1:4318`. Absent: no tracing, and so no exemplars. */
  readonly otlpUrl?: string
  /** More options of the main gateway by name, without dashes. */
  readonly flags?: Readonly<Record<string, string>>
}

/** Starts all of it in a few seconds. Where one does not start, the others are stopped and its error is thrown. */
export async function startEveryOutcome(options: EveryOutcomeOptions = {}): Promise<EveryOutcome> {
  const { otlpUrl, flags = {} } = options
  const sink = otlpUrl === undefined ? undefined : { httpUrl: otlpUrl }
  const settled = await Promise.allSettled([
    startMainGateway(sink, flags),
    startNarrowGateway(sink),
    refusedGateway(sink),
    unsyncedGateway(sink),
    restoredGateway(sink),
    startLeavingGateway(sink),
  ])
  const members = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed === undefined) return new EveryOutcome(members)
  for (const member of members) await member.stop()
  throw failed.reason
}
