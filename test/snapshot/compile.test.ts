import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { apply, applyAll, EMPTY_STATE } from '../../src/events/state.ts'
import { KINDS, type PartFact, type Secret, type TlsFacts } from '../../src/resources/resource.ts'
import { build } from '../../src/snapshot/build.ts'
import { apiProxy, endpointSlice, mockTarget, service } from '../support/manifests.ts'
import { metaOf } from '../support/records.ts'
import {
  ask,
  askOutcome,
  conditionOf,
  type Known,
  listed,
  optionsWith,
  ORIGIN,
  refused,
  snapshotOf,
  stateOf,
} from '../support/world.ts'

const absent = (dataKey: string): PartFact => ({ state: 'absent', dataKey })
const parsed = (dataKey: string): PartFact => ({ state: 'parsed', dataKey })
const unparsable = (dataKey: string): PartFact => ({ state: 'unparsable', dataKey, why: 'not PEM' })

const GOOD: TlsFacts = {
  handle: 'default/tls#1',
  certificate: parsed('tls.crt'),
  key: parsed('tls.key'),
  ca: parsed('tls.ca'),
  pairFits: true,
}

function secretWith(tls: Partial<TlsFacts>, enabled = true): Secret {
  return { kind: 'Secret', meta: metaOf('default', 'tls'), enabled, tls: { ...GOOD, ...tls } }
}

const httpsProxy = apiProxy('a').at('/a').toEndpoint('https://up.example').ssl('tls')

describe('an endpoint', () => {
  it('is spoken to by its scheme, https without ssl by the trust roots of the system', () => {
    const { outcome } = ask(snapshotOf(apiProxy('a').at('/a').toEndpoint('https://up.example:8443')), '/a')
    expect(outcome).toEqual({
      type: 'upstream',
      scheme: 'https',
      endpoints: [{ host: 'up.example', port: 8443 }],
      tls: { id: 'system/up.example', serverName: 'up.example' },
    })
  })

  it('is spoken to by the Secret of ssl', () => {
    const { outcome } = ask(snapshotOf(httpsProxy, secretWith({})), '/a')
    expect(outcome).toMatchObject({
      scheme: 'https',
      tls: { id: 'default/tls#1/up.example', secretHandle: 'default/tls#1', serverName: 'up.example' },
    })
  })

  it('stays plain http beside ssl, which a condition notes', () => {
    const snapshot = snapshotOf(
      apiProxy('a').at('/a').toEndpoint('http://up.example').ssl('tls'),
      secretWith({}),
    )
    expect(ask(snapshot, '/a').outcome).toEqual({
      type: 'upstream',
      scheme: 'http',
      endpoints: [{ host: 'up.example', port: 80 }],
    })
    expect(conditionOf(snapshot, 'a', 'ResolvedRefs')?.message).toContain(
      'Secret default/tls is read but not used',
    )
  })

  it('fails by a Secret that cannot be used, also where its scheme is http', () => {
    const snapshot = snapshotOf(apiProxy('a').at('/a').toEndpoint('http://up.example').ssl('tls'))
    expect(askOutcome(snapshot, '/a')).toBe('default/a 06 secret_missing')
  })
})

