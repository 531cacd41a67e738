// The commands that many runbooks begin with. The profiling port is 127.0.0.1:9090 and that of the metrics 9000: the
// index of the runbooks says how to get there. Nothing here changes anything on a gateway.

import type { Look } from './advice.ts'

/** A question to Prometheus, as a command; the query must not hold a single quote. */
export function asked(says: string, query: string, ...shows: readonly string[]): Look {
  return { says, run: `promtool query instant http://<prometheus> '${query}'`, shows }
}

/** Which reasons of a code, in the last quarter of an hour. */
export function reasonsOf(code: string): Look {
  const query = `sum by (reason, blame) (increase(kanali_errors_total{code="${code}"}[15m])) > 0`
  return asked('which reasons, in the last 15 minutes', query, 'reason="<reason>"', 'blame="<blame>"')
}

/** The last requests that ended in a code, with their trace ids. */
export function recent(code: string): Look {
  return {
    says: 'the last requests, with trace id, path and ApiProxy',
    run: `curl -s 'http://127.0.0.1:9090/debug/exchanges?code=${code}&since=1h'`,
    shows: ['"trace_id": "<trace id>"', '"reason": "<reason>"'],
  }
}

export const EXPLAINED: Look = {
  says: 'one of them in full, with object and field at fault, and what to check',
  run: 'kanali explain <trace id>',
  shows: ['reason <reason>', 'Whose fault: <blame>'],
}

/** What every ApiProxy answers now. */
export const STATUS_OF_ALL: Look = {
  says: 'what each ApiProxy answers now (columns READY and CODE)',
  run: 'kubectl get apiproxies -A',
  shows: ['CODE', '<apiproxy>'],
}

/** Why an ApiProxy answers what it does, by its conditions. */
export function conditionsOf(...shows: readonly string[]): Look {
  return {
    says: 'its conditions, and since when',
    run: 'kubectl describe apiproxy <apiproxy> -n <namespace>',
    shows,
  }
}

/** What the gateway has made of an ApiProxy: the same without kubectl, and also where no status is written. */
export function compiled(...shows: readonly string[]): Look {
  return {
    says: 'what the gateway has made of it',
    run: "curl -s 'http://127.0.0.1:9090/debug/snapshot?namespace=<namespace>&name=<apiproxy>'",
    shows,
  }
}

export function ready(says: string, ...shows: readonly string[]): Look {
  return { says, run: 'curl -s http://127.0.0.1:9000/readyz', shows }
}

/** Lines of the metrics of one replica; the pattern is a basic regular expression without single quotes. */
export function metric(says: string, pattern: string, ...shows: readonly string[]): Look {
  return { says, run: `curl -s http://127.0.0.1:9000/metrics | grep '${pattern}'`, shows }
}
