// Codes 01 and 09: the gateway itself, or its access to the cluster.

import type { CodeAdvice } from './advice.ts'
import { asked, EXPLAINED, metric, ready, recent } from './commands.ts'

export const ADVICE_01: CodeAdvice<1> = {
  hit: 'The requests that meet the bug, and no others: each exception ends its own exchange.',
  stop: 'If it began with a new version of the gateway, go back to the one before. If only one ApiProxy is hit, what is unusual about it (plugin, transfer coding, upstream) is the way around.',
  first: [
    asked(
      'how many, and on which replicas',
      'sum by (instance, reason) (increase(kanali_errors_total{code="01"}[15m])) > 0',
      'reason="<reason>"',
    ),
    recent('01'),
    { ...EXPLAINED, shows: ['reason <reason>', 'Whose fault: gateway'] },
  ],
  reasons: {
    internal_error: {
      detail: 'the gateway has a bug',
      tell: 'There is one reason. What tells bugs apart is the stack: the event `exception` on the server span, `exception.type` and `exception.stacktrace`. An exception outside of any request is no code: `kanali_uncaught_exceptions_total` ([KanaliUncaughtException](kanali-uncaught-exception.md)).',
      causes: [
        [
          'A bug of the gateway',
          'Report it with the stack of the span and the output of `kanali version`. The fact that there was no better reason is part of the bug.',
        ],
        [
          'A new version',
          'Compare `kanali_build_info` of the replicas that have it with those that have not.',
        ],
      ],
      look: [
        { says: 'the version, for the report', run: 'kanali version', shows: ['kanali '] },
        metric(
          'whether anything was thrown outside of requests too',
          '^kanali_uncaught_exceptions_total',
          'kanali_uncaught_exceptions_total',
        ),
      ],
    },
  },
  more: ['telemetry.md'],
}

const RIGHTS = {
  says: 'whether the account of the gateway may list Services',
  run: 'kubectl auth can-i list services --as system:serviceaccount:<gateway namespace>:<service account>',
}
const SOURCE = (...shows: readonly string[]) =>
  metric('which kinds were listed, and since when the source is silent', '^kanali_source', ...shows)

export const ADVICE_09: CodeAdvice<9> = {
  hit: 'Every ApiProxy with a Service as its backend, on this replica or on all. Mocks and plain endpoints are served.',
  stop: 'One replica only: take it out (`kubectl delete pod`). All of them: it is the API server or the rights; a restart makes it worse, since what is known would be forgotten.',
  first: [
    ready('what the gateway lacks, in words', '"status": "degraded"'),
    SOURCE('kanali_source_synced', 'kind="Service"'),
    { ...EXPLAINED, shows: ['reason <reason>', 'Whose fault: gateway'] },
  ],
  reasons: {
    services_refused: {
      detail: 'the source may not list Services',
      condition: 'ServicesRefused',
      tell: '`/readyz` has `kind_refused`, the detail of the span the status that the API server gave (401, 403). Other kinds may be listed well.',
      causes: [
        [
          'The ClusterRole lacks Services',
          'Apply `deploy/kubernetes/` again; rights are taken up within half a minute, without a restart.',
        ],
        ['Another service account', 'Compare `serviceAccountName` of the pod with the ClusterRoleBinding.'],
        [
          'The token is not valid (401)',
          'The projected token or its audience is wrong: see the log line of the list.',
        ],
      ],
      look: [ready('that it is a refusal', 'kind_refused', 'Service'), { ...RIGHTS, shows: ['no'], exit: 1 }],
    },
    services_unsynced: {
      detail: 'have not been listed yet',
      condition: 'ServicesUnsynced',
      tell: '`/readyz` has `kind_pending`: no answer was had at all since the start. `kanali_source_synced{kind="Service"}` is 0.',
      causes: [
        [
          'The API server cannot be reached, or answers errors',
          'The log says `the API server is not heard` with the reason; network policy, DNS, certificate.',
        ],
        [
          'Very many objects, a slow API server',
          'Raise `kubernetes.sync_timeout`; the start then waits longer before it serves.',
        ],
      ],
      look: [ready('that nothing was heard yet', 'kind_pending'), SOURCE('kind="Service"} 0')],
    },
    services_stale: {
      detail: 'longer than kubernetes.staleness_limit',
      condition: 'ServicesStale',
      tell: '`/readyz` has `source_stale`, spans have `kanali.snapshot.stale=true`, and `kubernetes.staleness_limit` is set: without it the last known Services are served for ever.',
      causes: [
        [
          'The API server is away for longer than the limit',
          'Bring it back: requests are served again as soon as Services were listed.',
        ],
        [
          'The limit is shorter than an upgrade of the control plane',
          'Raise `kubernetes.staleness_limit`, or set it to 0.',
        ],
        ['One replica is cut off', 'If the others are well, delete that pod.'],
      ],
      look: [ready('since when it is silent', 'source_stale'), SOURCE('kanali_source_stale_seconds')],
    },
  },
  more: ['kubernetes.md'],
}
