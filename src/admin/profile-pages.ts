// The pages that look into the process itself: CPU profile and heap snapshot.
// A heap snapshot holds every secret that the process knows, so an option must have allowed it.

import { getHeapSnapshot } from 'node:v8'
import type { AdminRequest, AdminRoute } from './admin-server.ts'
import { type Answer, refusal } from './answer.ts'
import { CpuProfiler } from './cpu-profiler.ts'
import type { FleetView } from './fleet-view.ts'
import { integerOf, refuseUnknown } from './query.ts'

const SECONDS = { min: 1, max: 60, fallback: 10 }

/**
 * `GET /debug/profile?seconds=N` and `POST /debug/heap-snapshot`, both of this process; with `worker=N` the profile is one
 * of that worker.
 */
export function profilePages(heapSnapshotAllowed: boolean, fleet?: FleetView): readonly AdminRoute[] {
  const profiler = new CpuProfiler()
  let dumping = false
  return [
    { method: 'GET', path: '/debug/profile', answer: (request) => profile(profiler, request, fleet) },
    {
      method: 'POST',
      path: '/debug/heap-snapshot',
      answer: () => {
        if (!heapSnapshotAllowed) return heapForbidden()
        if (dumping) return busy('A heap snapshot is being sent already.')
        dumping = true
        const stream = getHeapSnapshot()
        stream.once('close', () => {
          dumping = false
        })
        return {
          status: 200,
          contentType: 'application/json',
          stream,
          headers: attachment('kanali.heapsnapshot'),
        }
      },
    },
  ]
}

async function profile(
  profiler: CpuProfiler,
  { query, signal }: AdminRequest,
  fleet: FleetView | undefined,
): Promise<Answer> {
  const seconds = integerOf(query, 'seconds', SECONDS)
  const refused = refuseUnknown(query, fleet === undefined ? ['seconds'] : ['seconds', 'worker'])
  if (refused !== undefined) return refused
  if (typeof seconds !== 'number') return seconds
  const worker = integerOf(query, 'worker', { min: 0, max: fleet?.count ?? 0, fallback: 0 })
  if (typeof worker !== 'number') return worker
  if (worker === 0 || fleet === undefined) return takeProfile(profiler, seconds, signal)
  const silent = refusal(503, 'worker_silent', 'The worker did not answer: it has ended, or is held up.')
  return (await fleet.profile(worker, seconds)) ?? silent
}

/** A CPU profile of this process. */
export async function takeProfile(
  profiler: CpuProfiler,
  seconds: number,
  signal: AbortSignal,
): Promise<Answer> {
  const result = await profiler.take(seconds * 1_000, signal)
  switch (result.type) {
    case 'profile':
      return { status: 200, json: result.profile, headers: attachment('kanali.cpuprofile') }
    case 'busy':
      return busy('A CPU profile is being taken already.')
    case 'aborted':
    default:
      return refusal(
        503,
        'aborted',
        'The profile was given up: the client left or the gateway is shutting down.',
      )
  }
}

function heapForbidden(): Answer {
  const message =
    'A heap snapshot holds every secret that this process knows. The option profiling.heap_snapshot allows it.'
  return refusal(403, 'heap_snapshot_not_allowed', message, { fields: { option: 'profiling.heap_snapshot' } })
}

function busy(message: string): Answer {
  return refusal(409, 'busy', message)
}

function attachment(name: string): Readonly<Record<string, string>> {
  return { 'content-disposition': `attachment; filename="${name}"` }
}
