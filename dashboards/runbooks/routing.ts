// Codes 00, 02 and 10: the request found no ApiProxy, no mock, or no Service.

import type { CodeAdvice } from './advice.ts'
import { compiled, conditionsOf, EXPLAINED, reasonsOf, recent, STATUS_OF_ALL } from './commands.ts'

const DECIDED = {
  says: 'how the route table decides on that very request now, and why each route lost',
  run: "kanali explain --request 'GET http://<requested host><requested path>'",
}

export const ADVICE_00: CodeAdvice<0> = {
  hit: 'Callers of a path or host that no ApiProxy serves. Everybody else is served.',
  stop: 'If an ApiProxy was renamed, moved or deleted a moment ago, apply the old manifest again: it is live within a second.',
  first: [reasonsOf('00'), recent('00'), { ...DECIDED, shows: ['code 00', 'reason <reason>'] }],
  reasons: {
    no_path_matched: {
      detail: 'no source path begins the request',
      tell: 'The span has no `kanali.apiproxy.name` and no `http.route`; the log line has `apiproxy: null`. Many different paths from few clients are a scanner, one path from many clients is a change.',
      causes: [
        [
          'An ApiProxy was deleted, or its source path changed',
          '`kanali why <trace id> --journal <journal>` names the change. Restore it, or tell the callers the new path.',
        ],
        [
          'The new ApiProxy is not here yet',
          'Is it in the namespaces that this gateway watches (`kubernetes.namespaces`), and does `kubectl get apiproxies -A` show it? If so, see [KanaliSourceStale](kanali-source-stale.md).',
        ],
        [
          'Half a segment: `/foo` never takes `/foobar`',
          'Correct the caller, or add an ApiProxy for that path.',
        ],
        [
          'A scanner',
          'Nothing to mend. All its requests share one series, whatever their paths; the alert is for changes.',
        ],
      ],
      look: [{ ...DECIDED, shows: ['no source path begins the request'] }],
    },
    no_host_matched: {
      detail: 'other hosts only',
      tell: 'The path fits and the host does not: `kanali explain` lists the routes with the verdict `host differs`.',
      causes: [
        [
          'The caller uses another name or the bare address',
          'Call by the virtual host, or leave `spec.source.virtualHost` out to take every host.',
        ],
        [
          'A proxy before the gateway rewrites `Host`',
          'Have it pass the host on. The log field `host` has what arrived.',
        ],
        ['A new DNS name without its ApiProxy', 'Add an ApiProxy with that `virtualHost` at the same path.'],
      ],
      look: [{ ...DECIDED, shows: ['host differs'] }],
    },
    apiproxy_invalid: {
      detail: 'ApiProxy',
      condition: 'Invalid',
      tell: 'The only one of the three whose blame is `config`, and with an ApiProxy on every signal. It keeps its path, so that no request falls through to another route.',
      causes: [
        [
          'A field breaks a rule that the definitions cannot check',
          'The condition `Accepted` names field and rule. Correct it and apply.',
        ],
        [
          'Definitions older than the gateway',
          '`kanali crds | kubectl apply -f -` installs those of this version; they refuse such an object when it is written.',
        ],
        ['Manifests that nobody checked', 'Run `kanali check <folder>` in the pipeline that writes them.'],
      ],
      look: [compiled('"reason": "Invalid"'), conditionsOf('Accepted', 'Invalid')],
    },
  },
  more: ['http.md', 'investigating-a-failure.md'],
}

