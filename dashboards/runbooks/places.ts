// Where runbooks point to inside of this project, as paths from docs/runbooks/. Addresses for alerts and boards are
// made in dashboards/links.ts.

import { DASHBOARDS, type DashboardUid, kebabCase } from '../links.ts'
import { link } from './markdown.ts'

/** All alerts, with where they lead. */
export const ALERTS_PAGE = '../alerts.md#the-alerts'

/** The page of an alert that has one of its own. */
export function pageOfAlert(name: string): string {
  return `${kebabCase(name)}.md`
}

/** A link to the generated board. */
export function boardLink(uid: DashboardUid): string {
  const name = DASHBOARDS[uid]
  const title = (name.charAt(0).toUpperCase() + name.slice(1)).replace('-', ' ')
  return link(title === 'Apiproxy' ? 'ApiProxy' : title, `../../dashboards/generated/${name}.json`)
}
