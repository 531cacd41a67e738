// The configuration of Alertmanager: one receiver for each blame and severity, so that whoever is blamed gets it, and
// rules by which the larger alert silences the smaller. Where a receiver sends to is the operator's to fill in: the
// addresses here are of the domain `invalid`, which can never exist, so that a forgotten one shows as a failure.

import { stringify } from 'yaml'
import type { Blame } from '../../src/errors/catalogue-entry.ts'
import { BLAMES } from '../../src/errors/catalogue-entry.ts'
import type { Severity } from './rule.ts'
import { WORKLOAD } from './workload.ts'

interface Route {
  readonly receiver?: string
  readonly matchers?: readonly string[]
  readonly group_by?: readonly string[]
  readonly group_wait?: string
  readonly group_interval?: string
  readonly repeat_interval?: string
  readonly routes?: readonly Route[]
}

/** Who is told of what is blamed on whom. */
const TEAMS: Readonly<Record<Blame, string>> = {
  client: 'who knows the clients of the APIs; hardly ever woken',
  config: 'who owns the ApiProxies, their Secrets and bindings',
  upstream: 'who runs the services behind the gateway',
  plugin: 'who writes the plugins',
  gateway: 'who runs the gateway',
}

/** Whatever tells two alerts of one name apart, so that one never silences the other's. */
const IDENTITY = [
  ...WORKLOAD,
  'alertname',
  'blame',
  'code',
  'reason',
  'namespace',
  'apiproxy',
  'instance',
  'use',
  'name',
  'by',
]

/** Where what has no place of its own goes: an alert of somebody else, or one without a blame. */
export const FALLBACK_RECEIVER = 'kanali-unrouted'
/** All of severity info, of whatever blame. */
export const INFO_RECEIVER = 'kanali-info'

/** The receiver of a page or a ticket. */
export function receiverOf(blame: Blame, severity: Exclude<Severity, 'info'>): string {
  return `kanali-${blame}-${severity}`
}

/** A whole configuration; take `route.routes`, `inhibit_rules` and `receivers` into one that is there already. */
export function alertmanagerFile(): string {
  const head = BLAMES.map((blame) => `#   ${blame}: ${TEAMS[blame]}`).join('\n')
  const text = stringify(
    { route: ROUTE, inhibit_rules: INHIBIT_RULES, receivers: RECEIVERS.map(receiver) },
    { lineWidth: 0, aliasDuplicateObjects: false },
  )
  return `# Generated from dashboards/alerts/ by \`npm run generate\`; see docs/alerts.md. Receivers by blame:
${head}
# Their addresses are to be filled in: those of the domain "invalid" never exist.
${text}`
}

const ROUTE: Route = {
  receiver: FALLBACK_RECEIVER,
  group_by: ['alertname', ...WORKLOAD],
  group_wait: '30s',
  group_interval: '5m',
  repeat_interval: '4h',
  routes: [
    {
      matchers: ['alertname=~"Kanali.+"'],
      routes: [
        { matchers: ['severity="info"'], receiver: INFO_RECEIVER, repeat_interval: '24h' },
        ...BLAMES.map(routeOf),
      ],
    },
  ],
}

function routeOf(blame: Blame): Route {
  return {
    matchers: [`blame="${blame}"`],
    // What one cause brings about at many places is one notification for whoever is blamed.
    group_by: [...WORKLOAD, 'severity', 'code'],
    receiver: receiverOf(blame, 'ticket'),
    repeat_interval: '24h',
    routes: [
      {
        matchers: ['severity="page"'],
        receiver: receiverOf(blame, 'page'),
        group_wait: '10s',
        repeat_interval: '1h',
      },
    ],
  }
}

const INHIBIT_RULES = [
  {
    // A page makes the ticket and the note of the same thing superfluous.
    source_matchers: ['alertname=~"Kanali.+"', 'severity="page"'],
    target_matchers: ['alertname=~"Kanali.+"', 'severity=~"ticket|info"'],
    equal: IDENTITY,
  },
  {
    source_matchers: ['alertname=~"Kanali.+"', 'severity="ticket"'],
    target_matchers: ['alertname=~"Kanali.+"', 'severity="info"'],
    equal: IDENTITY,
  },
  {
    // Who burns most of the budget may differ between windows.
    source_matchers: ['alertname="KanaliErrorBudgetBurn"', 'severity="page"'],
    target_matchers: ['alertname="KanaliErrorBudgetBurn"', 'severity="ticket"'],
    equal: [...WORKLOAD],
  },
  {
    source_matchers: ['alertname=~"KanaliAbsent|KanaliNoneReady"'],
    target_matchers: ['alertname=~"KanaliTargetDown|KanaliNotReady"'],
    equal: [...WORKLOAD],
  },
]

const RECEIVERS: readonly string[] = [
  FALLBACK_RECEIVER,
  INFO_RECEIVER,
  ...BLAMES.flatMap((blame) => [receiverOf(blame, 'page'), receiverOf(blame, 'ticket')]),
]

function receiver(name: string): object {
  return {
    name,
    webhook_configs: [{ url: `http://notify.invalid/${name}`, send_resolved: true }],
  }
}