describe('the Secret of ssl', () => {
  it.each<[string, Secret | undefined]>([
    ['06 secret_missing', undefined],
    ['06 secret_not_released', secretWith({ ca: unparsable('tls.ca') }, false)],
    [
      '06 secret_data_missing',
      secretWith({ certificate: absent('tls.crt'), key: absent('tls.key'), ca: absent('tls.ca') }),
    ],
    [
      '07 certificate_unparsable',
      secretWith({ certificate: unparsable('tls.crt'), key: unparsable('tls.key') }),
    ],
    ['07 key_unparsable', secretWith({ key: unparsable('tls.key'), ca: unparsable('tls.ca') })],
    ['07 certificate_unparsable', secretWith({ certificate: absent('tls.crt') })],
    ['07 key_unparsable', secretWith({ key: absent('tls.key') })],
    ['07 key_pair_mismatch', secretWith({ pairFits: false, ca: unparsable('tls.ca') })],
    ['08 ca_unparsable', secretWith({ ca: unparsable('tls.ca') })],
    [
      '08 ca_unparsable',
      secretWith({ certificate: absent('tls.crt'), key: absent('tls.key'), ca: unparsable('tls.ca') }),
    ],
  ])('fails with %s', (expected, secret) => {
    const snapshot = secret === undefined ? snapshotOf(httpsProxy) : snapshotOf(httpsProxy, secret)
    expect(askOutcome(snapshot, '/a')).toBe(`default/a ${expected}`)
  })

  it('is good with a CA alone, and with a pair alone', () => {
    const alone = [
      secretWith({ certificate: absent('tls.crt'), key: absent('tls.key'), pairFits: false }),
      secretWith({ ca: absent('tls.ca') }),
    ]
    for (const secret of alone)
      expect(askOutcome(snapshotOf(httpsProxy, secret), '/a')).toContain('https://up.example')
  })

  it('is unreadable where Secrets are refused or not yet listed', () => {
    const state = stateOf(httpsProxy, secretWith({}))
    const snapshot = build(apply(state, refused('Secret', 'HTTP status 403')), DEFAULT_OPTIONS)
    expect(askOutcome(snapshot, '/a')).toBe('default/a 06 secret_unreadable')
    expect(conditionOf(snapshot, 'a', 'Ready')?.message).toContain('HTTP status 403')
    const pending = applyAll(EMPTY_STATE, [listed('ApiProxy', httpsProxy)])
    expect(askOutcome(build(pending, DEFAULT_OPTIONS), '/a')).toBe('default/a 06 secret_unreadable')
  })

  it('is told to the owner with its name and the code that requests get', () => {
    const snapshot = snapshotOf(httpsProxy, secretWith({}, false))
    expect(conditionOf(snapshot, 'a', 'ResolvedRefs')).toMatchObject({
      status: 'False',
      reason: 'SecretNotReleased',
      code: '06',
      message:
        "requests are answered with code 06: Secret default/tls is not annotated kanali.io/enabled: 'true'",
    })
  })
})

