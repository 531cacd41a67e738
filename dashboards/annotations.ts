// What changed, as lines over every graph: a new configuration (by the hash of the snapshot) and a new version of the
// gateway. One line a change, however many replicas take it up.

import { AnnotationQueryBuilder, type AnnotationQuery } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { METRIC } from '../src/telemetry/names.ts'
import { select } from './promql.ts'
import { DATASOURCE } from './variables.ts'

/** How long a new value counts as news. Grafana joins what is closer than a step into one line. */
const NEWS = '1m'

export function annotations(): Builder<AnnotationQuery>[] {
  return [
    annotation('Configuration', '#5794F2', appeared(select(METRIC.snapshotInfo), 'hash'))
      .titleFormat('Configuration {{hash}}')
      .textFormat('A snapshot of this content went live; the board Control plane says on which replicas.')
      .tagKeys('hash'),
    annotation('Version', '#B877D9', appeared(select(METRIC.buildInfo), 'version'))
      .titleFormat('Kanali {{version}}')
      .textFormat('A replica of this version was started.')
      .tagKeys('version'),
  ]
}

/** Values of a label that no replica had a moment ago. */
function appeared(selector: string, label: string): string {
  return `count by (${label}) (${selector}) unless count by (${label}) (${selector} offset ${NEWS})`
}

function annotation(name: string, colour: string, promql: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(promql)
    .step(NEWS)
}
