// Code 08 before a request was sent: no connection came about, or the configuration rules the upstream out.

import type { Look, ReasonAdvice } from './advice.ts'
import type { ReasonOf } from './advice.ts'
import { asked, conditionsOf, metric } from './commands.ts'

export type ConnectionReason = Extract<
  ReasonOf<8>,
  | 'dns_error'
  | 'connection_refused'
  | 'destination_unroutable'
  | 'connection_timeout'
  | 'ca_unparsable'
  | 'no_ready_endpoint'
  | 'connection_limit'
  | 'address_not_allowed'
>

const reached = (shows: readonly string[], exit: number): Look => ({
  says: 'the port, from where the gateway runs',
  run: 'curl -sv --connect-timeout 3 telnet://<host>:<port> </dev/null',
  shows,
  exit,
})

export const CONNECTION: Readonly<Record<ConnectionReason, ReasonAdvice>> = {
  dns_error: {
    detail: ', dns: getaddrinfo',
    tell: 'It ends in `ENOTFOUND` (no such name) or `EAI_AGAIN` (the resolver gave no answer: then many upstreams fail at once).',
    causes: [
      ['The name is misspelt, or the Service is gone', 'Correct `endpoint`, or bring the Service back.'],
      [
        'Cluster DNS is overloaded or down',
        'Look at CoreDNS. `proxy.enable_endpoint_slices` (on by default) needs no DNS for Services.',
      ],
    ],
    look: [{ says: 'the name, from where the gateway runs', run: 'getent hosts <host>', shows: [], exit: 2 }],
  },
  connection_refused: {
    detail: 'ECONNREFUSED',
    tell: 'It comes at once: `kanali.duration.upstream_ms` is a millisecond or two.',
    causes: [
      [
        'The process is down or starting',
        'Look at its pods; give it a readiness probe, so that it gets requests only when it listens.',
      ],
      ['The wrong port', 'Of a Service the `targetPort` counts: is it the one that the process listens on?'],
      ['It listens on localhost only', 'Bind it to 0.0.0.0.'],
    ],
    look: [reached(['refused'], 7)],
  },
  destination_unroutable: {
    detail: 'UNREACH',
    tell: '`ENETUNREACH` or `EHOSTUNREACH`, at once.',
    causes: [
      ['An IPv6 address on a node without IPv6', 'Give the IPv4 address, or a name that resolves to one.'],
      ['The pod is gone and its address with it', 'Stale endpoints: see `kanali_source_stale_seconds`.'],
      ['A network policy or firewall that rejects', 'Allow the gateway.'],
    ],
    look: [reached(['unreachable'], 7)],
  },
  connection_timeout: {
    detail: 'KANALI_CONNECT_TIMEOUT',
    tell: '`kanali.duration.upstream_ms` is `proxy.connect_timeout`. A refusal would come at once: here packets are dropped, or nobody accepts.',
    causes: [
      ['A network policy or firewall that drops', 'Allow the gateway to reach host and port.'],
      [
        'The accept queue of the upstream is full',
        'It is overloaded or stuck: more replicas, a larger backlog.',
      ],
      ['The node is gone', "Its endpoints leave within the node's grace period."],
    ],
    look: [reached([], 28)],
  },
  ca_unparsable: {
    detail: 'tls.ca does not parse',
    condition: 'CaUnparsable',
    tell: 'Nobody was asked: `upstream` of the log line is null.',
    causes: [
      [
        'DER instead of PEM, base64 twice, an empty file',
        'Store the CA in PEM under `tls.ca`, or under the key that `kanali.io/ca` names.',
      ],
    ],
    look: [
      conditionsOf('CaUnparsable'),
      {
        says: 'what openssl makes of it',
        run: "kubectl get secret <secret> -n <namespace> -o jsonpath='{.data.tls\\.ca}' | base64 -d | openssl x509 -noout -subject -enddate",
        shows: ['ould not'],
        exit: 1,
      },
    ],
  },
  no_ready_endpoint: {
    detail: 'have no ready address',
    condition: 'NoReadyEndpoint',
    tell: 'Nobody was asked. The Service is there; with [code 10](code-10.md) it is not.',
    causes: [
      ['All pods are not ready', 'Their readiness probe fails: `kubectl describe pod`.'],
      [
        'The selector of the Service fits no pod',
        'There is no EndpointSlice, or it is empty: compare selector and labels.',
      ],
      ['Scaled to zero', 'Scale it up.'],
    ],
    look: [
      {
        says: 'whether its endpoints are ready',
        run: "kubectl get endpointslices -n <namespace> -l kubernetes.io/service-name=<service> -o jsonpath='{.items[*].endpoints[*].conditions.ready}'",
        shows: ['false'],
      },
    ],
  },
  connection_limit: {
    detail: 'every connection is busy',
    tell: 'The upstream answers, too slowly for what comes in.',
    causes: [
      ['The upstream became slow', 'See its duration below; that is the cause, the limit only shows it.'],
      [
        'More traffic than the limits were made for',
        'Raise `proxy.max_connections_per_endpoint` and `proxy.max_pending_per_endpoint`, or add replicas of the upstream.',
      ],
    ],
    look: [
      asked(
        'how long upstreams take to their head, by ApiProxy (seconds, 95th percentile)',
        'histogram_quantile(0.95, sum by (le, namespace, apiproxy) (rate(kanali_upstream_duration_seconds_bucket[5m])))',
        'apiproxy=',
      ),
      metric('sockets open now', '^kanali_connections', 'side="upstream"'),
    ],
  },
  address_not_allowed: {
    detail: 'KANALI_ADDRESS_REFUSED',
    tell: 'Nothing was sent. It can be an attack: who wrote that ApiProxy or DNS record?',
    causes: [
      [
        "An upstream at a link-local address or at the gateway's own admin ports",
        'If it is meant: `--proxy.allow_restricted_upstreams=true`. It opens cloud metadata and the debug pages to whoever writes ApiProxies.',
      ],
      ['A DNS name was pointed there', 'Treat it as an incident: find out who changed the record.'],
    ],
    look: [{ says: 'where the name leads', run: 'getent ahosts <host>', shows: ['169.254.'] }],
  },
}
