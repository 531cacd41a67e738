// The options of what faces clients: the listeners of the gateway and what they accept.

import { list } from './collection-kind.ts'
import { option } from './option.ts'
import { bytes, duration, integer, PATH, PORT, WORKERS } from './value-kind.ts'
import { addressBlock, BIND_ADDRESS } from './value-rules.ts'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

export const SERVER_OPTIONS = [
  option('server.insecure_port', PORT, 8080, 'Port of the HTTP listener.', '8080'),
  option(
    'server.secure_port',
    PORT,
    0,
    'Port of the HTTPS listener. Needs `server.tls.cert_file` and `server.tls.key_file`.',
    '8443',
  ),
  option(
    'server.insecure_bind_address',
    BIND_ADDRESS,
    '0.0.0.0',
    'Address that the HTTP listener binds to.',
    '127.0.0.1',
  ),
  option(
    'server.secure_bind_address',
    BIND_ADDRESS,
    '0.0.0.0',
    'Address that the HTTPS listener binds to.',
    '0.0.0.0',
  ),
  option(
    'server.tls.cert_file',
    PATH,
    undefined,
    'Certificate chain of the HTTPS listeners, PEM, own certificate first. Read again when it changes.',
    '/etc/kanali/tls.crt',
  ),
  option(
    'server.tls.key_file',
    PATH,
    undefined,
    'Private key of the HTTPS listeners, PEM, without a passphrase. Read again when it changes.',
    '/etc/kanali/tls.key',
  ),
  option(
    'server.tls.ca_file',
    PATH,
    undefined,
    'Certificate authorities, PEM. When set, clients of the HTTPS listener must present a certificate that one of them signed.',
    '/etc/kanali/clients.crt',
  ),
  option(
    'server.tls.sni_directory',
    PATH,
    undefined,
    'Folder with further pairs `NAME.crt` and `NAME.key`, each served for the names in its certificate. Read again when it changes.',
    '/etc/kanali/sni',
  ),
  option(
    'server.max_header_bytes',
    bytes(KIB, MIB),
    16 * KIB,
    'Most bytes of request line and header fields together; more is answered 431.',
    '32KiB',
  ),
  option(
    'server.max_header_count',
    integer(1, 10_000),
    100,
    'Most header fields of a request; more is answered 431.',
    '200',
  ),
  option(
    'server.max_body_bytes',
    bytes(0, 1024 * GIB),
    2 * GIB,
    'Most bytes of the content of a request; more is answered 413. 0 is no limit.',
    '10MiB',
  ),
  option(
    'server.max_requests',
    integer(1, 1_000_000),
    10_000,
    'Most requests at the same time; more are answered 503.',
    '2000',
  ),
  option(
    'server.max_connections',
    integer(1, 1_000_000),
    10_000,
    'Most connections of clients at the same time; more are answered 503 and closed.',
    '5000',
  ),
  option(
    'server.idle_timeout',
    duration(),
    75_000,
    'How long a connection may stay open without a request.',
    '60s',
  ),
  option(
    'server.header_timeout',
    duration(),
    10_000,
    'How long a client may take to send the head of a request.',
    '5s',
  ),
  option(
    'server.body_timeout',
    duration(),
    60_000,
    'How long a client may pause between two parts of the content of a request.',
    '30s',
  ),
  option(
    'server.workers',
    WORKERS,
    1,
    'Number of processes that serve requests, or `auto` for one a core. With 1 the process that reads the source serves them too; with more it only feeds, counts and replaces the others.',
    'auto',
  ),
  option(
    'server.shutdown_timeout',
    duration(0),
    30_000,
    'How long requests in flight may take to finish after SIGTERM.',
    '20s',
  ),
  option(
    'server.trusted_proxies',
    list('addresses or CIDR blocks', addressBlock),
    [],
    'Peers whose `X-Forwarded-*` and `Forwarded` header fields are believed and passed on.',
    '10.0.0.0/8,192.168.1.7',
  ),
] as const
