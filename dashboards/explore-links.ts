// Links from a cell or a series to what explains it: another board with its variables filled in, a search for traces,
// a search in the log. The texts of the searches use the names under which the gateway writes attributes and fields.
// Must never name a data source: which one is meant is the choice of whoever looks (variables `traces` and `logs`).

import { DashboardLinkBuilder, type DashboardLink } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { type ACCESS_FIELDS, ATTRIBUTE, SPAN } from '../src/telemetry/names.ts'
import { dashboardUrl, type DashboardUid } from './links.ts'

export type Link = Builder<DashboardLink>

/** Attributes of a span that a search can ask for. */
type SpanCondition = Partial<Record<keyof typeof ATTRIBUTE, string>>
/** Fields of the access log that a search can ask for. */
type LogCondition = Partial<Record<(typeof ACCESS_FIELDS)[number], string>>

/** Which lines of the log are the gateway's: text that the person can change, see variables.ts. */
const LOG_STREAM = '{${streams:percentencode}}'
/** Variables that every board has; a link passes them on. */
const KEPT = ['datasource', 'traces', 'logs', 'streams', 'job']
  .map((name) => `\${${name}:queryparam}`)
  .join('&')
const TIME = '${__url_time_range}'
const VARIABLE = /\$\{[^}]*\}/g

/** The value of a column of the row that was clicked, by the column's name: one word. */
export function cell(column: string): string {
  return `\${__data.fields.${column}}`
}

/** The label of the series that was clicked. */
export function seriesLabel(label: string): string {
  return `\${__field.labels.${label}}`
}

/** To another board, at the same time, with its variables and these. @param values by name of the variable */
export function boardLink(title: string, uid: DashboardUid, values: Readonly<Record<string, string>>): Link {
  const params = Object.fromEntries(Object.entries(values).map(([name, value]) => [`var-${name}`, value]))
  const url = dashboardUrl(uid, params)
  return link(title, `${url}${url.includes('?') ? '&' : '?'}${KEPT}&${TIME}`, false)
}

/** To traces whose spans have these attributes. */
export function tracesLink(title: string, condition: SpanCondition): Link {
  const wanted = Object.entries(condition).map(
    ([key, value]) => `span.${ATTRIBUTE[key as keyof typeof ATTRIBUTE]} = "${value}"`,
  )
  return link(
    title,
    exploreUrl('traces', 'tempo', { queryType: 'traceql', query: `{ ${wanted.join(' && ')} }` }),
  )
}

/** To the trace of the batch of events that made a configuration: its events are the objects that changed. */
export function changeLink(title: string, hash: string): Link {
  const query = `{ name = "${SPAN.batch}" && span.${ATTRIBUTE.snapshotHash} = "${hash}" }`
  return link(title, exploreUrl('traces', 'tempo', { queryType: 'traceql', query }))
}

/** To lines of the access log with these fields. */
export function logsLink(title: string, condition: LogCondition): Link {
  const wanted = Object.entries(condition).map(([field, value]) => ` | ${field} = \`${value}\``)
  return link(title, exploreUrl('logs', 'loki', { expr: `${LOG_STREAM} | json${wanted.join('')}` }))
}

/** To a page outside Grafana. */
export function pageLink(title: string, url: string): Link {
  return link(title, url)
}

/** A search in Grafana's Explore, over the time that the board shows. */
function exploreUrl(variable: 'traces' | 'logs', type: 'tempo' | 'loki', query: object): string {
  const uid = `\${${variable}}`
  const panes = {
    kanali: {
      datasource: uid,
      queries: [{ refId: 'A', datasource: { type, uid }, ...query }],
      range: { from: '${__from}', to: '${__to}' },
    },
  }
  return `/explore?schemaVersion=1&panes=${encodeAroundVariables(JSON.stringify(panes))}`
}

/** Grafana fills variables in before the browser reads the address: they have to stay as they are. */
function encodeAroundVariables(text: string): string {
  const variables = text.match(VARIABLE) ?? []
  return text
    .split(VARIABLE)
    .map((part, at) => `${encodeURIComponent(part)}${variables[at] ?? ''}`)
    .join('')
}

function link(title: string, url: string, opensTab = true): Link {
  return new DashboardLinkBuilder(title).url(url).targetBlank(opensTab)
}
