// Parts of descriptions that ask Prometheus while an alert fires: which ApiProxies and reasons are behind it. Each gives
// nothing where there is nothing to say. Values of labels enter a query by %q, never as they are.

import { RECORD } from './record-names.ts'
import { SAME_WORKLOAD, WORKLOAD_VALUES } from './workload.ts'

const MOST = 3

/** A rate in words: `0.25/s`, `1.5k/s`; `humanize` alone makes `250m` of the first. @param value as a template writes it */
export function rateText(value: string): string {
  return `{{ if lt ${value} 1.0 }}{{ printf "%.3g" ${value} }}{{ else }}{{ humanize ${value} }}{{ end }}/s`
}

/**
 * A template that repeats `item` for each series of `query`.
 * @param query with verbs of printf @param values their arguments, as a template writes them
 */
export function listOf(query: string, values: string, item: string): string {
  return `{{ range printf \`${query}\` ${values} | query }}${item}{{ end }}`
}

/** ` Most at: shop/cart 1.2/s, ....` for ApiProxies whose requests end in a code. @param code with verbs: `code=%q` */
export function topApiProxies(code: string, values: string): string {
  return sentence(
    'Most at',
    `sort_desc(topk(${MOST}, ${RECORD.errorsOfApiProxy}{${SAME_WORKLOAD},${code}} > 0))`,
    values,
    '{{ if .Labels.apiproxy }}{{ .Labels.namespace }}/{{ .Labels.apiproxy }}{{ else }}no ApiProxy{{ end }}',
  )
}

/** ` Reasons: dns_error 1.2/s, ....` @param matchers with verbs */
export function topReasons(matchers: string, values: string): string {
  return sentence(
    'Reasons',
    `sort_desc(topk(${MOST}, ${RECORD.errors}{${SAME_WORKLOAD},${matchers}} > 0))`,
    values,
    '{{ .Labels.code }} {{ .Labels.reason }}',
  )
}

function sentence(head: string, query: string, values: string, item: string): string {
  return (
    `{{ with printf \`${query}\` ${[WORKLOAD_VALUES, values].join(' ').trim()} | query }} ${head}:` +
    `{{ range $at, $one := . }}{{ if $at }},{{ end }}{{ with $one }} ${item} ${rateText('.Value')}{{ end }}{{ end }}.{{ end }}`
  )
}