export const ADVICE_02: CodeAdvice<2> = {
  hit: 'Callers of an ApiProxy that answers from a MockTarget. No real backend is involved.',
  stop: 'If the mock was a stand-in for a real backend, give the ApiProxy its backend.',
  first: [reasonsOf('02'), EXPLAINED, compiled('"<apiproxy>"')],
  reasons: {
    mock_target_missing: {
      detail: 'does not exist',
      condition: 'MockTargetMissing',
      tell: 'Every request of the ApiProxy fails, also before the first came.',
      causes: [
        [
          'Name misspelt, or the MockTarget was deleted',
          'Correct `spec.target.backend.mock.mockTargetName`, or apply the MockTarget again.',
        ],
        ['It is in another namespace', 'Move it: only the namespace of the ApiProxy counts.'],
        ['It is there and breaks a rule', 'Its own condition `Accepted` names the rule.'],
      ],
      look: [
        conditionsOf('MockTargetMissing'),
        { says: 'what is there', run: 'kubectl get mocktargets -n <namespace>', shows: ['NAME'] },
      ],
    },
    mock_route_missing: {
      detail: 'has no route for this path',
      tell: 'The ApiProxy is Ready, and some of its paths work.',
      causes: [
        [
          'The route is written for the source path',
          'Routes are held against the target path: with `spec.target.path: /` a request `/shop/cart` under the source path `/shop` looks for `/cart`.',
        ],
        ['The path is not mocked', 'Add a route to the MockTarget.'],
      ],
      look: [
        {
          says: 'the routes that there are',
          run: 'kubectl get mocktarget <mocktarget> -n <namespace> -o yaml',
          shows: ['path:'],
        },
      ],
    },
    mock_method_missing: {
      detail: ' answers ',
      tell: 'The same path is answered for another method; the detail lists which.',
      causes: [
        ['`methods` of the route does not list it', 'Add the method, or leave `methods` out to answer all.'],
        ['The caller uses the wrong method', 'Correct the caller.'],
      ],
      look: [
        {
          says: 'methods of the routes',
          run: 'kubectl get mocktarget <mocktarget> -n <namespace> -o yaml',
          shows: ['methods:'],
        },
      ],
    },
    mocks_disabled: {
      detail: 'proxy.enable_mock_responses is false',
      condition: 'MocksDisabled',
      tell: 'Every ApiProxy with a mock fails on this gateway, whatever its MockTarget.',
      causes: [
        ['This installation serves no mocks on purpose', 'Give the ApiProxy a real backend.'],
        [
          'The option was carried over from another environment',
          'Start with `--proxy.enable_mock_responses=true`.',
        ],
      ],
    },
  },
  more: ['configuration.md'],
}

const SERVICES = {
  says: 'the Services of that namespace, with ports and labels',
  run: 'kubectl get services -n <namespace> --show-labels',
}

export const ADVICE_10: CodeAdvice<10> = {
  hit: 'All callers of the ApiProxies that name the Service. Others are served.',
  stop: 'Apply the Service, or the former ApiProxy, again: routes follow within a second, nothing needs a restart.',
  first: [STATUS_OF_ALL, { ...SERVICES, shows: ['PORT(S)', 'LABELS'] }, EXPLAINED],
  reasons: {
    service_missing: {
      detail: 'does not exist',
      condition: 'ServiceMissing',
      tell: 'The detail has namespace and name that were looked for.',
      causes: [
        [
          'The Service was renamed or deleted',
          '`kanali why <trace id> --journal <journal>` tells whether the ApiProxy or the Service changed, and who did it.',
        ],
        [
          'It is in another namespace',
          'A Service of another namespace never counts: put the ApiProxy beside it.',
        ],
        ['A release in the wrong order', 'Services first, then ApiProxies.'],
      ],
      look: [
        conditionsOf('ServiceMissing'),
        {
          says: 'whether it is there',
          run: 'kubectl get service <service> -n <namespace>',
          shows: ['NotFound'],
          exit: 1,
        },
      ],
    },
    service_labels_unmatched: {
      detail: ' carries ',
      condition: 'ServiceLabelsUnmatched',
      tell: 'The ApiProxy asks by labels. Where one comes from a header, only requests with that value fail, and there is no condition.',
      causes: [
        [
          'The labels of the Service changed',
          'Set them again; those of the Service count, not those of its pods.',
        ],
        [
          'A header asks for a version or tenant that is not there',
          'The caller is wrong, or that Service is missing.',
        ],
      ],
      look: [{ ...SERVICES, shows: ['LABELS'] }],
    },
    service_label_header_absent: {
      detail: 'is absent and has no default value',
      tell: 'The only one here whose blame is `client`. The ApiProxy is Ready, and requests with the header work.',
      causes: [
        ['The caller does not send the header', 'The detail names it. Send it.'],
        ['A proxy before the gateway drops it', 'Let it pass.'],
        ['A default is wanted', 'Start the gateway with `--proxy.default_header_values <header>=<value>`.'],
      ],
    },
    service_port_missing: {
      detail: 'has no port',
      condition: 'ServicePortMissing',
      tell: 'The detail lists the ports that the Service has.',
      causes: [
        [
          'The port of the pods was written',
          '`spec.target.backend.service.port` is the port of the Service.',
        ],
        ['The Service changed its port', 'Change the ApiProxy with it.'],
      ],
      look: [
        conditionsOf('ServicePortMissing'),
        {
          says: 'the ports of the Service',
          run: 'kubectl get service <service> -n <namespace>',
          shows: ['PORT(S)'],
        },
      ],
    },
  },
  more: ['kubernetes.md', 'investigating-a-failure.md'],
}
