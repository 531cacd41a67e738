// Advice on alerts about requests: many refused, one ApiProxy failing, the error budget, overload, certificates.

import type { AlertAdvice, Look } from './advice.ts'
import { asked, EXPLAINED, metric } from './commands.ts'

const byApiProxy = (says: string, matchers: string): Look =>
  asked(
    says,
    `topk(10, sum by (namespace, apiproxy, code) (increase(kanali_requests_total{${matchers}}[15m]))) > 0`,
    'apiproxy="<apiproxy>"',
  )
const failed: Look = {
  says: 'the last failed requests of one replica',
  run: "curl -s 'http://127.0.0.1:9090/debug/exchanges?outcome=error&since=15m'",
  shows: ['"reason": "<reason>"', '"trace_id": "<trace id>"'],
}

export const REQUEST_ALERTS: readonly AlertAdvice[] = [
  {
    name: 'KanaliMostRequestsRefused',
    means:
      'Nearly all requests of a busy gateway end in errors that are blamed on clients (codes 00, 02, 12, 13, 14).',
    hit: 'Nearly every caller. Clients rarely all go wrong at once: something that they rely on was removed.',
    tell: 'The blame is `client`, so no alert of `config` or `upstream` fires beside it. One code and one reason make up most of it.',
    codes: [0, 2, 12, 13, 14],
    first: [
      asked(
        'which code and reason',
        'topk(5, sum by (code, reason) (increase(kanali_errors_total{blame="client"}[15m]))) > 0',
        'reason="<reason>"',
      ),
      byApiProxy('which ApiProxies', 'outcome="error"'),
      failed,
    ],
    causes: [
      [
        'An ApiProxy was deleted, renamed, or its path or host changed (00)',
        '`kanali why <trace id> --journal <journal>`; apply the former one.',
      ],
      [
        'A binding or an ApiKey was removed, or the private key was changed (13)',
        'Apply it again; see `kanali_apikey_revisions`.',
      ],
      ['Something before the gateway drops the header with the key (12)', 'Take back its last change.'],
      ['A scanner on a gateway with little other traffic (00)', 'Block it before the gateway, or bear it.'],
    ],
  },
  {
    name: 'KanaliGenericReason',
    means: 'Requests end in a reason that only says that something unknown happened.',
    hit: 'The callers of these requests. It is also a gap in the gateway: a cause that should have a reason of its own.',
    tell: 'It fires beside the alert of the code; the label `reason` says which of the generic ones it is.',
    codes: [1, 3, 8, 11],
    first: [
      asked(
        'which, and how many',
        'sum by (code, reason) (increase(kanali_errors_total{reason="<reason>"}[1h])) > 0',
        'reason="<reason>"',
      ),
      {
        says: 'the last of them, with trace ids',
        run: "curl -s 'http://127.0.0.1:9090/debug/exchanges?reason=<reason>&since=1h'",
        shows: ['"trace_id": "<trace id>"'],
      },
      EXPLAINED,
    ],
    causes: [
      ['`internal_error`: a bug of the gateway', 'The stack is on the span (event `exception`). Report it.'],
      [
        '`upstream_error`: the transport failed in a way that nobody foresaw',
        'Detail and stack on the span. Report it, and try the upstream directly.',
      ],
      [
        '`plugin_load_failed`, `plugin_threw`, `plugin_rejected`: the plugin',
        'Its stack is on the span; its author mends it.',
      ],
    ],
  },
  {
    name: 'KanaliApiProxyFailing',
    means: 'Most requests of one ApiProxy end in a 5xx that the gateway makes.',
    hit: 'All callers of that ApiProxy. Others are well, so alerts over all requests may be silent.',
    tell: "Labels `namespace`, `apiproxy`, `code`: go on with the runbook of the code. An upstream's own 5xx is not meant: that has no code.",
    codes: [1, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    first: [
      {
        says: 'its last failures',
        run: "curl -s 'http://127.0.0.1:9090/debug/exchanges?apiproxy=<namespace>/<apiproxy>&outcome=error'",
        shows: ['"reason": "<reason>"'],
      },
      EXPLAINED,
      {
        says: 'its conditions and what it was compiled to',
        run: "curl -s 'http://127.0.0.1:9090/debug/snapshot?namespace=<namespace>&name=<apiproxy>'",
        shows: ['"<apiproxy>"'],
      },
    ],
    causes: [
      [
        'A change of the ApiProxy or of what it names',
        '`kanali why <trace id> --journal <journal>` names it; take it back.',
      ],
      ['Its upstream is down (08)', 'See [code 08](code-08.md).'],
      ['Its plugin fails (03, 04, 05, 11)', 'See [code 11](code-11.md).'],
    ],
  },
  {
    name: 'KanaliErrorBudgetBurn',
    means:
      'Requests fail so often that the error budget of 99.9 % is used up too soon. The label `blame` says who burns most of it.',
    hit: 'Callers, as many as the share of failures says. `severity="page"`: the budget of a month is gone in days.',
    tell: 'It is about the sum. The alert of a code beside it, with the same blame, says what: go on there.',
    codes: [1, 8, 9, 10, 11],
    first: [
      asked(
        'who burns it, and by which reason',
        'topk(5, sum by (blame, code, reason) (increase(kanali_errors_total{blame!="client"}[1h]))) > 0',
        'blame="<blame>"',
        'reason="<reason>"',
      ),
      byApiProxy('which ApiProxies', 'status=~"5.."'),
      failed,
    ],
    causes: [
      [
        '`upstream`: one upstream is down or slow',
        "See [code 08](code-08.md). An upstream's own 5xx, passed on, does not count here.",
      ],
      [
        '`config`: a change of resources',
        'Take it back; `kanali diff` between the revisions before and after shows what it was.',
      ],
      ['`plugin`: a new version of a plugin', 'Go back to the one before.'],
      [
        '`gateway`: a new version, the API server, or too much load',
        'See [code 01](code-01.md), [code 09](code-09.md), [KanaliOverloaded](kanali-overloaded.md).',
      ],
    ],
  },
  {
    name: 'KanaliOverloaded',
    means:
      'The gateway refuses requests or connections at its own limits: status 503, outcome `rejected`, no code.',
    hit: 'Callers that come on top; those that are under way are served. One replica, or all.',
    tell: '`overloaded_requests` is `server.max_requests`, `overloaded_connections` is `server.max_connections`. A full pool to one upstream is [code 08, connection_limit](code-08.md#connection_limit) instead.',
    codes: [8],
    first: [
      asked(
        'which limit, on which replicas',
        'sum by (instance, reason) (increase(kanali_rejected_total{reason=~"overloaded_.*"}[15m])) > 0',
        'reason="overloaded_',
      ),
      metric(
        'requests and sockets now',
        '^kanali_\\(requests_in_flight\\|connections\\)',
        'kanali_requests_in_flight',
        'side="downstream"',
      ),
      asked(
        'whose requests take the time (seconds of requests under way, per second)',
        'topk(5, sum by (namespace, apiproxy) (rate(kanali_request_duration_seconds_sum[5m])))',
        'apiproxy=',
      ),
    ],
    causes: [
      [
        'An upstream became slow, and requests pile up',
        'The third command names the ApiProxy. Mend the upstream; a shorter `proxy.upstream_timeout` sheds the load.',
      ],
      ['More traffic than replicas', 'Add replicas.'],
      ['Clients that open connections and leave them', 'Lower `server.idle_timeout`.'],
      ['The limits are too low for the machine', 'Raise them, with memory in view.'],
    ],
    more: ['configuration.md'],
  },
  {
    name: 'KanaliCertificateExpiring',
    means:
      'A certificate of the HTTPS listener, or in a Secret of an upstream, ends soon. Label `use` says which, `namespace` and `name` where it is.',
    hit: 'Nobody yet. From that moment on: `listener`: every client over HTTPS; `upstream`: the ApiProxies whose `ssl` field names the Secret.',
    tell: 'It is about certificates that the gateway holds. What an upstream serves is seen only in the handshake: [code 08, tls_certificate_expired](code-08.md#tls_certificate_expired).',
    codes: [8],
    first: [
      asked(
        'which, and in how many days',
        'sort((kanali_certificate_not_after_timestamp_seconds - time()) / 86400 < 21)',
        'name="<secret>"',
      ),
      {
        says: 'that of a Secret, here its CA (status 1 says that it ends within three weeks)',
        run: "kubectl get secret <secret> -n <namespace> -o jsonpath='{.data.tls\\.ca}' | base64 -d | openssl x509 -noout -enddate -checkend 1814400",
        shows: ['notAfter=', 'will expire'],
        exit: 1,
      },
      {
        says: 'that of the listener, as clients get it',
        run: 'openssl s_client -connect <listener> </dev/null 2>/dev/null | openssl x509 -noout -enddate',
        shows: ['notAfter='],
      },
    ],
    causes: [
      [
        'Renewal is done by hand',
        'Renew now. Files and Secrets are read again by themselves, without a restart.',
      ],
      [
        'cert-manager fails',
        '`kubectl describe certificate -n <namespace>`; often the issuer or a DNS challenge.',
      ],
      [
        'It was renewed elsewhere and not here',
        'Is the file that `server.tls.cert_file` names the one that is renewed? A `subPath` mount never changes.',
      ],
    ],
    more: ['kubernetes.md'],
  },
]
