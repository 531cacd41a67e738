// The committed routes and the real amtool: it accepts them, and whoever is blamed is told, of every rule that there is.

import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { FALLBACK_RECEIVER, INFO_RECEIVER } from '../../dashboards/alerts/alertmanager.ts'
import { ALERTS } from '../../dashboards/alerts/groups.ts'
import { rulesOf } from '../../dashboards/alerts/rule.ts'
import { BLAMES } from '../../src/errors/catalogue-entry.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'

const CONFIG = path.join(import.meta.dirname, '../../dashboards/generated/alertmanager.yaml')
const run = promisify(execFile)

/** A rule whose series carry the blame may fire with any of them. */
const KINDS = new Map(
  ALERTS.flatMap(rulesOf)
    .flatMap(({ alert, labels }) =>
      (labels['blame'] === undefined ? BLAMES : [labels['blame']]).map((blame) => ({
        alert,
        blame,
        severity: labels['severity'] ?? '',
      })),
    )
    .map((kind) => [`${kind.blame} ${kind.severity}`, kind]),
)

describeWithTools(['amtool'], 'the routes of alerts, judged by amtool', (amtool = '') => {
  /** The receivers that get an alert with these labels. */
  async function receivers(labels: Readonly<Record<string, string>>): Promise<string[]> {
    const given = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
    const { stdout } = await run(amtool, ['config', 'routes', 'test', `--config.file=${CONFIG}`, ...given])
    return stdout.trim().split(/[\n,]/)
  }

  test('the configuration is accepted', async () => {
    const { stdout } = await run(amtool, ['check-config', CONFIG])
    expect(stdout).toContain('SUCCESS')
    expect(stdout).toContain('12 receivers')
  })

  test.each(Array.from(KINDS.values()))(
    '$blame $severity, such as $alert, reaches one receiver',
    async (kind) => {
      const { alert, blame, severity } = kind
      const labels = { alertname: alert, blame, severity, job: 'edge/kanali' }
      expect(await receivers(labels)).toEqual([
        severity === 'info' ? INFO_RECEIVER : `kanali-${blame}-${severity}`,
      ])
    },
  )

  test('every blame has a page and a ticket of its own, and no two share one', async () => {
    const seen = new Set<string>()
    for (const blame of BLAMES) {
      for (const severity of ['page', 'ticket']) {
        const found = await receivers({ alertname: 'KanaliCode13', blame, severity })
        expect(found).toHaveLength(1)
        seen.add(found[0] ?? '')
      }
    }
    expect(seen.size).toBe(10)
  })

  test('what is of somebody else, or blames nobody, is not lost', async () => {
    expect(await receivers({ alertname: 'KubePodCrashLooping', severity: 'page', blame: 'gateway' })).toEqual(
      [FALLBACK_RECEIVER],
    )
    expect(await receivers({ alertname: 'KanaliNew', severity: 'page' })).toEqual([FALLBACK_RECEIVER])
  })

  test('amtool is really asked: a wrong expectation is refused', async () => {
    const asked = [
      `--config.file=${CONFIG}`,
      '--verify.receivers=kanali-client-page',
      'alertname=KanaliCode08',
    ]
    await expect(
      run(amtool, ['config', 'routes', 'test', ...asked, 'blame=upstream', 'severity=page']),
    ).rejects.toMatchObject({ stdout: expect.stringContaining('Expected receivers did not match') })
  })
})
