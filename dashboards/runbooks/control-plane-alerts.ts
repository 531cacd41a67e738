// Advice on alerts about the way of a change to the gateway, its journal, telemetry's own losses, and the limits store.

import type { AlertAdvice } from './advice.ts'
import { asked, EXPLAINED, metric, ready, STATUS_OF_ALL } from './commands.ts'

const JOURNAL = metric(
  'its own account of the journal',
  '^kanali_journal',
  'kanali_journal_failing',
  'kanali_journal_records_dropped_total',
)
const STORE = {
  says: 'the store itself',
  run: 'redis-cli -u <limits.redis_url> ping',
  shows: ['onnection refused'],
  exit: 1,
}
const STORE_CAUSES = [
  ['`unreachable`: down, refused, TLS, a name', "Bring it back; the log line has the system's word for it."],
  ['`timeout`: slow', '`redis-cli --latency`, `SLOWLOG GET`; or raise `limits.store_timeout`.'],
  [
    '`access_refused`: user, password, rights',
    '`limits.redis_password_file` is read anew for each connection.',
  ],
  ['`read_only`: a failover, or the address of a replica', 'Use Sentinels, or the address of the master.'],
  ['`overloaded`, `full`', 'Its CPU, `limits.lease`; `limits.max_entries`.'],
] as const

