// Advice on alerts about replicas: absent, not ready, of different minds, and the process itself.

import type { AlertAdvice, Look } from './advice.ts'
import { asked, metric, ready } from './commands.ts'

const pods: Look = {
  says: 'what the cluster says of it',
  run: 'kubectl get deployments,pods -n <gateway namespace> -o wide',
  shows: ['kanali'],
}
const scraped = (says: string, exit: number, ...shows: readonly string[]): Look => ({
  says,
  run: 'curl -sS --max-time 5 http://<instance>/metrics',
  shows,
  ...(exit !== 0 && { exit }),
})
const notReady = asked('which replicas are not ready', 'kanali_ready == 0', 'instance="<instance>"')
const READY_CAUSES = [
  ['`draining`: it is being ended', 'A roll-out. Nothing to do, unless no new one comes up.'],
  [
    '`kind_refused` for ApiProxy',
    'Its rights, or the definitions are not installed: `kanali crds | kubectl apply -f -`.',
  ],
  [
    '`no_snapshot`, `listener_closed`',
    'It waits for its first list: is the API server, or the folder, there?',
  ],
  ['`keys_pending`', 'Revisions are being decrypted; seconds, for many thousands of keys.'],
  [
    '`event_loop_blocked`',
    'A plugin blocks: the log names it. See [KanaliEventLoopLag](kanali-event-loop-lag.md).',
  ],
] as const

