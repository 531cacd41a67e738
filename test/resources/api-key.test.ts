import { describe, expect, it } from 'vitest'
import { apiKey, resourceOf } from '../support/manifests.ts'

describe('an ApiKey', () => {
  it('is read with its revisions', () => {
    const manifest = apiKey('k').revision('YWJj').revision('ZGVm', 'Inactive', '2026-01-01T00:00:00+01:00')
    expect(resourceOf(manifest)).toMatchObject({
      kind: 'ApiKey',
      meta: { namespace: '', name: 'k' },
      revisions: [
        { data: 'YWJj', status: 'Active' },
        { data: 'ZGVm', status: 'Inactive', lastUsed: '2025-12-31T23:00:00.000Z' },
      ],
    })
  })

  it.each([
    [{ status: 'Active' }, 'data'],
    [{ data: 'YWJj' }, 'status'],
    [{ data: 'YWJj', status: 'active' }, 'status'],
    [{ data: 'YWJj', status: 'Active', lastUsed: 'now' }, 'lastUsed'],
    [{ data: '', status: 'Active' }, 'data'],
  ])('with the revision %j has a problem at %s', (revision, field) => {
    expect(resourceOf(apiKey('k').patched('spec.revisions', [revision]))).toMatchObject({
      problems: [{ field: `spec.revisions[0].${field}` }],
    })
  })

  it.each(['hunter2!', 1234567, ['hunter2']])(
    'never shows its data, which may be the clear key %j',
    (data) => {
      const resource = resourceOf(apiKey('k').patched('spec.revisions', [{ data, status: 'Active' }]))
      expect(resource).toMatchObject({
        problems: [{ field: 'spec.revisions[0].data', value: '(not shown)' }],
      })
      expect(JSON.stringify(resource)).not.toContain('hunter2')
    },
  )

  it('needs a list of revisions', () => {
    expect(resourceOf(apiKey('k').patched('spec', {}))).toMatchObject({
      problems: [{ field: 'spec.revisions' }],
    })
  })
})
