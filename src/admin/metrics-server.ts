// The server behind prometheus.insecure_port and prometheus.secure_port: metrics and health, nothing else.
// It asks no Host of its callers: probes and scrapers come by addresses and names that nobody can list beforehand.

import type { Health } from './health.ts'
import { AdminServer, type AdminLog, type AdminTls } from './admin-server.ts'
import { healthPages } from './health-pages.ts'
import { type MetricsSource, SCRAPE_LIMITS, type ScrapeLimits, Scrapes } from './scrapes.ts'

export interface MetricsServerInputs {
  readonly metrics: MetricsSource
  readonly health: Health
  readonly log: AdminLog
  /** Present: HTTPS. */
  readonly tls?: AdminTls
  readonly limits?: Partial<ScrapeLimits>
}

/** A server for `/metrics`, `/healthz` and `/readyz`, not listening yet. */
export function createMetricsServer(inputs: MetricsServerInputs): AdminServer {
  const { metrics, health, log, tls, limits } = inputs
  const scrapes = new Scrapes(metrics, log, { ...SCRAPE_LIMITS, ...limits })
  return new AdminServer({
    name: 'metrics',
    log,
    ...(tls === undefined ? {} : { tls }),
    routes: [
      {
        method: 'GET',
        path: '/metrics',
        answer: ({ accept, clientAddress }) => scrapes.answer(accept, clientAddress),
      },
      ...healthPages(health),
    ],
  })
}
