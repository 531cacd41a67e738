// Names of metrics as rules use them: those of the gateway, and the two that Prometheus and Node bring.
// No rule may write a name of a metric out.

import { METRIC as GATEWAY } from '../../src/telemetry/names.ts'

export const METRIC = {
  ...GATEWAY,
  /** Made by Prometheus for each target. */
  up: 'up',
  /** Made by Node's default metrics: the 99th percentile since the scrape before. */
  eventLoopLag: 'nodejs_eventloop_lag_p99_seconds',
} as const
