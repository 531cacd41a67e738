import { expect, expectTypeOf, test } from 'vitest'
import { variableOf } from '../../src/config/option.ts'
import { DEFAULT_OPTIONS, type Options, ROWS } from '../../src/config/options.ts'

test('no two options share a name in lower case or a variable', () => {
  expect(new Set(ROWS.map((row) => row.name.toLowerCase())).size).toBe(ROWS.length)
  expect(new Set(ROWS.map((row) => variableOf(row.name))).size).toBe(ROWS.length)
})

test('no name of an option is the group of another', () => {
  for (const { name } of ROWS) {
    expect(ROWS.filter((other) => other.name.toLowerCase().startsWith(`${name.toLowerCase()}.`))).toEqual([])
  }
})

test('every default is a value that its option allows', () => {
  for (const { name, kind, default: preset } of ROWS) {
    expect(kind.parse(kind.format(preset))?.value, name).toEqual(preset)
  }
})

test('every example is allowed', () => {
  for (const { name, kind, example } of ROWS) expect(kind.parse(example), name).toBeDefined()
})

test('every option says what it sets in sentences', () => {
  for (const { name, doc } of ROWS) expect(doc, name).toMatch(/^[A-Z].*\.$/)
})

test('the defaults are those that users rely on', () => {
  expect(DEFAULT_OPTIONS).toEqual({
    'server.insecure_port': 8080,
    'server.secure_port': 0,
    'server.insecure_bind_address': '0.0.0.0',
    'server.secure_bind_address': '0.0.0.0',
    'server.tls.cert_file': undefined,
    'server.tls.key_file': undefined,
    'server.tls.ca_file': undefined,
    'server.tls.sni_directory': undefined,
    'server.max_header_bytes': 16 * 1024,
    'server.max_header_count': 100,
    'server.max_body_bytes': 2 * 1024 ** 3,
    'server.max_requests': 10_000,
    'server.max_connections': 10_000,
    'server.idle_timeout': 75_000,
    'server.header_timeout': 10_000,
    'server.body_timeout': 60_000,
    'server.workers': 1,
    'server.shutdown_timeout': 30_000,
    'server.trusted_proxies': [],
    'source.directory': undefined,
    'source.namespace': 'default',
    'kubernetes.kubeconfig': undefined,
    'kubernetes.namespaces': [],
    'kubernetes.secret_selector': '',
    'kubernetes.sync_timeout': 30_000,
    'kubernetes.staleness_limit': 0,
    'kubernetes.ensure_crds': true,
    'kubernetes.write_status': true,
    'kubernetes.lease_namespace': '',
    'routing.cross_namespace': 'warn',
    'validator.secure_port': 8443,
    'validator.secure_bind_address': '0.0.0.0',
    'plugins.location': undefined,
    'plugins.deadline': 5000,
    'plugins.watchdog_timeout': 5000,
    'plugins.apiKey.decryption_key_file': undefined,
    'plugins.apiKey.header_key': 'apikey',
    'plugins.jwt.fetch_timeout': 5000,
    'plugins.jwt.stale_limit': 86_400_000,
    'limits.redis_url': '',
    'limits.redis_password_file': undefined,
    'limits.redis_sentinels': [],
    'limits.redis_sentinel_master': 'mymaster',
    'limits.store_timeout': 100,
    'limits.on_store_failure': 'local_share',
    'limits.replicas': 2,
    'limits.lease': 0,
    'limits.max_entries': 100_000,
    'process.log_level': 'info',
    'process.log_format': 'auto',
    'process.access_log': true,
    'profiling.insecure_port': 9090,
    'profiling.insecure_bind_address': '127.0.0.1',
    'profiling.allowed_hosts': [],
    'profiling.heap_snapshot': false,
    'prometheus.insecure_port': 9000,
    'prometheus.insecure_bind_address': '0.0.0.0',
    'prometheus.secure_port': 0,
    'prometheus.secure_bind_address': '0.0.0.0',
    'proxy.enable_cluster_ip': false,
    'proxy.enable_endpoint_slices': true,
    'proxy.header_mask_Value': 'omitted',
    'proxy.mask_header_keys': [],
    'proxy.enable_mock_responses': true,
    'proxy.upstream_timeout': 10_000,
    'proxy.connect_timeout': 5000,
    'proxy.tls_common_name_validation': true,
    'proxy.default_header_values': {},
    'proxy.upstream_transport': 'socket',
    'proxy.max_connections_per_endpoint': 256,
    'proxy.max_pending_per_endpoint': 1024,
    'proxy.max_connection_age': 300_000,
    'proxy.idle_connection_timeout': 4000,
    'proxy.allow_restricted_upstreams': false,
    'proxy.proxy_status': false,
    'errors.details_base': 'https://kanali.io/docs/v2/errorcodes/',
    'tracing.config_file': undefined,
    'tracing.inbound': 'continue',
    'tracing.query_allow_list': [],
    'explain.exchanges': 1000,
    'explain.failed_exchanges': 500,
    'events.journal_dir': undefined,
    'events.start_from_journal': false,
    'events.journal_fsync': 'interval',
    'events.journal_fsync_interval': 1000,
    'events.journal_max_bytes': 256 * 1024 ** 2,
    'events.journal_max_age': 168 * 3_600_000,
    'events.journal_segment_bytes': 16 * 1024 ** 2,
    'events.journal_checkpoint_records': 50_000,
  } satisfies Options)
  expect(Object.isFrozen(DEFAULT_OPTIONS)).toBe(true)
})

test('an option has the type of its kind', () => {
  expectTypeOf<Options['proxy.upstream_timeout']>().toEqualTypeOf<number>()
  expectTypeOf<Options['server.tls.cert_file']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Options['process.log_level']>().toEqualTypeOf<'debug' | 'info' | 'warn' | 'error'>()
  expectTypeOf<Options['server.trusted_proxies']>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<Options['proxy.default_header_values']>().toEqualTypeOf<Readonly<Record<string, string>>>()
})