export const REPLICA_ALERTS: readonly AlertAdvice[] = [
  {
    name: 'KanaliAbsent',
    means:
      'A job of gateways that was scraped within the last hours is gone, or no gateway is scraped at all.',
    hit: 'Perhaps everybody, perhaps nobody: without metrics no other alert can fire.',
    tell: 'With [KanaliTargetDown](kanali-target-down.md) the target is known and does not answer. Here Prometheus does not even know it.',
    first: [
      asked('which gateways Prometheus scrapes now', 'count by (job) (kanali_build_info)', 'job='),
      pods,
      {
        says: 'whether the gateway answers at all (status 7 says that nothing listens)',
        run: 'curl -sS --max-time 5 http://<dead instance>/healthz',
        shows: ['Failed to connect'],
        exit: 7,
      },
    ],
    causes: [
      ['The Deployment was deleted or scaled to zero', 'Bring it back.'],
      ['The PodMonitor or its labels were changed', 'Compare its selector with the labels of the pods.'],
      ['Another job name', 'Then it was renamed on purpose: the alert ends by itself after some hours.'],
    ],
    more: ['kubernetes.md'],
  },
  {
    name: 'KanaliTargetDown',
    means: 'A gateway that Prometheus knows cannot be scraped.',
    hit: 'Nobody, if only the scrape fails. Callers of that replica, if it is down.',
    tell: '`up` is 0. A replica that answers and is not ready has `kanali_ready` 0 instead.',
    first: [
      asked('which', 'up == 0', 'instance="<dead instance>"'),
      {
        says: 'its metrics, from where Prometheus runs',
        run: 'curl -sS --max-time 5 http://<dead instance>/metrics',
        shows: ['Failed to connect'],
        exit: 7,
      },
      pods,
    ],
    causes: [
      [
        'The pod is down or restarts',
        '`kubectl describe pod`, `kubectl logs --previous`; the last lines of the log say why it ended.',
      ],
      ['A network policy does not let Prometheus in', 'Allow port 9000.'],
      ['The scrape takes longer than its time-out', 'Very many ApiProxies: raise `scrapeTimeout`.'],
    ],
  },
  {
    name: 'KanaliNoneReady',
    means: 'Not one replica of a job is ready.',
    hit: 'Everybody: no Service sends traffic to a pod that is not ready.',
    tell: 'All replicas at once: what they share, that is the API server, the rights, the definitions, or a roll-out.',
    first: [
      notReady,
      ready('why, in words, from one of them', '"ready": false', '"reason"'),
      metric('which kinds it has listed', '^kanali_source_synced', 'kind="ApiProxy"'),
    ],
    causes: READY_CAUSES,
    more: ['kubernetes.md'],
  },
  {
    name: 'KanaliNotReady',
    means: 'One replica is not ready, and stays so. The label `instance` says which.',
    hit: 'Nobody, as long as the others bear the load.',
    tell: 'The others are ready, so it is this pod: its node, its network, its age.',
    first: [
      notReady,
      ready('why, in words', '"ready": false', '"reason"'),
      scraped('its view of the source', 0, 'kanali_source_synced', 'kanali_source_stale_seconds'),
    ],
    causes: READY_CAUSES,
    more: ['kubernetes.md'],
  },
  {
    name: 'KanaliSnapshotDisagreement',
    means:
      'Ready replicas have more than one hash of their snapshot: they do not serve the same configuration.',
    hit: 'Callers whose requests are decided by what differs: the same request fails or passes by chance.',
    tell: 'Compare hashes, never revisions: each replica counts its own. A roll-out of new options or plugins differs on purpose, until it is done.',
    first: [
      asked(
        'which replica has which hash',
        'count by (hash, instance) (kanali_snapshot_info)',
        'hash=',
        'instance="<instance>"',
      ),
      asked('whether one of them does not hear its source', 'kanali_source_stale_seconds > 0', 'instance='),
      {
        says: 'the last changes that one replica heard, to compare with another',
        run: 'curl -s http://127.0.0.1:9090/debug/events',
        shows: ['"observedAt"', '"revision"'],
      },
    ],
    causes: [
      ['One replica hears its source no more', 'Its `kanali_source_stale_seconds` grows. Delete the pod.'],
      ['A roll-out stands still half-way', 'Finish it, or go back.'],
      [
        'Different options, plugin files or private keys',
        'They are part of the hash: give all replicas the same.',
      ],
      [
        'A watch lost an event',
        'That would be a bug: keep the journals of both (`kanali diff`), then delete the pod.',
      ],
    ],
    more: ['journal.md'],
  },
  {
    name: 'KanaliScrapeLabelsRenamed',
    means:
      'The scrape renames the label `namespace` to `exported_namespace`, so that `namespace` is that of the pod.',
    hit: "Nobody's requests. Boards and alerts by ApiProxy show wrong names.",
    tell: 'The gateway exposes `namespace`; only Prometheus has `exported_namespace`.',
    first: [
      asked('which jobs', 'count by (job) ({__name__=~"kanali_.*", exported_namespace!=""})', 'job='),
      metric('what the gateway exposes', '^kanali_requests_total', 'namespace='),
      asked('what the scrape puts on its targets', 'up{namespace!=""}', 'namespace='),
    ],
    causes: [
      [
        '`honorLabels` is not set',
        'Set `honorLabels: true` in the PodMonitor (`honor_labels: true` in a scrape configuration).',
      ],
      [
        'An operator enforces a namespace label (`enforcedNamespaceLabel`)',
        'Exempt this PodMonitor: `excludedFromEnforcement`.',
      ],
    ],
    more: ['alerts.md#jobs-and-namespaces'],
  },
  {
    name: 'KanaliUncaughtException',
    means: 'An exception was thrown outside of any request and caught by the last net.',
    hit: "Nobody's request; the gateway goes on. What threw has not done its work.",
    tell: 'Within a request it would be [code 01](code-01.md), or [code 11](code-11.md) of a plugin.',
    codes: [1, 11],
    first: [
      asked(
        'which replicas, how many',
        'increase(kanali_uncaught_exceptions_total[1h]) > 0',
        'instance="<instance>"',
      ),
      metric('since the start', '^kanali_uncaught_exceptions_total', 'kanali_uncaught_exceptions_total'),
      {
        says: 'the line of the program log with the stack',
        run: 'grep \'"level":"error"\' <program log>',
        shows: ['"level":"error"'],
      },
    ],
    causes: [
      [
        'A plugin: a timer, an event listener, a promise that nobody awaits',
        'The stack names its file. Its author catches it.',
      ],
      ['A bug of the gateway', 'Report it with the line.'],
    ],
    more: ['plugins.md'],
  },
  {
    name: 'KanaliWorkerLost',
    means: 'A worker process ended unasked, and another one has taken its place (`server.workers`).',
    hit: 'Whoever had a connection to it: what was under way got no answer. The others serve on.',
    tell: 'A replica that ends as a whole is [KanaliTargetDown](kanali-target-down.md). The label `reason` tells how workers ended.',
    first: [
      asked(
        'which replicas, how they ended',
        'sum by (instance, reason) (increase(kanali_worker_restarts_total[1h])) > 0',
        'instance="<instance>"',
        'reason="<reason>"',
      ),
      ready('whether all serve again', '"status"'),
      {
        says: 'the line of the program log: which worker, exit status or signal',
        run: "grep 'a worker has ended' <program log>",
        shows: ['"reason":"<reason>"', '"worker":'],
      },
    ],
    causes: [
      [
        '`signal`: out of memory (SIGKILL by the kernel)',
        'Raise the limit of memory: `server.workers` processes share it. `dmesg`, and the events of the pod, name the killed.',
      ],
      ['`exit`: it ended by itself', 'The lines of that worker before it, with the stack. Report it.'],
      [
        '`unresponsive`: it left pings unanswered for ten seconds',
        'A plugin that computes, or too little CPU: see [KanaliEventLoopLag](kanali-event-loop-lag.md).',
      ],
      ['`backlog`: it did not take changes', 'The same; or very many changes at once.'],
      ['`start_failed`: its successor did not come up', 'The `detail` of the line says why.'],
    ],
    more: ['workers.md#when-one-is-lost'],
  },
  {
    name: 'KanaliEventLoopLag',
    means: 'The event loop stands still for too long at a time (99th percentile).',
    hit: 'Every request of that replica waits as long.',
    tell: 'Upstreams are not slower: `kanali_gateway_duration_seconds` grows with it, `kanali_upstream_duration_seconds` does not.',
    first: [
      asked('which replicas, how long (seconds)', 'topk(5, nodejs_eventloop_lag_p99_seconds)', 'instance='),
      asked(
        'how much of its CPU each uses (1 is a whole one)',
        'topk(5, rate(process_cpu_seconds_total[1m]))',
        'instance=',
      ),
      {
        says: 'five seconds of CPU profile, for the tab Performance of Chromium',
        run: "curl -s 'http://127.0.0.1:9090/debug/profile?seconds=5' -o gateway.cpuprofile && ls gateway.cpuprofile",
        shows: ['gateway.cpuprofile'],
      },
    ],
    causes: [
      [
        'A plugin that computes or reads files without giving way',
        "The watchdog's line in the log names it beyond `plugins.watchdog_timeout`; the profile below that.",
      ],
      ['Too little CPU: it is throttled', 'Raise the limit of the container, or take it away.'],
      [
        'Garbage collection near the limit of the heap',
        '`nodejs_gc_duration_seconds`, `process_heap_bytes`; more memory.',
      ],
      ['A scrape with very many series', 'Fewer ApiProxies in one gateway, or a longer interval.'],
    ],
    more: ['plugins.md'],
  },
]
