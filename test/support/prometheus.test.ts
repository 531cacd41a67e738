// The wrapper around Prometheus gives what a small page of metrics holds, and says why where it cannot.

import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWithTools } from './describe-with-tools.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PAGE = `# TYPE seen counter
seen_total{code="08"} 3 # {trace_id="${TRACE}"} 1
# TYPE level gauge
level 7
# EOF
`
const RULES = `groups:
  - name: test
    rules:
      - record: level:twice
        expr: level * 2
      - alert: Level
        expr: level > 5
        annotations: { summary: 'it is {{ $value }}' }
`

describeWithTools(['prometheus'], 'a Prometheus of a test', (binary) => {
  let page: Server
  let folder: TempFolder
  let prometheus: Prometheus

  beforeAll(async () => {
    page = createServer((_, response) => {
      response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
      response.end(PAGE)
    }).listen(0, '127.0.0.1')
    await once(page, 'listening')
    folder = await tempFolder('rules')
    prometheus = await startPrometheus(binary ?? '', {
      targets: { page: [`127.0.0.1:${(page.address() as AddressInfo).port}`] },
      ruleFiles: [await folder.write('rules.yaml', RULES)],
    })
    await prometheus.nextScrape()
  })

  afterAll(async () => {
    await prometheus?.stop()
    await folder?.remove()
    page?.close()
  })

  test('gives series, values and ranges of what it scraped', async () => {
    expect(await prometheus.query('level')).toEqual([
      { labels: expect.objectContaining({ __name__: 'level', job: 'page' }), value: 7 },
    ])
    expect(await prometheus.query('scalar(level)')).toEqual([{ labels: {}, value: 7 }])
    expect(await prometheus.labelValues('code')).toEqual(['08'])
    expect(await prometheus.series('{code="08"}')).toHaveLength(1)
    const now = Date.now() / 1000
    const [range] = await prometheus.queryRange('level', now - 5, now, 1)
    expect(range?.points.at(-1)?.[1]).toBe(7)
  })

  test('gives exemplars', async () => {
    const now = Date.now() / 1000
    expect(await prometheus.exemplars('seen_total', now - 60, now + 60)).toEqual([
      {
        series: expect.objectContaining({ code: '08' }),
        labels: { trace_id: TRACE },
        value: 1,
        at: expect.any(Number),
      },
    ])
  })

  test('evaluates rules and alerts', async () => {
    expect(await prometheus.until('level:twice')).toMatchObject([{ value: 14 }])
    await prometheus.until('ALERTS{alertname="Level"}')
    expect(await prometheus.alerts()).toMatchObject([
      { state: 'firing', labels: { alertname: 'Level' }, annotations: { summary: 'it is 7' } },
    ])
  })

  test('fails with the words of Prometheus', async () => {
    await expect(prometheus.query('sum(')).rejects.toThrow('unclosed left parenthesis')
    const broken = await folder.write('broken.yaml', 'groups: [{ name: broken, rules: [{ expr: 1 }] }]')
    await expect(startPrometheus(binary ?? '', { targets: [], ruleFiles: [broken] })).rejects.toThrow(
      "one of 'record' or 'alert' must be set",
    )
  })
})
