import { describe, expect, it } from 'vitest'
import { mockTarget, resourceOf } from '../support/manifests.ts'

function withRoute(route: unknown) {
  return resourceOf(mockTarget('m').patched('spec.routes', [route]))
}

describe('a MockTarget', () => {
  it('is read whole, in normal form', () => {
    const manifest = mockTarget('m')
      .route('//a/', 200, '{"x":1}', {
        methods: ['get', 'Post', 'GET'],
        headers: { 'X-A': ' b\t', 'x-empty': '' },
      })
      .route('/', 404)
    expect(resourceOf(manifest)).toMatchObject({
      kind: 'MockTarget',
      routes: [
        {
          path: '/a',
          status: 200,
          methods: ['GET', 'POST'],
          headers: [
            ['X-A', 'b'],
            ['x-empty', ''],
          ],
          body: '{"x":1}',
        },
        { path: '/', status: 404, headers: [], body: '' },
      ],
    })
  })

  it('answers any method where it names none', () => {
    for (const methods of [undefined, null, []]) {
      expect(withRoute({ path: '/', status: 200, methods })).not.toHaveProperty('routes.0.methods')
    }
  })

  it('takes numbers and booleans as header values', () => {
    expect(withRoute({ path: '/', status: 200, headers: { 'x-count': 3, 'x-on': true } })).toMatchObject({
      routes: [
        {
          headers: [
            ['x-count', '3'],
            ['x-on', 'true'],
          ],
        },
      ],
    })
  })

  it.each([200, 204, 304, 599])('can have the status %i with an empty body', (status) => {
    expect(withRoute({ path: '/', status })).toMatchObject({ routes: [{ status, body: '' }] })
  })

  it.each([
    [{ path: '/' }, 'status'],
    [{ status: 200 }, 'path'],
    [{ path: '/', status: 100 }, 'status'],
    [{ path: '/', status: 199 }, 'status'],
    [{ path: '/', status: 600 }, 'status'],
    [{ path: '/', status: '200' }, 'status'],
    [{ path: '/', status: 200.5 }, 'status'],
    [{ path: '/', status: 204, body: 'x' }, 'body'],
    [{ path: '/', status: 205, body: 'x' }, 'body'],
    [{ path: '/', status: 304, body: 'x' }, 'body'],
    [{ path: '/', status: 200, body: {} }, 'body'],
    [{ path: '/a/../b', status: 200 }, 'path'],
    [{ path: '/a?b', status: 200 }, 'path'],
    [{ path: '/', status: 200, methods: 'GET' }, 'methods'],
    [{ path: '/', status: 200, methods: ['G T'] }, 'methods[0]'],
    [{ path: '/', status: 200, methods: [1] }, 'methods[0]'],
    [{ path: '/', status: 200, headers: [] }, 'headers'],
    [{ path: '/', status: 200, headers: { 'a b': 'c' } }, 'headers[a b]'],
    [{ path: '/', status: 200, headers: { a: {} } }, 'headers.a'],
    [{ path: '/', status: 200, headers: { a: 'b\r\nc: d' } }, 'headers.a'],
    [{ path: '/', status: 200, headers: { a: 'b\n' } }, 'headers.a'],
    [{ path: '/', status: 200, headers: { a: '\0' } }, 'headers.a'],
    [{ path: '/', status: 200, headers: { a: '€' } }, 'headers.a'],
    [{ path: '/', status: 200, headers: { Connection: 'close' } }, 'headers.Connection'],
    [{ path: '/', status: 200, headers: { 'Transfer-Encoding': 'chunked' } }, 'headers.Transfer-Encoding'],
    [{ path: '/', status: 200, headers: { 'content-length': 0 } }, 'headers.content-length'],
    [{ path: '/', status: 200, headers: { upgrade: 'h2c' } }, 'headers.upgrade'],
    [{ path: '/', status: 200, headers: { A: 'b', a: 'b' } }, 'headers.a'],
  ])('with the route %j has a problem at %s', (route, field) => {
    const resource = withRoute(route)
    expect(resource).toMatchObject({ problems: [{ field: `spec.routes[0].${field}` }] })
    expect('problems' in resource && resource.problems).toHaveLength(1)
  })

  it('cannot have two routes for the same path and method', () => {
    expect(
      resourceOf(
        mockTarget('m')
          .route('/a', 200, '', { methods: ['GET', 'PUT'] })
          .route('/a/', 201, '', { methods: ['put'] }),
      ),
    ).toMatchObject({ problems: [{ field: 'spec.routes[1].path', rule: 'must not be there twice for PUT' }] })
    expect(resourceOf(mockTarget('m').route('/a', 200).route('/a', 201))).toMatchObject({
      problems: [{ field: 'spec.routes[1].path', rule: 'must not be there twice for any method' }],
    })
  })

  it('can have a route for one method beside one for any', () => {
    expect(
      resourceOf(
        mockTarget('m')
          .route('/a', 200)
          .route('/a', 201, '', { methods: ['GET'] }),
      ),
    ).toHaveProperty('routes')
  })

  it('needs a list of routes, which may be empty', () => {
    expect(resourceOf(mockTarget('m').patched('spec', {}))).toMatchObject({
      problems: [{ field: 'spec.routes' }],
    })
    expect(resourceOf(mockTarget('m'))).toMatchObject({ problems: [{ field: 'spec' }] })
    expect(resourceOf(mockTarget('m').patched('spec.routes', []))).toMatchObject({ routes: [] })
  })
})