describe('a Service', () => {
  const proxy = apiProxy('a').at('/a').service('s', 80)
  const plain = service('s').clusterIP('10.9.9.9').port(80, 'web').port(81, 'admin')
  const slice = endpointSlice('s-1').of('s').port(8080, 'web').port(8081, 'admin')

  it('is reached by its name in the cluster', () => {
    expect(askOutcome(snapshotOf(proxy, plain), '/a')).toBe(
      'default/a http://s.default.svc.cluster.local:80/',
    )
  })

  it('is reached by its cluster IP where an option says so and it has one', () => {
    const options = optionsWith({ 'proxy.enable_cluster_ip': true })
    expect(askOutcome(build(stateOf(proxy, plain, slice.endpoint('10.0.0.1')), options), '/a')).toContain(
      '//10.9.9.9:80/',
    )
    const headless = plain.patched('spec.clusterIP', 'None')
    expect(askOutcome(build(stateOf(proxy, headless), options), '/a')).toContain('//s.default.svc')
  })

  it('is reached by the ready addresses of its EndpointSlices, by the name of the port, in one order', () => {
    const world = [proxy, service('s').port(80, 'web').port(81, 'admin')]
    const more = [
      endpointSlice('s-2').of('s').port(9090, 'web').endpoint('10.0.0.3').endpoint('10.0.0.2', false),
      endpointSlice('s-1')
        .of('s')
        .port(8081, 'admin')
        .port(8080, 'web')
        .endpoint(['10.0.0.9', '10.0.0.1'], true),
      endpointSlice('other').of('other').port(8080, 'web').endpoint('10.0.0.7'),
      endpointSlice('s-1').inNamespace('elsewhere').of('s').port(8080, 'web').endpoint('10.0.0.8'),
    ]
    const expected = 'default/a http://10.0.0.1:8080,10.0.0.3:9090,10.0.0.9:8080/'
    expect(askOutcome(snapshotOf(...world, ...more), '/a')).toBe(expected)
    expect(askOutcome(snapshotOf(...world, ...more.toReversed()), '/a')).toBe(expected)
  })

  it('is reached by the only port of a slice whatever its name', () => {
    const single = endpointSlice('s-1').of('s').port(7000, 'x').endpoint('10.0.0.1')
    expect(askOutcome(snapshotOf(proxy, service('s').port(80, 'web'), single), '/a')).toContain(
      '//10.0.0.1:7000/',
    )
  })

  it('keeps the name in the cluster as the name of its certificate', () => {
    const world = [
      proxy.ssl('tls'),
      secretWith({}),
      service('s').port(80),
      endpointSlice('s-1').of('s').port(8443).endpoint('10.0.0.1'),
    ]
    expect(ask(snapshotOf(...world), '/a').outcome).toMatchObject({
      scheme: 'https',
      endpoints: [{ host: '10.0.0.1', port: 8443 }],
      tls: { serverName: 's.default.svc.cluster.local' },
    })
  })

  it('has no ready endpoint where there are slices and none of their addresses is ready', () => {
    const snapshot = snapshotOf(
      apiProxy('a').at('/a').service('s', 80),
      service('s').port(80),
      endpointSlice('s-1').of('s').port(1).endpoint('10.0.0.1', false),
    )
    expect(askOutcome(snapshot, '/a')).toBe('default/a 08 no_ready_endpoint')
    expect(conditionOf(snapshot, 'a', 'ResolvedRefs')?.status).toBe('True')
    expect(conditionOf(snapshot, 'a', 'Ready')).toMatchObject({ reason: 'NoReadyEndpoint', code: '08' })
  })

  it('takes no notice of slices where an option says so', () => {
    const world = stateOf(
      apiProxy('a').at('/a').service('s', 80),
      service('s').port(80),
      endpointSlice('s-1').of('s').port(1).endpoint('10.0.0.1'),
    )
    expect(askOutcome(build(world, optionsWith({ 'proxy.enable_endpoint_slices': false })), '/a')).toContain(
      '//s.default.svc',
    )
  })

  it.each<[string, readonly Known[]]>([
    ['10 service_missing', [apiProxy('a').at('/a').service('s', 80)]],
    [
      '10 service_missing',
      [apiProxy('a').at('/a').service('s', 80), service('s').inNamespace('elsewhere').port(80)],
    ],
    ['10 service_missing', [apiProxy('a').at('/a').service('s', 80), service('s').patched('spec', 3)]],
    ['10 service_port_missing', [apiProxy('a').at('/a').service('s', 80), service('s').port(81)]],
    ['10 service_port_missing', [apiProxy('a').at('/a').service('s', 80).ssl('none'), service('s').port(81)]],
    ['06 secret_missing', [apiProxy('a').at('/a').service('s', 80).ssl('none'), service('s').port(80)]],
  ])('fails with %s', (expected, world) => {
    expect(askOutcome(snapshotOf(...world), '/a')).toBe(`default/a ${expected}`)
  })

  it('takes any port where it lists none', () => {
    const world = [apiProxy('a').at('/a').service('s', 80), service('s')]
    expect(askOutcome(snapshotOf(...world), '/a')).toContain(':80/')
  })

  it('is not to be had where Services are refused or not yet listed', () => {
    const state = stateOf(apiProxy('a').at('/a').service('s', 80), service('s').port(80))
    expect(askOutcome(build(apply(state, refused('Service')), DEFAULT_OPTIONS), '/a')).toBe(
      'default/a 09 services_refused',
    )
    const lists = KINDS.filter((kind) => kind !== 'Service' && kind !== 'ApiProxy').map((kind) =>
      listed(kind),
    )
    const pending = applyAll(EMPTY_STATE, [
      ...lists,
      listed('ApiProxy', apiProxy('a').at('/a').service('s', 80)),
    ])
    expect(askOutcome(build(pending, DEFAULT_OPTIONS), '/a')).toBe('default/a 09 services_unsynced')
  })
})

