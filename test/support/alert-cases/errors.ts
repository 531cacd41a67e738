// Cases of the alerts on errors that are not of one code.

import { type AlertCase, firing, JOB, JOB_VARIABLE, series } from './alert-case.ts'

const OF_SHOP = { namespace: 'demo', apiproxy: 'shop' }
const requests = (labels: Record<string, string>) =>
  series('kanali_requests_total', { ...OF_SHOP, ...labels })
const errors = (code: string, reason: string, blame: string) =>
  series('kanali_errors_total', { code, reason, blame })
const all = series('kanali_gateway_duration_seconds_count')
const rejected = (reason: string) => series('kanali_rejected_total', { reason })

const genericReason = { alert: 'KanaliGenericReason', at: '20m' } as const
const GENERIC: readonly AlertCase[] = [
  {
    ...genericReason,
    title: 'three requests ended in an error of the transport that nobody foresaw',
    series: {
      [errors('08', 'upstream_error', 'upstream')]: '0x15 1 2 3x10',
      [requests({ code: '08' })]: '0x15 1 2 3x10',
    },
    fires: firing(
      ['ticket'],
      { code: '08', reason: 'upstream_error', blame: 'upstream' },
      {
        summary: `Requests to ${JOB} failed for a cause that nobody foresaw: upstream_error`,
        description:
          'About 3 requests of the last 15m ended in code 08 with the reason upstream_error, which tells no cause apart. The exception on the span, and `detail` of `kanali explain`, say what happened. Most at: demo/shop 0.01/s.',
        dashboard: `/d/kanali-errors?${JOB_VARIABLE}&var-code=08`,
      },
    ),
  },
  {
    ...genericReason,
    title: 'a single exception of the gateway itself, at no ApiProxy that is known',
    series: { [errors('01', 'internal_error', 'gateway')]: '0x18 1x10' },
    fires: firing(
      ['ticket'],
      { code: '01', reason: 'internal_error', blame: 'gateway' },
      {
        summary: `Requests to ${JOB} failed for a cause that nobody foresaw: internal_error`,
        description:
          'About 1 requests of the last 15m ended in code 01 with the reason internal_error, which tells no cause apart. The exception on the span, and `detail` of `kanali explain`, say what happened.',
        dashboard: `/d/kanali-errors?${JOB_VARIABLE}&var-code=01`,
      },
    ),
  },
  {
    ...genericReason,
    title: 'many errors of a reason that tells the cause',
    series: { [errors('08', 'connection_refused', 'upstream')]: '0+50x30' },
    fires: [],
    miss: 'of no concern',
  },
  {
    ...genericReason,
    title: 'a counter that was at seven begins anew',
    series: { [errors('11', 'plugin_threw', 'plugin')]: '7x10 0x20' },
    fires: [],
    miss: 'counter reset',
  },
  {
    ...genericReason,
    title: 'one twenty minutes ago',
    series: { [errors('03', 'plugin_load_failed', 'plugin')]: '0x3 1x30' },
    fires: [],
    miss: 'over already',
  },
]

const apiProxyFailing = { alert: 'KanaliApiProxyFailing', at: '30m' } as const
const FAILING: readonly AlertCase[] = [
  {
    ...apiProxyFailing,
    title:
      'two of three requests of a small ApiProxy fail at its upstream, in a deployment with much other traffic',
    series: {
      [requests({ code: 'none' })]: '0+20x40',
      [requests({ code: '08' })]: '0+40x40',
      [series('kanali_requests_total', { namespace: 'demo', apiproxy: 'large', code: 'none' })]: '0+60000x40',
      [errors('08', 'dns_error', 'upstream')]: '0+40x40',
    },
    fires: firing(
      ['ticket'],
      { ...OF_SHOP, code: '08', blame: 'upstream' },
      {
        summary: 'Most requests of ApiProxy demo/shop end in code 08',
        description: `66.67% of the requests of the last 5m to ApiProxy demo/shop of ${JOB} ended in code 08. Reasons: 08 dns_error 0.667/s.`,
        dashboard: `/d/kanali-apiproxy?${JOB_VARIABLE}&var-namespace=demo&var-apiproxy=shop`,
      },
    ),
  },
  {
    ...apiProxyFailing,
    title: 'all of them lack their Secret: config is to blame',
    series: { [requests({ code: '06' })]: '0+6x40' },
    fires: firing(
      ['ticket'],
      { ...OF_SHOP, code: '06', blame: 'config' },
      {
        summary: 'Most requests of ApiProxy demo/shop end in code 06',
        description: `100% of the requests of the last 5m to ApiProxy demo/shop of ${JOB} ended in code 06.`,
        dashboard: `/d/kanali-apiproxy?${JOB_VARIABLE}&var-namespace=demo&var-apiproxy=shop`,
      },
    ),
  },
  {
    ...apiProxyFailing,
    title: 'a plugin throws at all of them, and the gateway fails at all of another',
    series: {
      [requests({ code: '11' })]: '0+6x40',
      [series('kanali_requests_total', { namespace: 'demo', apiproxy: 'cart', code: '01' })]: '0+6x40',
    },
    fires: (
      [
        ['shop', '11', 'plugin'],
        ['cart', '01', 'gateway'],
      ] as const
    ).flatMap(([apiproxy, code, blame]) =>
      firing(
        ['ticket'],
        { namespace: 'demo', apiproxy, code, blame },
        {
          summary: `Most requests of ApiProxy demo/${apiproxy} end in code ${code}`,
          description: `100% of the requests of the last 5m to ApiProxy demo/${apiproxy} of ${JOB} ended in code ${code}.`,
          dashboard: `/d/kanali-apiproxy?${JOB_VARIABLE}&var-namespace=demo&var-apiproxy=${apiproxy}`,
        },
      ),
    ),
  },
  ...(['08', '06', '11', '01'] as const).flatMap((code): AlertCase[] => [
    {
      ...apiProxyFailing,
      title: `just under half of them end in code ${code}`,
      series: { [requests({ code: 'none' })]: '0+31x40', [requests({ code })]: '0+29x40' },
      fires: [],
      miss: 'below the threshold',
    },
    {
      ...apiProxyFailing,
      title: `all end in code ${code}, two a minute`,
      series: { [requests({ code })]: '0+2x40' },
      fires: [],
      miss: 'too little traffic',
    },
    {
      ...apiProxyFailing,
      title: `all have ended in code ${code} for nine minutes`,
      series: { [requests({ code })]: '0x21 60+60x20' },
      fires: [],
      miss: 'too short',
    },
  ]),
  {
    ...apiProxyFailing,
    title: 'no client has a key',
    series: { [requests({ code: '12' })]: '0+60x40' },
    fires: [],
    miss: 'client blame',
  },
]

