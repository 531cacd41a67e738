import { describe, expect, it } from 'vitest'
import { endpointSlice, resourceOf } from '../support/manifests.ts'

describe('an EndpointSlice', () => {
  it('is read with its Service, ports and endpoints', () => {
    const manifest = endpointSlice('s-1')
      .of('s')
      .port(8080, 'http')
      .endpoint('10.0.0.1')
      .endpoint(['10.0.0.2'], false)
    expect(resourceOf(manifest)).toMatchObject({
      kind: 'EndpointSlice',
      serviceName: 's',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [
        { addresses: ['10.0.0.1'], ready: true },
        { addresses: ['10.0.0.2'], ready: false },
      ],
    })
  })

  it('takes unknown readiness as ready', () => {
    for (const conditions of [null, {}, { ready: null }, { ready: true, serving: false }]) {
      const manifest = endpointSlice('s-1').patched('endpoints', [{ addresses: ['10.0.0.1'], conditions }])
      expect(resourceOf(manifest)).toMatchObject({ endpoints: [{ ready: true }] })
    }
  })

  it('leaves out ports without a number, and may have no ports, endpoints or Service', () => {
    expect(
      resourceOf(endpointSlice('s-1').patched('ports', [{ name: 'x' }, { port: 1, name: null }])),
    ).toMatchObject({
      ports: [{ name: '', port: 1 }],
    })
    expect(resourceOf(endpointSlice('s-1').patched('ports', null).patched('endpoints', null))).toMatchObject({
      serviceName: '',
      ports: [],
      endpoints: [],
    })
  })

  it('can hold IPv6 addresses, in their shortest form, and names', () => {
    expect(resourceOf(endpointSlice('s-1').addressType('IPv6').endpoint('2001:DB8:0::1'))).toMatchObject({
      endpoints: [{ addresses: ['2001:db8::1'] }],
    })
    expect(resourceOf(endpointSlice('s-1').addressType('FQDN').endpoint('A.example'))).toMatchObject({
      endpoints: [{ addresses: ['a.example'] }],
    })
  })

  it.each([
    ['addressType', 'IPv5'],
    ['addressType', null],
    ['endpoints', {}],
    ['endpoints[0].addresses', [{ addresses: 'x' }]],
    ['endpoints[0].addresses[0]', [{ addresses: ['::1'] }]],
    ['endpoints[0].addresses[1]', [{ addresses: ['10.0.0.1', 7] }]],
    ['endpoints[0].conditions.ready', [{ addresses: [], conditions: { ready: 'yes' } }]],
    ['ports[0].port', [{ port: '80' }]],
  ])('has a problem at %s for %j', (field, value) => {
    const path = field.replace(/\[.*/u, '')
    expect(resourceOf(endpointSlice('s-1').patched(path, value))).toMatchObject({ problems: [{ field }] })
  })
})
