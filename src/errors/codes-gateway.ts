// The codes that are the fault of the gateway or of its access to the cluster: 01 and 09.
// Statuses and messages are the contract with clients; they never change, faults of grammar included.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_01 = {
  code: 1,
  status: 500,
  message: 'An unknown error occurred.',
  means: 'Something went wrong inside the gateway and nothing more is known.',
  check:
    'Ask the administrator of the gateway for the exception on the span and the log line of the same trace.',
  reasons: [
    {
      reason: 'internal_error',
      blame: 'gateway',
      means: 'An exception that nobody expected ended this request: a bug in the gateway.',
      check:
        'Find the span by the trace id (response header `x-kanali-correlation-id`): its exception event has the stack. Report it with the stack and with the output of `kanali version`.',
      proxyStatus: 'proxy_internal_error',
      generic: true,
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_09 = {
  code: 9,
  status: 500,
  message: 'Could not retrieve Kubernetes services.',
  means: 'The lookup of Services itself failed; it is not that none was found.',
  check: 'Ask the administrator of the gateway; recycle its pod if its access to the API server is in order.',
  reasons: [
    {
      reason: 'services_refused',
      blame: 'gateway',
      means: 'The source does not let the gateway list Services.',
      check:
        'Run `kubectl auth can-i list services --as system:serviceaccount:<namespace>:<service account>`, correct the ClusterRole, and look at the reasons of `curl -s http://<gateway>:9000/readyz`.',
      proxyStatus: 'destination_unavailable',
    },
    {
      reason: 'services_unsynced',
      blame: 'gateway',
      means:
        'The gateway has not received its first complete list of Services, so it cannot tell what exists.',
      check:
        'Look at `kanali_source_synced{kind="Service"}` and at the reasons of `curl -s http://<gateway>:9000/readyz`; then check that the pod reaches the API server, and recycle it.',
      proxyStatus: 'destination_unavailable',
    },
    {
      reason: 'services_stale',
      blame: 'gateway',
      means:
        'The API server has not been heard for longer than `kubernetes.staleness_limit`, so that what is known of Services is no longer trusted.',
      check:
        'Look at `kanali_source_stale_seconds` and at the lines "the API server is not heard" of the log, which say why. To serve the last known Services for as long as the API server is away, leave `kubernetes.staleness_limit` at 0.',
      proxyStatus: 'destination_unavailable',
    },
  ],
} as const satisfies CatalogueEntry
