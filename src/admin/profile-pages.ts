// The pages that look into the process itself: CPU profile and heap snapshot.
// A heap snapshot holds every secret that the process knows, so an option must have allowed it.

import { getHeapSnapshot } from 'node:v8'
import type { AdminRequest, AdminRoute } from './admin-server.ts'
import { type Answer, refusal } from './answer.ts'
import { CpuProfiler } from './cpu-profiler.ts'
import { integerOf, refuseUnknown } from './query.ts'

const SECONDS = { min: 1, max: 60, fallback: 10 }

/** `GET /debug/profile?seconds=N` and `POST /debug/heap-snapshot`. */
export function profilePages(heapSnapshotAllowed: boolean): readonly AdminRoute[] {
  const profiler = new CpuProfiler()
  let dumping = false
  return [
    { method: 'GET', path: '/debug/profile', answer: (request) => profile(profiler, request) },
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

async function profile(profiler: CpuProfiler, { query, signal }: AdminRequest): Promise<Answer> {
  const seconds = integerOf(query, 'seconds', SECONDS)
  const refused = refuseUnknown(query, ['seconds'])
  if (refused !== undefined) return refused
  if (typeof seconds !== 'number') return seconds
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
