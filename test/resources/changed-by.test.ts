// Who changed an object, read from its managedFields: the newest entry that is about the object itself.

import { describe, expect, test } from 'vitest'
import { readChangedBy } from '../../src/resources/changed-by.ts'

const entry = (manager: unknown, time: unknown, more: object = {}) => ({
  manager,
  time,
  operation: 'Update',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': {} },
  ...more,
})

describe('who changed an object', () => {
  test('is the manager of the newest entry, whatever the order', () => {
    const fields = [
      entry('helm', '2026-02-02T00:00:00Z'),
      entry('kubectl-edit', '2026-03-03T00:00:00Z'),
      entry('kubectl', '2026-01-01T00:00:00Z'),
    ]
    expect(readChangedBy(fields)).toEqual({ manager: 'kubectl-edit', time: '2026-03-03T00:00:00.000Z' })
  })

  test('is never who wrote the status, as a subresource or as a field', () => {
    const fields = [
      entry('kubectl', '2026-01-01T00:00:00Z'),
      entry('kanali', '2026-03-03T00:00:00Z', { subresource: 'status', fieldsV1: { 'f:status': {} } }),
      entry('old-controller', '2026-03-04T00:00:00Z', { fieldsV1: { 'f:status': {} } }),
    ]
    expect(readChangedBy(fields)?.manager).toBe('kubectl')
  })

  test('counts an entry that is about more than the status', () => {
    const fields = [entry('tool', '2026-01-01T00:00:00Z', { fieldsV1: { 'f:status': {}, 'f:metadata': {} } })]
    expect(readChangedBy(fields)?.manager).toBe('tool')
  })

  test('is the later entry of two in one second', () => {
    const time = '2026-01-01T00:00:00Z'
    expect(readChangedBy([entry('first', time), entry('second', time)])?.manager).toBe('second')
  })

  test('is unknown where nothing can be read, and never a reason to refuse the object', () => {
    for (const fields of [undefined, null, 'text', {}, [], [null, 1, 'x', []], [entry(7, 'never')]]) {
      expect(readChangedBy(fields)).toBeUndefined()
    }
    expect(readChangedBy([entry('no-time', 'yesterday')])).toEqual({ manager: 'no-time' })
  })

  test('is escaped and cut', () => {
    const found = readChangedBy([entry(`\u001b[31m${'x'.repeat(500)}`, undefined)])
    expect(found?.manager).toMatch(/^\\u001b\[31mx+\.\.\.$/)
    expect(found?.manager.length).toBeLessThanOrEqual(100)
  })
})
