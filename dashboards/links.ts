// Where alerts, dashboards and runbooks point to: every address of that kind is made here and nowhere else.
// A fork changes the two bases and runs `npm run generate`. Nothing here may know a host of an installation.

import { codeText } from '../src/errors/catalogue.ts'

/** The folder docs/runbooks of this project, as people without a checkout reach it. */
export const RUNBOOK_BASE = 'https://github.com/kanali/kanali/blob/main/docs/runbooks'

/** Where Grafana serves dashboards by uid. A path: it fits any Grafana, and a receiver puts its address before it. */
export const DASHBOARD_BASE = '/d'

/** The dashboards of this project, by uid; the file is `dashboards/generated/<name>.json`. */
export const DASHBOARDS = {
  'kanali-overview': 'overview',
  'kanali-errors': 'errors',
  'kanali-apiproxy': 'apiproxy',
  'kanali-control-plane': 'control-plane',
  'kanali-guards': 'guards',
  'kanali-runtime': 'runtime',
} as const
export type DashboardUid = keyof typeof DASHBOARDS

/** The runbook of a code, 0 to 14, as a number or as its two digits. */
export function runbookOfCode(code: number | string): string {
  return `${RUNBOOK_BASE}/code-${typeof code === 'number' ? codeText(code) : code}.md`
}

/** The runbook of an alert by its name in CamelCase: `KanaliSourceStale` gives `kanali-source-stale.md`. */
export function runbookOfAlert(name: string): string {
  return `${RUNBOOK_BASE}/${kebabCase(name)}.md`
}

/** The name of an alert as the name of its runbook has it. */
export function kebabCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}

/**
 * A dashboard with its variables filled in.
 * @param params names as in the address (`var-code`, `from`). In values, variables of Grafana (`${code}`) and templates
 *   of Prometheus (`{{ $labels.code | urlquery }}`) stay as they are; whoever fills them in has to escape them
 */
export function dashboardUrl(
  uid: DashboardUid,
  params: Readonly<Record<string, string | number>> = {},
): string {
  const query = Object.entries(params).map(
    ([name, value]) => `${name}=${escapeAroundTemplates(String(value))}`,
  )
  return `${DASHBOARD_BASE}/${uid}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

const TEMPLATE = /(\$\{[^}]*\}|\{\{.*?\}\})/

function escapeAroundTemplates(value: string): string {
  return value
    .split(TEMPLATE)
    .map((part, at) => (at % 2 === 1 ? part : encodeURIComponent(part)))
    .join('')
}
