// The two health pages, the same on every admin port.

import type { AdminRoute } from './admin-server.ts'
import type { Health } from './health.ts'

/** `/healthz` and `/readyz`: 200 or 503, and why, as JSON. */
export function healthPages(health: Health): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      answer: () => {
        const liveness = health.liveness()
        return { status: liveness.live ? 200 : 503, json: liveness }
      },
    },
    {
      method: 'GET',
      path: '/readyz',
      answer: () => {
        const readiness = health.readiness()
        return { status: readiness.ready ? 200 : 503, json: readiness }
      },
    },
  ]
}
