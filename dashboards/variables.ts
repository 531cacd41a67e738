// The variables of the boards, each written once, so that a link from one board to another keeps them.
// Must never hold a name of one installation: what there is to choose is asked of Prometheus, or stands in the catalogue.

import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { CATALOGUE, codeText } from '../src/errors/catalogue.ts'
import { METRIC } from '../src/telemetry/names.ts'
import { select } from './promql.ts'

export type Variable = Builder<VariableModel>

/** The Prometheus that all panels ask. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const

const ALL = { text: ['All'], value: ['$__all'] }
/** How the editor of Grafana calls a query of this kind. */
const LABEL_VALUES = 1

/** Those that every board has, in this order. */
export function commonVariables(): Variable[] {
  return [
    new DatasourceVariableBuilder('datasource').label('Metrics').type('prometheus'),
    query('job', 'Job', `label_values(${METRIC.buildInfo}, job)`)
      .description('The job under which Prometheus scrapes the gateway.')
      .allValue('.+'),
    new DatasourceVariableBuilder('traces')
      .label('Traces')
      .type('tempo')
      .description('Where links to traces search.'),
    new DatasourceVariableBuilder('logs')
      .label('Logs')
      .type('loki')
      .description('Where links to the log search.'),
    new TextBoxVariableBuilder('streams')
      .label('Log streams')
      .description('Which streams of the log are those of the gateway; values in backticks.')
      .defaultValue('service_name=`kanali`'),
  ]
}

/** Namespaces that have had a request. Requests that matched no ApiProxy have none: All has them too. */
export function namespaceVariable(): Variable {
  return query('namespace', 'Namespace', `label_values(${select(METRIC.requests)}, namespace)`).allValue('.*')
}

/** ApiProxies of the chosen namespaces that have had a request. */
export function apiproxyVariable(): Variable {
  const requests = select(METRIC.requests, 'namespace=~"$namespace"')
  return query('apiproxy', 'ApiProxy', `label_values(${requests}, apiproxy)`).allValue('.*')
}

/** The fifteen codes with their messages. */
export function codeVariable(): Variable {
  const options = CATALOGUE.map(({ code, message }) => {
    const text = `${codeText(code)} ${message}`.replaceAll(',', '\\,')
    return `${text} : ${codeText(code)}`
  })
  return new CustomVariableBuilder('code')
    .label('Code')
    .values(options.join(', '))
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current(ALL)
}

function query(name: string, label: string, promql: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ qryType: LABEL_VALUES, query: promql, refId: `variable-${name}` })
    .definition(promql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current(ALL)
}
