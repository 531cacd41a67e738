// The codes of finding where a request goes: 00 (ApiProxy), 02 (MockTarget), 10 (Service).
// Statuses and messages are the contract with clients; they never change, faults of grammar included.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_00 = {
  code: 0,
  status: 404,
  message: 'No ApiProxy resource was not found that matches the request.',
  means: 'No ApiProxy matched the request at the time it was made.',
  check:
    'Does the ApiProxy exist, does the path of the request start with its source path, and does its virtual host fit?',
  reasons: [
    {
      reason: 'no_path_matched',
      blame: 'client',
      means: 'No ApiProxy has a source path that the path of the request starts with, segment by segment.',
      check:
        'Compare the `path` of the log line with the source paths of `kubectl get apiproxies -A -o yaml` or of the watched directory. Whole segments count: `/foo` does not match `/foobar`. If the ApiProxy is new, look for it and for its conditions in `curl -s http://127.0.0.1:9090/debug/snapshot`.',
      proxyStatus: 'destination_not_found',
    },
    {
      reason: 'no_host_matched',
      blame: 'client',
      means:
        'At least one ApiProxy has a fitting source path, but each of them has a virtual host that is not the one asked for.',
      check:
        'Compare the `host` of the log line with the virtual hosts at that path; case and port do not count. Try `curl -H "Host: <virtual host>" http://<gateway>:<port><path>`; to accept any host, leave `spec.source.virtualHost` out.',
      proxyStatus: 'destination_not_found',
    },
    {
      reason: 'apiproxy_invalid',
      blame: 'config',
      means:
        'The ApiProxy that holds this path and host breaks a rule, and its requests fail rather than fall to another route.',
      check:
        'The condition `Accepted=False` of the ApiProxy in `curl -s http://127.0.0.1:9090/debug/snapshot` names field, value and rule. Correct that field and apply the object again.',
      proxyStatus: 'proxy_configuration_error',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_02 = {
  code: 2,
  status: 404,
  message: 'No MockTarget resource was not found that matches the request.',
  means: 'The MockTarget that the matched ApiProxy names is missing, or has no such route.',
  check: 'Check name and namespace of the MockTarget: the namespace must be that of the ApiProxy itself.',
  reasons: [
    {
      reason: 'mock_target_missing',
      blame: 'config',
      means: 'No MockTarget of the name that the ApiProxy gives is in the namespace of the ApiProxy.',
      check:
        'Run `kubectl get mocktargets -n <namespace of the ApiProxy>` and compare with `spec.target.backend.mock.mockTargetName`. A MockTarget of another namespace is never used; one that breaks a rule counts as missing and has a condition that says why.',
      proxyStatus: 'destination_not_found',
    },
    {
      reason: 'mock_route_missing',
      blame: 'client',
      means: 'The MockTarget has no route whose path the target path starts with.',
      check:
        'Routes are matched on the target path, that is after the source path was replaced by `spec.target.path`. Work it out for the `path` of the log line and compare with `kubectl get mocktarget <name> -n <namespace> -o yaml`.',
      proxyStatus: 'destination_not_found',
    },
    {
      reason: 'mock_method_missing',
      blame: 'client',
      means:
        'A route of the MockTarget fits the path, but none of the fitting routes lists the method of the request.',
      check:
        'Compare the `method` of the log line with `spec.routes[].methods`; a route without `methods` answers every method.',
      proxyStatus: 'destination_not_found',
    },
    {
      reason: 'mocks_disabled',
      blame: 'config',
      means: 'The ApiProxy answers from a MockTarget, and mock responses are switched off in this gateway.',
      check:
        'Start the gateway with `--proxy.enable_mock_responses=true`, or give the ApiProxy a real backend before it meets a gateway without mocks.',
      proxyStatus: 'destination_not_found',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_10 = {
  code: 10,
  status: 500,
  message: 'Could not retrieve any matching Kubernetes services.',
  means: 'No Service fits the name or the labels that the ApiProxy gives.',
  check:
    'With a name: is there a Service of that name in the namespace of the ApiProxy? With labels: is there one there that carries all of them?',
  reasons: [
    {
      reason: 'service_missing',
      blame: 'config',
      means: 'No Service of the name that the ApiProxy gives is in the namespace of the ApiProxy.',
      check:
        'Run `kubectl get service <name> -n <namespace of the ApiProxy>` and compare with `spec.target.backend.service.name`.',
      proxyStatus: 'destination_unavailable',
    },
    {
      reason: 'service_labels_unmatched',
      blame: 'config',
      means: 'No Service in the namespace of the ApiProxy carries all the labels that it asks for.',
      check:
        'Run `kubectl get services -n <namespace> -l <label>=<value>,<label>=<value>` with the labels of the ApiProxy. Where a label takes its value from a request header, the detail on the span names the value that came.',
      proxyStatus: 'destination_unavailable',
    },
    {
      reason: 'service_label_header_absent',
      blame: 'client',
      means:
        'A label takes its value from a request header that the request did not send and that has no default.',
      check:
        'The detail on the span names the header. Send it, or start the gateway with a default: `--proxy.default_header_values <header>=<value>`.',
      proxyStatus: 'destination_unavailable',
    },
    {
      reason: 'service_port_missing',
      blame: 'config',
      means: 'The Service was found, and it does not have the port that the ApiProxy gives.',
      check:
        'Compare `spec.target.backend.service.port` of the ApiProxy with `kubectl get service <name> -n <namespace> -o jsonpath={.spec.ports}`; it is the port of the Service, not that of the pods.',
      proxyStatus: 'destination_unavailable',
    },
  ],
} as const satisfies CatalogueEntry
