// Request, response and context as a plugin sees them, and what it cannot do with them.

import { describe, expect, it } from 'vitest'
import { ResponseView } from '../../src/plugins/response-view.ts'
import { StepContext } from '../../src/plugins/step-context.ts'
import { requestView, ROUTE, step, TRACE_ID } from './plugin-folder.ts'

describe('the request that a plugin sees', () => {
  it('has the facts of the exchange', () => {
    const { method, path, query, host, clientAddress, targetPath, traceId } = requestView()
    expect({ method, path, query, host, clientAddress, targetPath, traceId }).toEqual({
      method: 'GET',
      path: '/orders/7',
      query: 'full=1',
      host: 'shop.example',
      clientAddress: '192.0.2.7',
      targetPath: '/v1/7',
      traceId: TRACE_ID,
    })
  })

  it('does not let a plugin change a fact for those that follow', () => {
    const request = requestView()
    expect(Reflect.set(request, 'clientAddress', '10.0.0.1')).toBe(false)
    expect(request.clientAddress).toBe('192.0.2.7')
  })

  it('shows to the next plugin and to the exchange what one plugin changed', () => {
    const raw = Object.freeze(['X-User', 'mallory', 'cookie', 'a=1'])
    const request = requestView(raw)
    expect(request.headers()).toBe(raw)
    request.setHeader('x-user', 'alice')
    request.removeHeader('Cookie')
    request.addHeader('x-user', 'bob')
    expect(request.headerValues('X-USER')).toEqual(['alice', 'bob'])
    expect(request.headers()).toEqual(['x-user', 'alice', 'x-user', 'bob'])
  })
})

describe('the response that a plugin sees', () => {
  it('lets its status change between statuses that have content', () => {
    const response = new ResponseView(200, ['a', '1'])
    response.status = 503
    response.setHeader('A', '2')
    response.addHeader('a', '3')
    expect(response.status).toBe(503)
    expect(response.headerValues('a')).toEqual(['2', '3'])
    response.removeHeader('a')
    expect(response.headers()).toEqual([])
  })

  it.each([100, 199, 600, 200.5, Number.NaN, '200'])('refuses the status %s', (status) => {
    expect(() => Reflect.set(new ResponseView(201, []), 'status', status)).toThrow(/200 to 599/)
  })

  it.each([
    [200, 204],
    [200, 304],
    [304, 200],
    [205, 200],
  ])('refuses to change from %i to %i, since one of them has no content', (from, to) => {
    const response = new ResponseView(from, [])
    expect(() => {
      response.status = to
    }).toThrow(/no content/)
    response.status = from
    expect(response.status).toBe(from)
  })
})

describe('the context of a call', () => {
  it('has the configuration, which cannot be changed, and the name of the ApiProxy', () => {
    const { context } = step('p.mjs', { header: 'x-user' })
    expect(context.apiproxy).toEqual({ namespace: 'shop', name: 'orders' })
    expect(Reflect.set(context.config, 'header', 'other')).toBe(false)
    expect(context.config['header']).toBe('x-user')
  })

  it('has a signal that is aborted when the client goes, asked for before or after', () => {
    const { compiled } = step('p.mjs')
    const early = new StepContext(compiled, ROUTE, TRACE_ID)
    const { signal } = early
    expect(signal.aborted).toBe(false)
    early.clientGone()
    expect(signal.reason).toMatchObject({ name: 'AbortError' })
    const late = new StepContext(compiled, ROUTE, TRACE_ID)
    late.clientGone()
    late.deadlinePassed(1)
    expect(late.signal.reason).toMatchObject({ name: 'AbortError' })
  })
})
