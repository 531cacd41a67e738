// A plugin that fails late for every request does not fill the log.

import { describe, expect, it } from 'vitest'
import { LateReports } from '../../src/plugins/late-reports.ts'
import { KeptLog, TRACE_ID } from './plugin-folder.ts'

describe('the reports of late plugins', () => {
  it('are at most one line a file in ten seconds, and the next one counts what was not said', () => {
    const log = new KeptLog()
    let now = 0
    const late = new LateReports(log, () => now)
    for (let at = 0; at < 5; at += 1) late.report('a.mjs', 'onRequest', TRACE_ID, 'settled')
    late.report('b.mjs', 'onRequest', TRACE_ID, 'settled')
    now = 10_000
    late.report('a.mjs', 'onResponse', TRACE_ID, 'settled')
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { plugin: 'a.mjs', method: 'onRequest', trace_id: TRACE_ID, suppressed: 0 },
      { plugin: 'b.mjs', method: 'onRequest', trace_id: TRACE_ID, suppressed: 0 },
      { plugin: 'a.mjs', method: 'onResponse', trace_id: TRACE_ID, suppressed: 4 },
    ])
  })
})