const refused = { alert: 'KanaliMostRequestsRefused', at: '25m' } as const
const REFUSED: readonly AlertCase[] = [
  {
    ...refused,
    title: 'nineteen of twenty find no route any more',
    series: { [all]: '0+600x30', [errors('00', 'no_path_matched', 'client')]: '0+570x30' },
    fires: firing(
      ['page'],
      { blame: 'client' },
      {
        summary: `Nearly all requests to ${JOB} are refused as the fault of their clients`,
        description:
          '95% of the requests of the last 5m ended in errors that are blamed on clients. That is more than clients do by themselves: look for an ApiProxy, a host, a binding or a key that was removed or renamed. Reasons: 00 no_path_matched 9.5/s.',
        dashboard: `/d/kanali-errors?${JOB_VARIABLE}`,
      },
    ),
  },
  {
    ...refused,
    title: 'eight of nine',
    series: { [all]: '0+900x30', [errors('13', 'key_unknown', 'client')]: '0+800x30' },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...refused,
    title: 'all of four a second: a scan of a quiet gateway',
    series: { [all]: '0+240x30', [errors('00', 'no_path_matched', 'client')]: '0+240x30' },
    fires: [],
    miss: 'too little traffic',
  },
  {
    ...refused,
    title: 'all of them, for nine minutes',
    series: { [all]: '0+600x30', [errors('00', 'no_path_matched', 'client')]: '0x16 600+600x20' },
    fires: [],
    miss: 'too short',
  },
  {
    ...refused,
    title: 'all of them, by the fault of a configuration',
    series: { [all]: '0+600x30', [errors('00', 'apiproxy_invalid', 'config')]: '0+600x30' },
    fires: [],
    miss: 'of no concern',
  },
]

const overloaded = { alert: 'KanaliOverloaded', at: '15m' } as const
const OVERLOADED: readonly AlertCase[] = [
  {
    ...overloaded,
    title: 'twelve requests a minute are refused at the limit of requests, and more connections',
    series: {
      [rejected('overloaded_requests')]: '0+12x20',
      [rejected('overloaded_connections')]: '0+90000x20',
    },
    fires: (
      [
        ['overloaded_requests', '0.2/s'],
        ['overloaded_connections', '1.5k/s'],
      ] as const
    ).flatMap(([reason, rate]) =>
      firing(
        ['page'],
        { reason, blame: 'gateway' },
        {
          summary: `${JOB} refuses requests at its own limit: ${reason}`,
          description: `${rate} of requests or connections got a 503 in the last 5m because a replica of ${JOB} was at its limit (${reason}).`,
          dashboard: `/d/kanali-runtime?${JOB_VARIABLE}`,
        },
      ),
    ),
  },
  {
    ...overloaded,
    title: 'five a minute',
    series: { [rejected('overloaded_requests')]: '0+5x20' },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...overloaded,
    title: 'a flood of malformed requests',
    series: { [rejected('malformed_request')]: '0+6000x20' },
    fires: [],
    miss: 'client blame',
  },
  {
    ...overloaded,
    title: 'a burst of four minutes',
    series: { [rejected('overloaded_requests')]: '0x11 60+60x10' },
    fires: [],
    miss: 'too short',
  },
  {
    ...overloaded,
    title: 'a restart after an overload',
    series: { [rejected('overloaded_requests')]: '9000x12 0x10' },
    fires: [],
    miss: 'counter reset',
  },
]

export const ERROR_CASES: readonly AlertCase[] = [...GENERIC, ...FAILING, ...REFUSED, ...OVERLOADED]