describe('a mock', () => {
  const world = [apiProxy('a').at('/a').mock('m'), mockTarget('m').route('/', 200, 'hello')]

  it('fails with 02 where mocks are switched off, which is no fault of the reference', () => {
    const snapshot = build(stateOf(...world), optionsWith({ 'proxy.enable_mock_responses': false }))
    expect(askOutcome(snapshot, '/a')).toBe('default/a 02 mocks_disabled')
    expect(conditionOf(snapshot, 'a', 'ResolvedRefs')?.status).toBe('True')
  })

  it('fails with 02 where the MockTarget is missing, invalid, or in another namespace', () => {
    const proxy = apiProxy('a').at('/a').mock('m')
    const targets = [
      undefined,
      mockTarget('m').patched('spec', 3),
      mockTarget('m').inNamespace('b').route('/', 200),
    ]
    for (const target of targets) {
      const snapshot = target === undefined ? snapshotOf(proxy) : snapshotOf(proxy, target)
      expect(askOutcome(snapshot, '/a')).toBe('default/a 02 mock_target_missing')
    }
  })
})

describe('plugins', () => {
  const facts = [
    { name: 'guard', file: 'guard.mjs', methods: ['onRequest'] },
    { name: 'guard', version: '2', file: 'guard_2.mjs', methods: ['onRequest'] },
    { name: 'apikey', file: 'built-in', methods: ['onRequest'] },
    {
      name: 'broken',
      file: 'broken.mjs',
      methods: [],
      failure: { reason: 'plugin_export_missing', detail: 'no export' },
    },
    { name: 'versioned', version: '1', file: 'versioned_1.mjs', methods: [] },
  ] as const

  it.each([
    ['guard', undefined, 'guard.mjs'],
    ['guard', '2', 'guard_2.mjs'],
    ['guard', '3', 'plugin_version_missing'],
    ['Guard', undefined, 'plugin_file_missing'],
    ['ApiKey', undefined, 'built-in'],
    ['JWT', undefined, 'plugin_file_missing'],
    ['versioned', undefined, 'plugin_version_missing'],
    ['broken', undefined, 'plugin_export_missing'],
  ])('%s in version %s is %s', (name, version, expected) => {
    const proxy = apiProxy('a').at('/a').plugin(name, {}, version).toEndpoint('http://up.example')
    const state = apply(stateOf(proxy), { ...ORIGIN, type: 'plugins', plugins: facts })
    const [plugin] = ask(build(state, DEFAULT_OPTIONS), '/a').route?.plugins ?? []
    expect(plugin?.failure?.fact.reason ?? plugin?.file).toBe(expected)
  })

  it('that fail are told before the target, whose failure they hide', () => {
    const proxy = apiProxy('a').at('/a').plugin('none').service('none', 80)
    const snapshot = snapshotOf(proxy)
    expect(askOutcome(snapshot, '/a')).toBe('default/a 10 service_missing')
    expect(conditionOf(snapshot, 'a', 'Ready')).toMatchObject({ reason: 'PluginFileMissing', code: '03' })
    const message = conditionOf(snapshot, 'a', 'ResolvedRefs')?.message
    expect(message).toContain('requests are answered with code 03: ')
    expect(message).toContain('Service default/none does not exist')
  })

  it('that did not load have a condition of their own', () => {
    const snapshot = build(apply(stateOf(), { ...ORIGIN, type: 'plugins', plugins: facts }), DEFAULT_OPTIONS)
    expect([...snapshot.conditions]).toEqual([
      {
        kind: 'Plugin',
        namespace: '',
        name: 'broken',
        type: 'Accepted',
        status: 'False',
        reason: 'PluginExportMissing',
        message: 'no export',
        code: '04',
      },
    ])
  })
})
