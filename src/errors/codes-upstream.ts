// Code 08: everything that can go wrong between the gateway and the upstream.
// One code covers many causes, so the reasons here are finer than those of RFC 9209, and named after them where one fits.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_08 = {
  code: 8,
  status: 502,
  message: 'Could not get a valid or any response from the upstream server.',
  means: 'The request to the upstream failed.',
  check:
    'Reach the upstream without the gateway (curl from a pod), and look at the target of the ApiProxy, at network policies and at routes.',
  reasons: [
    {
      reason: 'dns_error',
      blame: 'upstream',
      means: 'The host name of the upstream could not be resolved to an address.',
      check:
        'Run `getent hosts <host>` where the gateway runs. For a Service, check that it exists and that the cluster DNS answers; for an `endpoint`, check the spelling.',
      proxyStatus: 'dns_error',
    },
    {
      reason: 'connection_refused',
      blame: 'upstream',
      means: 'The address of the upstream answered that nothing listens on that port.',
      check:
        'The log field `upstream` has host and port. Run `curl -v telnet://<host>:<port>` from the gateway; compare the port with the one that the upstream listens on, and see whether its process runs.',
      proxyStatus: 'connection_refused',
    },
    {
      reason: 'destination_unroutable',
      blame: 'upstream',
      means: 'There is no network route from the gateway to the address of the upstream.',
      check:
        'Run `ip route get <address>` where the gateway runs; look at network policies and firewalls, and whether the address is of a family (IPv6) that the node does not have.',
      proxyStatus: 'destination_ip_unroutable',
    },
    {
      reason: 'connection_timeout',
      blame: 'upstream',
      means: 'The upstream did not accept a connection within `proxy.connect_timeout`.',
      check:
        'Packets are dropped on the way, or the accept queue of the upstream is full. Run `curl -v --connect-timeout 5 http://<host>:<port>/` from the gateway; look at network policies and at the load of the upstream.',
      proxyStatus: 'connection_timeout',
    },
    {
      reason: 'tls_handshake_failed',
      blame: 'upstream',
      means:
        'The TLS handshake failed for a cause that is neither the certificate of the upstream nor that of the gateway.',
      check:
        'Run `openssl s_client -connect <host>:<port> -servername <host>`: do the two share a protocol version and a cipher? The detail on the span has the message of the TLS library.',
      proxyStatus: 'tls_protocol_error',
    },
    {
      reason: 'tls_certificate_untrusted',
      blame: 'upstream',
      means:
        'The certificate of the upstream does not lead to a certificate authority that the gateway trusts for it.',
      check:
        'With an `ssl` field only the CA of its Secret counts, without one those of the system. Run `openssl s_client -connect <host>:<port> -servername <host> -CAfile <tls.ca> -verify_return_error`; an intermediate certificate that the upstream does not send is a frequent cause.',
      proxyStatus: 'tls_certificate_error',
    },
    {
      reason: 'tls_certificate_expired',
      blame: 'upstream',
      means: 'The certificate of the upstream, or one of its chain, is not valid at this time.',
      check:
        'Run `openssl s_client -connect <host>:<port> -servername <host> </dev/null | openssl x509 -noout -dates`, renew the certificate, and make sure that the upstream serves the new one. Check the clock of the gateway too.',
      proxyStatus: 'tls_certificate_error',
    },
    {
      reason: 'tls_certificate_name_mismatch',
      blame: 'upstream',
      means:
        'The certificate of the upstream is not made out to the name under which the gateway speaks to it.',
      check:
        'Compare the host of the log field `upstream` with `openssl s_client -connect <host>:<port> </dev/null | openssl x509 -noout -ext subjectAltName`. For certificates that never name the host, `--proxy.tls_common_name_validation=false` skips the check of the name.',
      proxyStatus: 'tls_certificate_error',
    },
    {
      reason: 'tls_client_certificate_refused',
      blame: 'upstream',
      means: 'The upstream asked for a client certificate and refused what it got, or got none.',
      check:
        'Does the ApiProxy have an `ssl` field, and does its Secret hold certificate and key? Compare the issuer of that certificate with the authorities that the upstream accepts, which `openssl s_client -connect <host>:<port> </dev/null` lists.',
      proxyStatus: 'tls_alert_received',
    },
    {
      reason: 'tls_not_spoken',
      blame: 'upstream',
      means: 'The gateway began a TLS handshake, and the upstream answered with something that is not TLS.',
      check:
        'Most often the port speaks plain HTTP: try `curl -v http://<host>:<port>/`. Take the `ssl` field away or write `http://` in the `endpoint`, or give the port that speaks TLS.',
      proxyStatus: 'tls_protocol_error',
    },
    {
      reason: 'connection_closed_before_head',
      blame: 'upstream',
      means: 'The upstream closed or reset the connection before it sent the first byte of an answer.',
      check:
        'Look at the log and the restarts of the upstream at the time of the span (`kubectl get pods`, `kubectl logs --previous`). If it happens only to POST and PATCH, which are not sent again, its keep-alive time is shorter than `proxy.idle_connection_timeout`.',
      proxyStatus: 'connection_terminated',
    },
    {
      reason: 'connection_closed_in_head',
      blame: 'upstream',
      means: 'The upstream closed or reset the connection in the middle of the head of its answer.',
      check:
        'The upstream broke off while it wrote: look at its log and its restarts at the time of the span, and repeat the request with `curl -v` directly.',
      proxyStatus: 'http_response_incomplete',
    },
    {
      reason: 'connection_closed_in_body',
      blame: 'upstream',
      means: 'The upstream closed or reset the connection before its answer was complete.',
      check:
        'The client got a cut answer (`kanali.response.truncated` on the span). Repeat with `curl -v` directly: "transfer closed with outstanding read data" shows the same; then look for a crash or a too large Content-Length in the upstream.',
      proxyStatus: 'http_response_incomplete',
    },
    {
      reason: 'response_malformed',
      blame: 'upstream',
      means:
        'What the upstream sent is not an HTTP/1.1 answer: its head, its lengths or its chunks are not well-formed.',
      check:
        'Look at the bytes: `curl -s --http0.9 --raw --max-time 5 http://<host>:<port><path> | head -c 500`. Frequent: the port speaks TLS, HTTP/2 or another protocol, or two different Content-Length fields are sent.',
      proxyStatus: 'http_protocol_error',
    },
    {
      reason: 'response_unframeable',
      blame: 'upstream',
      means: 'The answer has a transfer coding other than chunked, so where it ends cannot be known.',
      check:
        'Run `curl -sv --raw http://<host>:<port><path> -o /dev/null` and look at `Transfer-Encoding`: the gateway knows `chunked` alone. Compression belongs into `Content-Encoding`.',
      proxyStatus: 'http_response_transfer_coding',
    },
    {
      reason: 'response_header_too_large',
      blame: 'upstream',
      means: 'The head of the answer is larger than the gateway accepts.',
      check:
        'Measure it: `curl -s -o /dev/null -D - http://<host>:<port><path> | wc -c`. Usually cookies have piled up, or debug fields were left on.',
      proxyStatus: 'http_response_header_section_size',
    },
    {
      reason: 'response_head_timeout',
      blame: 'upstream',
      means: 'The upstream took the request and sent no head of an answer within `proxy.upstream_timeout`.',
      check:
        'Compare `upstream_ms` of other requests of this route, and time it directly: `curl -s -o /dev/null -w "%{time_starttransfer}\\n" http://<host>:<port><path>`. Make it faster, or raise `proxy.upstream_timeout`.',
      proxyStatus: 'http_response_timeout',
    },
    {
      reason: 'response_body_timeout',
      blame: 'upstream',
      means: 'The upstream began its answer and then sent nothing more for `proxy.upstream_timeout`.',
      check:
        'The client got a cut answer. See with `curl -N -v http://<host>:<port><path>` where the upstream pauses; a stream that is quiet for long needs a sign of life of its own, or a longer `proxy.upstream_timeout`.',
      proxyStatus: 'connection_read_timeout',
    },
    {
      reason: 'request_send_timeout',
      blame: 'upstream',
      means: 'The upstream stopped reading the content of the request for `proxy.upstream_timeout`.',
      check:
        'The upstream is stuck or overloaded, or waits for something before it reads: upload directly with `curl -v -T <file> http://<host>:<port><path>` and look at its workers.',
      proxyStatus: 'connection_write_timeout',
    },
    {
      reason: 'ca_unparsable',
      blame: 'config',
      means:
        'The data key for the certificate authority in the Secret does not hold X.509 certificates in PEM.',
      check:
        "Run `kubectl get secret <name> -n <namespace> -o jsonpath='{.data.tls\\.ca}' | base64 -d | openssl x509 -noout -subject -enddate` and store the CA again.",
      proxyStatus: 'proxy_configuration_error',
    },
    {
      reason: 'no_ready_endpoint',
      blame: 'config',
      means: 'The Service exists, and none of its endpoints is ready.',
      check:
        'Run `kubectl get endpointslices -n <namespace> -l kubernetes.io/service-name=<service>`: if there are none, the selector of the Service fits no pod; if they are not ready, see the readiness probes of the pods.',
      proxyStatus: 'destination_unavailable',
    },
    {
      reason: 'connection_limit',
      blame: 'gateway',
      means:
        'Every connection to this endpoint was in use, and too many requests were waiting already or none became free in time.',
      check:
        'The upstream is slower than its requests come in: compare `kanali_upstream_duration_seconds` with its usual course. Give it more replicas, or raise `proxy.max_connections_per_endpoint` or `proxy.max_pending_per_endpoint`.',
      proxyStatus: 'connection_limit_reached',
    },
    {
      reason: 'address_not_allowed',
      blame: 'config',
      means:
        'The upstream resolved to an address that the gateway does not connect to: link-local, or one of its own admin ports.',
      check:
        'Run `getent hosts <host>` where the gateway runs. If the address is meant, start the gateway with `--proxy.allow_restricted_upstreams=true`; if not, find out who wrote the ApiProxy or changed the DNS record.',
      proxyStatus: 'destination_ip_prohibited',
    },
    {
      reason: 'unexpected_informational',
      blame: 'upstream',
      means:
        'The upstream sent a status 101 that nobody had asked for; or a 100, which only undici fails on.',
      check:
        'Run `curl -v http://<host>:<port><path>` and look for `101 Switching Protocols`, or with `proxy.upstream_transport: undici` for `100 Continue`, before the answer; the gateway never sends Upgrade.',
      proxyStatus: 'http_protocol_error',
    },
    {
      reason: 'upstream_error',
      blame: 'upstream',
      means: 'The request to the upstream failed in a way that the gateway cannot tell more about.',
      check:
        'The detail and the exception on the span hold what the transport said. If it happens again, report it, so that it gets a reason of its own.',
      proxyStatus: 'destination_unavailable',
      generic: true,
    },
  ],
} as const satisfies CatalogueEntry
