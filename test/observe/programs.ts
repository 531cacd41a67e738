// The programs beside the gateways while Kanali is observed: Collector, Prometheus and Alertmanager with the files of this
// project, each where it is installed. Of those that are not, it is said how to get them.

import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type Alertmanager, startAlertmanager } from '../support/alertmanager.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { type ShippedCollector, startShippedCollector } from '../support/shipped-collector.ts'
import { findTool } from '../tools/find.ts'
import type { Notices } from './notices.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const RULES = path.join(ROOT, 'dashboards/generated/kanali-rules.yaml')
const ROUTES = path.join(ROOT, 'dashboards/generated/alertmanager.yaml')

/** What was kept of the traces, a message a line. */
export const TRACES = path.join(ROOT, '.cache/observe/traces.jsonl')

/** Undefined where it is not installed. @param missing gets how to get it */
export async function collectorOf(missing: string[]): Promise<ShippedCollector | undefined> {
  const binary = found('otelcol', missing)
  if (binary === undefined) return undefined
  await mkdir(path.dirname(TRACES), { recursive: true })
  return startShippedCollector(binary, {
    files: ['collector.yaml', path.join(import.meta.dirname, 'to-file.yaml')],
    // It has to be named, and nothing is sent there.
    backendUrl: 'http://127.0.0.1:9',
    env: {
      OBSERVE_TRACES: TRACES,
      COLLECTOR_DECISION_WAIT: '2s',
      COLLECTOR_SPAN_METRICS_INTERVAL: '4s',
    },
  })
}

/** Undefined where it is not installed. @param missing gets how to get it */
export async function alertmanagerOf(notices: Notices, missing: string[]): Promise<Alertmanager | undefined> {
  const binary = found('prometheus-alertmanager', missing)
  if (binary === undefined) return undefined
  return startAlertmanager(binary, notices.configured(readFileSync(ROUTES, 'utf8')))
}

/** Undefined where it is not installed. @param missing gets how to get it */
export async function prometheusOf(
  targets: Readonly<Record<string, readonly string[]>>,
  alertmanager: Alertmanager | undefined,
  missing: string[],
): Promise<Prometheus | undefined> {
  const binary = found('prometheus', missing)
  if (binary === undefined) return undefined
  return startPrometheus(binary, {
    targets,
    ruleFiles: [RULES],
    ...(alertmanager !== undefined && { alertmanagers: [alertmanager.address] }),
  })
}

function found(name: string, missing: string[]): string | undefined {
  const tool = findTool(name)
  if ('path' in tool) return tool.path
  missing.push(tool.missing)
  return undefined
}
