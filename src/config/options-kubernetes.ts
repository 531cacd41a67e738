// The options of the API server as a source: access to it, what of it is watched, what is written back; and those of
// the admission webhook.

import { list } from './collection-kind.ts'
import { option } from './option.ts'
import { BOOLEAN, duration, PATH, PORT, text } from './value-kind.ts'
import { BIND_ADDRESS, isNamespace, NAMESPACE } from './value-rules.ts'

export const KUBERNETES_OPTIONS = [
  option(
    'kubernetes.kubeconfig',
    PATH,
    undefined,
    'Kubeconfig file for access to the API server; without one, that of the pod.',
    '/etc/kanali/kubeconfig',
  ),
  option(
    'kubernetes.namespaces',
    list('namespaces', (written) => (isNamespace(written) ? written : undefined)),
    [],
    'Namespaces that are watched; empty: all. With a list, Roles in these namespaces suffice for everything but ApiKeys, which have no namespace.',
    'team-a,team-b',
  ),
  option(
    'kubernetes.secret_selector',
    text('selector', 'a label selector of at most 1000 characters on one line'),
    '',
    'Label selector for the Secrets that are watched; empty: all are looked at, and those without the annotation of the gateway are dropped on arrival.',
    'kanali.io/tls=true',
  ),
  option(
    'kubernetes.sync_timeout',
    duration(),
    30_000,
    'How long a start waits for kinds other than ApiProxy. Then requests are served without them, and those that need a Service answer code 09.',
    '1m',
  ),
  option(
    'kubernetes.staleness_limit',
    duration(0),
    0,
    'Silence of the API server after which Services are no longer trusted and requests to them answer code 09; 0: the last known ones are served for as long as it takes.',
    '15m',
  ),
  option(
    'kubernetes.ensure_crds',
    BOOLEAN,
    true,
    'Whether a start installs the CustomResourceDefinitions, or renews older ones, where the gateway is allowed to. Newer ones are left alone.',
    'false',
  ),
  option(
    'kubernetes.write_status',
    BOOLEAN,
    true,
    'Whether conditions are written to the status of ApiProxies, by one replica at a time, and Events on their changes.',
    'false',
  ),
  option(
    'kubernetes.lease_namespace',
    text(
      'name',
      `${NAMESPACE.allowed}; empty for that of the pod`,
      (written) => written === '' || isNamespace(written),
      (written) => written.trim(),
    ),
    '',
    'Namespace of the Lease `kanali-status` by which replicas agree who writes; empty: that of the pod or of the kubeconfig.',
    'kanali',
  ),
  option(
    'validator.secure_port',
    PORT,
    8443,
    'Port of the admission webhook (`validator start`). Its certificate is that of `server.tls.cert_file` and `server.tls.key_file`.',
    '8443',
  ),
  option(
    'validator.secure_bind_address',
    BIND_ADDRESS,
    '0.0.0.0',
    'Address that the admission webhook binds to.',
    '0.0.0.0',
  ),
] as const
