// Every board, and the file that it is generated into: the way to read this folder is from here. A board lists rows, a row
// lists panels, a panel is a function of its topic.

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { apiproxy } from './apiproxy.ts'
import { controlPlane } from './control-plane.ts'
import { errors } from './errors.ts'
import { guards } from './guards.ts'
import { DASHBOARDS, type DashboardUid } from './links.ts'
import { overview } from './overview.ts'
import { runtime } from './runtime.ts'

/** In the order in which a person goes through them. */
export const BOARDS: Readonly<Record<DashboardUid, () => Dashboard>> = {
  'kanali-overview': overview,
  'kanali-errors': errors,
  'kanali-apiproxy': apiproxy,
  'kanali-control-plane': controlPlane,
  'kanali-guards': guards,
  'kanali-runtime': runtime,
}

/** Files below dashboards/generated, with their content. */
export const BOARD_FILES: readonly { readonly file: string; readonly render: () => string }[] =
  Object.entries(BOARDS).map(([uid, board]) => ({
    file: `dashboards/generated/${DASHBOARDS[uid as DashboardUid]}.json`,
    render: () => `${JSON.stringify(board(), null, 1)}\n`,
  }))
