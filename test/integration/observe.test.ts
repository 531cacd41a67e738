// `npm run observe` as a person runs it: everything is wired, and what it prints leads to what it says; where programs
// are missing it says how to get them and goes on.

import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { kanali } from '../support/kanali-command.ts'
import { RunningProcess } from '../support/running-process.ts'

const OBSERVE = path.join(import.meta.dirname, '../observe/observe.ts')
const TIMEOUT_MS = 120_000

function observe(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProcess {
  return new RunningProcess(process.execPath, [OBSERVE, '--no-quickstart', ...args], { env })
}

describeWithTools(['otelcol', 'prometheus', 'prometheus-alertmanager'], 'npm run observe', () => {
  test('leads from an exemplar in Prometheus to the trace that the Collector kept', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using running = observe([])
    const traceId = await running.until(
      () => /round 1: .*connection_refused: trace ([0-9a-f]{32})/.exec(running.stdout)?.[1],
      'the first round',
      { timeoutMs: 90_000 },
    )
    const [, prometheus] = /Prometheus +(http:\S+)\/graph/.exec(running.stdout) ?? []
    const query = `${prometheus}/api/v1/query_exemplars?query=kanali_errors_total{reason="connection_refused"}&start=0&end=4102444800`
    await running.until(
      async () => (await (await fetch(query)).text()).includes(traceId),
      `Prometheus to have the exemplar of ${traceId}`,
      { timeoutMs: 30_000, everyMs: 200 },
    )
    const [, file = ''] = /explain TRACE_ID --otlp-json (\S+)/.exec(running.stdout) ?? []
    // The client span may come before the server span, which tells the whole.
    await running.until(
      async () =>
        (await kanali('explain', traceId, '--otlp-json', file)).stdout.includes(
          'code 08, reason connection_refused',
        ),
      'the Collector to have kept the trace',
      { timeoutMs: 30_000 },
    )
    expect(running.stdout).not.toContain('missing')
    expect(await running.stop('SIGINT', 30_000)).toEqual({ code: 0, signal: null })
  })
})

describe('npm run observe', () => {
  test('without the programs says how to get each, and shows the rest', { timeout: TIMEOUT_MS }, async () => {
    await using running = observe(['--rounds', '1'], { PATH: '/nonexistent', KANALI_TOOLS: '/nonexistent' })
    expect(await running.exited).toEqual({ code: 0, signal: null })
    for (const how of [
      'otelcol is not there: run test/tools/collector.sh',
      'prometheus is not there: apt-get install prometheus',
      'prometheus-alertmanager is not there: apt-get install prometheus-alertmanager',
    ]) {
      expect(running.stdout).toContain(how)
    }
    expect(running.stdout).toMatch(/round 1: 200 good requests, \d{2} reasons of errors/)
  })

  test('refuses what it does not know', async () => {
    await using running = observe(['--rounds', 'many'])
    expect(await running.exited).toEqual({ code: 2, signal: null })
    expect(running.stderr).toBe('observe: --rounds takes a number of 1 or more\n')
  })
})
