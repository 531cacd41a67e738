// The server behind prometheus.insecure_port and prometheus.secure_port: metrics and health, nothing else.
// It asks no Host of its callers: probes and scrapers come by addresses and names that nobody can list beforehand.

import type { Health } from './health.ts'
import { AdminServer, type AdminLog, type AdminTls } from './admin-server.ts'
import { healthPages } from './health-pages.ts'

/** What gives the metrics; the format follows the Accept field. */
interface MetricsSource {
  expose(accept: string | undefined): Promise<{ contentType: string; body: string }>
}

export interface MetricsServerInputs {
  readonly metrics: MetricsSource
  readonly health: Health
  readonly log: AdminLog
  /** Present: HTTPS. */
  readonly tls?: AdminTls
}

/** A server for `/metrics`, `/healthz` and `/readyz`, not listening yet. */
export function createMetricsServer({ metrics, health, log, tls }: MetricsServerInputs): AdminServer {
  return new AdminServer({
    name: 'metrics',
    log,
    ...(tls === undefined ? {} : { tls }),
    routes: [
      {
        method: 'GET',
        path: '/metrics',
        answer: async ({ accept }) => ({ status: 200, ...(await metrics.expose(accept)) }),
      },
      ...healthPages(health),
    ],
  })
}
