// The two forms of the rules: a file that Prometheus reads, and a PrometheusRule for the Prometheus Operator. The groups
// in both are the same objects, so they cannot differ.

import { stringify } from 'yaml'
import { RULE_GROUPS } from './groups.ts'

const HEAD = '# Generated from dashboards/alerts/ by `npm run generate`. Do not edit; see docs/alerts.md.\n'

/** Names of the objects that a cluster gets. */
const METADATA = { name: 'kanali', namespace: 'kanali', labels: { 'app.kubernetes.io/name': 'kanali' } }

/** For `rule_files` of Prometheus. */
export function rulesFile(): string {
  return HEAD + yaml({ groups: RULE_GROUPS })
}

/** For a cluster with the Prometheus Operator. */
export function prometheusRule(): string {
  return (
    HEAD +
    yaml({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: METADATA,
      spec: { groups: RULE_GROUPS },
    })
  )
}

function yaml(document: object): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })
}
