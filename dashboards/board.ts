// A board: what all boards have in common (tags, time, links between them, annotations) around rows of panels.
// Must never hold a panel: those come from topics.

import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { annotations } from './annotations.ts'
import { layOut, type Row } from './grid.ts'
import { type DashboardUid, RUNBOOK_BASE } from './links.ts'
import { commonVariables, type Variable } from './variables.ts'

/** All boards of this project; the links between them are made by it. */
const TAG = 'kanali'

export interface BoardText {
  readonly uid: DashboardUid
  readonly title: string
  /** The questions that the board answers. */
  readonly description: string
  /** Beside those that every board has. */
  readonly variables?: readonly Variable[]
}

/** The board as Grafana's classic JSON has it (file provisioning, sidecar). */
export function board(
  { uid, title, description, variables = [] }: BoardText,
  rows: readonly Row[],
): Dashboard {
  const dashboard = new DashboardBuilder(`Kanali / ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...commonVariables(), ...variables])
    .annotations(annotations())
    .links([
      new DashboardLinkBuilder('Kanali')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .includeVars(true)
        .keepTime(true)
        .tooltip('The other boards, at the same time with the same variables'),
      new DashboardLinkBuilder('Runbooks')
        .type(DashboardLinkType.Link)
        .icon('doc')
        .url(`${RUNBOOK_BASE}/README.md`)
        .targetBlank(true)
        .tooltip('What each code and each alert means, and what to do'),
    ])
  for (const { row, open } of layOut(rows)) {
    dashboard.withRow(row)
    for (const panel of open) dashboard.withPanel(panel)
  }
  return dashboard.build()
}
