// The options of what faces upstreams.

import { list, map } from './collection-kind.ts'
import { option } from './option.ts'
import { BOOLEAN, choice, duration, integer, text } from './value-kind.ts'
import { headerName } from './value-rules.ts'

export const PROXY_OPTIONS = [
  option(
    'proxy.enable_cluster_ip',
    BOOLEAN,
    false,
    'Whether a Service is reached by its cluster IP instead of `NAME.NAMESPACE.svc.cluster.local`.',
    'true',
  ),
  option(
    'proxy.enable_endpoint_slices',
    BOOLEAN,
    true,
    'Whether a Service is reached by the ready addresses of its EndpointSlices, where there are any.',
    'false',
  ),
  option(
    'proxy.header_mask_Value',
    text('text', 'text of at most 1000 characters on one line'),
    'omitted',
    'What stands in place of the value of a masked header in spans and logs.',
    '***',
  ),
  option(
    'proxy.mask_header_keys',
    list('header names', headerName),
    [],
    'Headers whose values are masked beside authorization, cookies and api keys, which always are.',
    'x-session,x-user',
  ),
  option(
    'proxy.enable_mock_responses',
    BOOLEAN,
    true,
    'Whether an ApiProxy with a mock backend is answered from its MockTarget; if not, it answers code 02.',
    'false',
  ),
  option(
    'proxy.upstream_timeout',
    duration(),
    10_000,
    'How long an upstream may take for the head of its answer, and pause while it reads the request or sends its answer.',
    '0h0m10s',
  ),
  option(
    'proxy.connect_timeout',
    duration(),
    5000,
    'How long an upstream may take to accept a connection, the TLS handshake included.',
    '2s',
  ),
  option(
    'proxy.tls_common_name_validation',
    BOOLEAN,
    true,
    'Whether the certificate of an upstream must be made out to its host name. Its chain is verified either way.',
    'false',
  ),
  option(
    'proxy.default_header_values',
    map('header names with values, each name once', headerName),
    {},
    'Values that dynamic discovery takes for request headers that are absent.',
    'foo=bar,car=baz',
  ),
  option(
    'proxy.upstream_transport',
    choice('socket', 'undici'),
    'socket',
    'What speaks HTTP/1.1 to upstreams: the gateway itself on sockets, or undici, which costs more.',
    'undici',
  ),
  option(
    'proxy.max_connections_per_endpoint',
    integer(1, 65_535),
    256,
    'Most connections to one endpoint at the same time.',
    '64',
  ),
  option(
    'proxy.max_pending_per_endpoint',
    integer(0, 1_000_000),
    1024,
    'Most requests that wait for a connection to one endpoint; more are answered code 08.',
    '100',
  ),
  option(
    'proxy.max_connection_age',
    duration(),
    300_000,
    'Age after which a connection to an upstream takes no new request.',
    '10m',
  ),
  option(
    'proxy.idle_connection_timeout',
    duration(),
    4000,
    'How long a connection to an upstream stays open without a request. Keep it below the keep-alive time of the upstreams.',
    '30s',
  ),
  option(
    'proxy.allow_restricted_upstreams',
    BOOLEAN,
    false,
    "Whether upstreams may have link-local addresses or be this gateway's own admin ports.",
    'true',
  ),
  option(
    'proxy.proxy_status',
    BOOLEAN,
    false,
    'Whether error answers carry the `Proxy-Status` header (RFC 9209).',
    'true',
  ),
] as const
