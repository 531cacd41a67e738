// Instrumentations of libraries, for the control plane. None is on unless OTEL_NODE_ENABLED_INSTRUMENTATIONS names it:
// nothing of the control plane has a library to instrument yet, and the package costs most of a second at the start.
// Those of the data path are never on: they cost more than the proxying itself, and would double its spans.

import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import type { Log } from './log.ts'
import { load } from './opentelemetry.ts'
import { type Environment, listOf, read } from './sdk-environment.ts'

export const DATA_PATH_INSTRUMENTATIONS = ['http', 'undici', 'net', 'dns', 'fs', 'pino'] as const

const VARIABLE = 'OTEL_NODE_ENABLED_INSTRUMENTATIONS'

/** Those that the variable names, without those of the data path, which the log then says. */
export function namedInstrumentations(
  environment: Environment,
  log: Log,
): NonNullable<NodeSDKConfiguration['instrumentations']> {
  const named = listOf(read(environment, VARIABLE))
  if (named.length === 0) return []
  const refused = DATA_PATH_INSTRUMENTATIONS.filter((name) => named.includes(name))
  if (refused.length > 0) {
    log.warn({ refused }, `${VARIABLE} names instrumentations that are never on in the data path`)
  }
  const { getNodeAutoInstrumentations } = load('@opentelemetry/auto-instrumentations-node')
  const off = Object.fromEntries(
    DATA_PATH_INSTRUMENTATIONS.map((name) => [`@opentelemetry/instrumentation-${name}`, { enabled: false }]),
  )
  return getNodeAutoInstrumentations(off)
}
