// Runs cases of alerts through `promtool test rules` against the committed rules file. What promtool says of a case that
// is not as expected is the failure's text; it compares labels and annotations to the letter.

import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { runbookOfAlert, runbookOfCode } from '../../../dashboards/links.ts'
import { tempFolder } from '../temp-folder.ts'
import type { AlertCase, FiringAlert } from './alert-case.ts'

export const RULES_FILE = path.join(import.meta.dirname, '../../../dashboards/generated/kanali-rules.yaml')

const run = promisify(execFile)

/** Undefined where every case is as expected, else promtool's words. */
export async function failuresOf(
  promtool: string,
  cases: readonly AlertCase[],
  rulesFile = RULES_FILE,
): Promise<string | undefined> {
  const folder = await tempFolder('promtool')
  try {
    const file = await folder.write('cases.yaml', testFile(cases, rulesFile))
    await run(promtool, ['test', 'rules', file], { maxBuffer: 16 * 1024 * 1024 })
    return undefined
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    return `${stdout}${stderr}` || message
  } finally {
    await folder.remove()
  }
}

function testFile(cases: readonly AlertCase[], rulesFile: string): string {
  const intervals = new Set(cases.map(({ everyS = 60 }) => everyS))
  if (intervals.size !== 1) throw new Error('the cases of one file need one interval')
  const [everyS] = intervals
  return stringify(
    {
      rule_files: [rulesFile],
      evaluation_interval: `${everyS}s`,
      tests: cases.map((each) => ({
        name: each.title,
        interval: `${everyS}s`,
        input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
        alert_rule_test: [
          {
            eval_time: each.at,
            alertname: each.alert,
            exp_alerts: each.fires.map((one) => expected(each.alert, one)),
          },
        ],
      })),
    },
    { lineWidth: 0 },
  )
}

function expected(alert: string, { labels, summary, description, dashboard }: FiringAlert): object {
  const code = /^KanaliCode(\d\d)$/.exec(alert)?.[1]
  return {
    exp_labels: labels,
    exp_annotations: {
      summary,
      description,
      runbook_url: code === undefined ? runbookOfAlert(alert) : runbookOfCode(code),
      dashboard_url: dashboard,
    },
  }
}
