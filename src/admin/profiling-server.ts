// The server behind profiling.insecure_port: what an operator asks a running gateway.
// It answers nobody's web page (origin-check.ts) and shows no secret, but for a heap snapshot that an option allows.

import type { IncomingMessage } from 'node:http'
import type { RecentEvents } from '../events/recent-events.ts'
import type { KeyFinding } from '../decide-guards.ts'
import type { FlightRecorder } from '../explain/flight-recorder.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Mask } from '../telemetry/masking.ts'
import { type AdminLog, type AdminRoute, AdminServer } from './admin-server.ts'
import { type Answer, refusal } from './answer.ts'
import { decisionPage } from './decision-page.ts'
import type { FleetView } from './fleet-view.ts'
import { exchangePages } from './exchange-pages.ts'
import type { Health } from './health.ts'
import { healthPages } from './health-pages.ts'
import { type LevelledLog, logLevelPages } from './log-level-pages.ts'
import { checkOrigin } from './origin-check.ts'
import { profilePages } from './profile-pages.ts'
import { choiceOf, integerOf, refuseUnknown } from './query.ts'
import { snapshotView, VIEW_KINDS } from './snapshot-view.ts'

export interface ProfilingServerInputs {
  readonly health: Health
  readonly log: AdminLog & LevelledLog
  readonly events: RecentEvents
  readonly exchanges: FlightRecorder
  /** Present where workers serve, and not this process. */
  readonly fleet?: FleetView | undefined
  readonly mask: Mask
  /** Option server.max_header_count. */
  readonly maxHeaderCount: number
  /** How api keys are found and known. */
  readonly keys: KeyFinding
  current(): Snapshot
  /** Option profiling.allowed_hosts. */
  readonly allowedHosts: readonly string[]
  /** Option profiling.heap_snapshot. */
  readonly heapSnapshotAllowed: boolean
}

const LIMIT = { min: 1, max: 10_000, fallback: 1_000 }
const SNAPSHOT_PARAMETERS = ['namespace', 'name', 'kind', 'limit']

/** A server for the health and debug pages, not listening yet. */
export function createProfilingServer(inputs: ProfilingServerInputs): AdminServer {
  return new AdminServer({
    name: 'profiling',
    log: inputs.log,
    guard: (request) => guard(request, inputs.allowedHosts),
    routes: [
      ...healthPages(inputs.health),
      snapshotPage(inputs),
      {
        method: 'GET',
        path: '/debug/events',
        answer: () => ({ status: 200, json: eventsView(inputs.events) }),
      },
      ...exchangePages(inputs.exchanges, inputs.fleet),
      decisionPage(inputs),
      ...logLevelPages(inputs.log, inputs.fleet),
      ...profilePages(inputs.heapSnapshotAllowed, inputs.fleet),
    ],
  })
}

/** Newest first, each with the revision that it led to. */
function eventsView(recent: RecentEvents): { events: readonly object[] } {
  const events: object[] = []
  for (const event of recent.list()) {
    events.unshift({ ...event, observedAt: new Date(event.observedAt).toISOString() })
  }
  return { events }
}

function snapshotPage(inputs: ProfilingServerInputs): AdminRoute {
  return {
    method: 'GET',
    path: '/debug/snapshot',
    answer: ({ query }): Answer => {
      const refused = refuseUnknown(query, SNAPSHOT_PARAMETERS)
      if (refused !== undefined) return refused
      const limit = integerOf(query, 'limit', LIMIT)
      if (typeof limit !== 'number') return limit
      const kind = choiceOf(query, 'kind', VIEW_KINDS)
      if ('status' in kind) return kind
      const namespace = query.get('namespace')
      const name = query.get('name')
      const json = snapshotView(inputs.current(), {
        limit,
        ...(namespace === null ? {} : { namespace }),
        ...(name === null ? {} : { name }),
        ...(kind.value === undefined ? {} : { kind: kind.value }),
      })
      const { fleet } = inputs
      return { status: 200, json: fleet === undefined ? json : { ...json, workers: fleet.workers() } }
    },
  }
}

function guard(request: IncomingMessage, allowedHosts: readonly string[]): Answer | undefined {
  // Node shows the first of several Host fields; a request that has two is refused, since others may see the second.
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1) return refusal(400, 'host_duplicate', 'The request has more than one Host field.')
  const refused = checkOrigin(
    {
      host: request.headers.host,
      origin: request.headers.origin,
      secFetchSite: request.headers['sec-fetch-site']?.toString(),
    },
    allowedHosts,
  )
  return refused === undefined ? undefined : refusal(403, refused.error, refused.message)
}
