// Addresses of runbooks and dashboards: the form that alerts, panels and pages rely on.

import { describe, expect, test } from 'vitest'
import { dashboardUrl, runbookOfAlert, runbookOfCode } from '../../dashboards/links.ts'

describe('links', () => {
  test('name the runbook of a code by its two digits', () => {
    expect(runbookOfCode(8)).toBe('https://github.com/kanali/kanali/blob/main/docs/runbooks/code-08.md')
    expect(runbookOfCode('13')).toBe('https://github.com/kanali/kanali/blob/main/docs/runbooks/code-13.md')
  })

  test('name the runbook of an alert in kebab case', () => {
    expect(runbookOfAlert('KanaliSourceStale')).toMatch(/\/docs\/runbooks\/kanali-source-stale\.md$/)
    expect(runbookOfAlert('KanaliApiProxyFailing')).toMatch(/\/kanali-api-proxy-failing\.md$/)
  })

  test('carry the variables of a dashboard, escaped', () => {
    expect(dashboardUrl('kanali-overview')).toBe('/d/kanali-overview')
    expect(dashboardUrl('kanali-errors', { 'var-code': '08', from: 'now-1h', 'var-x': 'a&b=c d' })).toBe(
      '/d/kanali-errors?var-code=08&from=now-1h&var-x=a%26b%3Dc%20d',
    )
  })

  test('leave the templates of Grafana and Prometheus in values alone', () => {
    expect(dashboardUrl('kanali-errors', { 'var-code': '${code}/x' })).toBe(
      '/d/kanali-errors?var-code=${code}%2Fx',
    )
    expect(dashboardUrl('kanali-errors', { 'var-job': '{{ $labels.job | urlquery }}' })).toBe(
      '/d/kanali-errors?var-job={{ $labels.job | urlquery }}',
    )
  })
})