export const CONTROL_PLANE_ALERTS: readonly AlertAdvice[] = [
  {
    name: 'KanaliSourceStale',
    means:
      'The API server, or the watched folder, has not been heard for minutes. The last known configuration is served.',
    hit: 'Nobody, at first: changes do not arrive. With `kubernetes.staleness_limit`, routes to Services answer code 09 beyond it.',
    tell: 'One replica: its network. All of them: the API server, or their rights. A kind that never came is [KanaliKindNotSynced](kanali-kind-not-synced.md).',
    codes: [6, 9],
    first: [
      asked(
        'which replicas, for how long (seconds)',
        'kanali_source_stale_seconds > 0',
        'instance="<instance>"',
      ),
      ready('since when, in words', 'source_stale'),
      {
        says: 'whether the API server is well',
        run: "kubectl get --raw '/readyz?verbose'",
        shows: ['readyz check passed'],
      },
    ],
    causes: [
      [
        'The API server is down or being upgraded',
        'Wait, or mend it. **Do not restart the gateways**: they would forget what they know, unless `events.start_from_journal` is on.',
      ],
      ['The token or the rights were changed', 'The log has `the API server is not heard` with the status.'],
      ['A network policy', 'Allow the gateway to reach the API server.'],
      ['The folder is gone or cannot be read', 'Mount it again.'],
    ],
    more: ['kubernetes.md', 'journal.md'],
  },
  {
    name: 'KanaliKindNotSynced',
    means:
      'A kind of resource has not been listed since the start: refused, or no answer. Labels `source`, `kind`.',
    hit: 'Whoever needs that kind: Service (09), Secret (06), ApiKey (13); of ApiProxy, everybody.',
    tell: '`kind_refused` in `/readyz` is a matter of rights, `kind_pending` one of reaching the server.',
    codes: [6, 9, 13],
    first: [
      asked('which kinds, on which replicas', 'kanali_source_synced == 0', 'kind="', 'instance="<instance>"'),
      ready('why, in words', '"reason": "kind_'),
      {
        says: 'the rights of its account',
        run: 'kubectl auth can-i list services --as system:serviceaccount:<gateway namespace>:<service account>',
        shows: ['no'],
        exit: 1,
      },
    ],
    causes: [
      [
        'The ClusterRole lacks the kind',
        'Apply the roles of `deploy/kubernetes/`: taken up within half a minute.',
      ],
      ['The definitions are not installed (404)', '`kanali crds | kubectl apply -f -`.'],
      [
        'The gateway is not meant to see that kind',
        'Then silence the alert for it; routes that need it answer their code.',
      ],
    ],
    more: ['kubernetes.md'],
  },
  {
    name: 'KanaliSourceProblems',
    means: 'Files of the watched folder, or lists, cannot be read now.',
    hit: 'Nobody so far: what such a file held before is still served. After a restart it would be missing.',
    tell: 'An object that can be read and breaks a rule is a condition instead: [KanaliConditionFalse](kanali-condition-false.md).',
    first: [
      asked('which replicas, how many', 'kanali_source_problems > 0', 'instance="<instance>"'),
      {
        says: 'which files, at which line, in the program log',
        run: 'grep \'"file":\' <program log>',
        shows: ['"file"', '"reason"'],
      },
      {
        says: 'the same before the gateway meets it',
        run: 'kanali check <folder>',
        shows: ['error'],
        exit: 1,
      },
    ],
    causes: [
      ['A typing error in YAML', 'Correct the file: it is read again within a second.'],
      ['The same object in two files', 'Remove one.'],
      ['No right to read the file', 'Mode and owner.'],
    ],
  },
  {
    name: 'KanaliConditionFalse',
    means: 'An object has a condition that is False, and it stays so. Labels `kind`, `condition`, `reason`.',
    hit: 'Callers of the ApiProxies concerned, if there are any: each answers the code that its condition names.',
    tell: 'It is known before any request fails. Requests that do fail have the alert of the code.',
    codes: [0, 2, 3, 4, 5, 6, 7, 10, 13],
    first: [
      asked(
        'which conditions, of how many objects',
        'sum by (kind, condition, reason) (kanali_resource_conditions) > 0',
        'reason=',
      ),
      { ...STATUS_OF_ALL, shows: ['<apiproxy>', 'False'] },
      {
        says: 'the same without kubectl, with every message',
        run: 'curl -s http://127.0.0.1:9090/debug/snapshot',
        shows: ['"conditions"', 'requests are answered with code'],
      },
    ],
    causes: [
      ['A release that is half done', 'Finish it: Services, Secrets and bindings first, ApiProxies last.'],
      [
        '`Conflict`: two ApiProxies claim one path and host',
        'The message names the one that has it. Delete one.',
      ],
      [
        '`CrossNamespace`: requests taken from another namespace',
        '`routing.cross_namespace` says what is to become of it.',
      ],
      ['Objects that nobody needs any more', 'Delete them.'],
    ],
    more: ['kubernetes.md'],
  },
  {
    name: 'KanaliEventPropagationSlow',
    means: 'It takes long from the arrival of a change to the snapshot that has it.',
    hit: 'Whoever waits for a change. Requests are served by the configuration before.',
    tell: 'The source is heard (`kanali_source_stale_seconds` is 0): the time is lost in the gateway.',
    first: [
      asked(
        'how long, by replica (seconds, 99th percentile)',
        'histogram_quantile(0.99, sum by (le, instance) (rate(kanali_event_propagation_seconds_bucket[15m])))',
        'instance="<instance>"',
      ),
      asked(
        'whether its event loop stands still meanwhile',
        'topk(5, nodejs_eventloop_lag_p99_seconds)',
        'instance=',
      ),
      {
        says: 'what changes, and how often',
        run: 'curl -s http://127.0.0.1:9090/debug/events',
        shows: ['"observedAt"'],
      },
    ],
    causes: [
      ['Something writes objects over and over', 'The third command shows which. Mend that controller.'],
      ['The CPU is throttled, or a plugin blocks', 'See [KanaliEventLoopLag](kanali-event-loop-lag.md).'],
      ['Very many objects changed at once', 'It ends by itself.'],
    ],
  },
  {
    name: 'KanaliJournalFailing',
    means: 'The journal cannot be written now.',
    hit: "Nobody's requests. Changes are not recorded: later, `kanali why` and a start from the journal miss them.",
    tell: 'What waits is written when the disk takes it again; once records are lost, [KanaliJournalRecordsDropped](kanali-journal-records-dropped.md) fires too.',
    first: [
      asked('which replicas', 'kanali_journal_failing > 0', 'instance="<instance>"'),
      ready('why, in words', 'journal_failing'),
      {
        says: 'whether the folder is there (and with df, whether there is room)',
        run: 'ls -ld <journal>',
        shows: ['No such file'],
        exit: 2,
      },
    ],
    causes: [
      [
        'The disk is full (`ENOSPC`)',
        'Make room, or lower `events.journal_max_bytes`. It goes on by itself.',
      ],
      ['The folder is gone, or read-only', 'Mount it again.'],
    ],
    more: ['journal.md'],
  },
  {
    name: 'KanaliJournalRecordsDropped',
    means: 'Changes are missing in the journal: more came than could wait while it could not be written.',
    hit: "Nobody's requests. States of that time cannot be replayed; the next checkpoint makes the journal whole again from there on.",
    tell: 'A gap is in the journal itself: `kanali replay` says so for revisions in it.',
    first: [
      asked(
        'which replicas, how many',
        'increase(kanali_journal_records_dropped_total[1h]) > 0',
        'instance="<instance>"',
      ),
      JOURNAL,
      ready('whether it still cannot be written', '"status"'),
    ],
    causes: [
      ['The disk was full or away', 'See [KanaliJournalFailing](kanali-journal-failing.md).'],
      [
        'The disk is slower than changes come',
        '`kanali_journal_queued_bytes` says how much waits; a faster disk, or fewer changes.',
      ],
    ],
    more: ['journal.md'],
  },
  {
    name: 'KanaliTelemetryDropped',
    means: 'Telemetry is lost. Label `signal`: `traces`, `access_log`, `log`, `record`.',
    hit: "Nobody's requests: they never wait for telemetry. What is lost is what you would look at.",
    tell: 'Metrics lose nothing: alerts still hold. Only `traces` depends on the Collector.',
    first: [
      asked(
        'which signal, on which replicas',
        'sum by (instance, signal) (increase(kanali_telemetry_dropped_total[1h])) > 0',
        'signal="',
      ),
      metric('since the start', '^kanali_telemetry_dropped_total', 'signal="'),
      {
        says: 'the Collector, from where the gateway runs',
        run: 'curl -sS --max-time 5 <collector>/v1/traces',
        shows: ['Failed to connect'],
        exit: 7,
      },
    ],
    causes: [
      [
        '`traces`: the Collector is down, refuses, or is too slow',
        'Bring it back; `OTEL_BSP_MAX_QUEUE_SIZE` bridges a few seconds.',
      ],
      [
        '`access_log`, `log`: whoever reads standard output is too slow',
        "The node's log collector; 4 MiB may wait.",
      ],
      ['`record`: a bug of the gateway', 'Report it with the line of the program log.'],
    ],
    more: ['telemetry.md'],
  },
  {
    name: 'KanaliLimitStoreFailing',
    means: 'A good part of the questions to the shared store of limits get no answer.',
    hit: 'Clients with a rate or quota, according to `limits.on_store_failure`: less exact limits, or code 14.',
    tell: 'This is the store; what became of the requests meanwhile is [KanaliLimitFallback](kanali-limit-fallback.md).',
    codes: [14],
    first: [
      asked('by cause', 'sum by (cause) (increase(kanali_limit_store_failures_total[15m])) > 0', 'cause="'),
      metric('who decides meanwhile', '^kanali_limit_fallbacks_total', 'by="'),
      STORE,
    ],
    causes: STORE_CAUSES,
    more: ['guides/limits.md'],
  },
  {
    name: 'KanaliLimitFallback',
    means:
      'Rates and quotas are decided without the shared store. Label `by`: `local_share`, `allow`, `deny`.',
    hit: '`deny`: every client with a rate or quota gets code 14. `local_share`: limits hold roughly. `allow`: no limit holds.',
    tell: 'Requests are counted, not questions to the store. `full` as cause is the memory of this process, not the store.',
    codes: [14],
    first: [
      asked(
        'who decides, and why',
        'sum by (by, cause) (increase(kanali_limit_fallbacks_total[15m])) > 0',
        'by="',
        'cause="',
      ),
      { ...EXPLAINED, shows: ['the store of limits did not decide'] },
      STORE,
    ],
    causes: STORE_CAUSES,
    more: ['guides/limits.md'],
  },
]
