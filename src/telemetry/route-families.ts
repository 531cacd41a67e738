// The metric families with series for each ApiProxy, by far the most of a scrape: read one ApiProxy at a time, so that a
// scrape can pause between any two of them.

import type { Family, Reading } from './exposition.ts'
import { METRIC } from './names.ts'
import type { RouteSeries } from './route-series.ts'
import type { SeriesTable } from './series-table.ts'

export function routeFamilies(table: SeriesTable): Family[] {
  const family = (
    type: Family['type'],
    name: string,
    help: string,
    read: (series: RouteSeries) => Reading,
  ): Family => ({ name, help, type, readings: () => readingsOf(table.list(), read) })
  const { requestDuration, upstreamDuration } = METRIC
  return [
    family(
      'counter',
      METRIC.requests,
      'Requests by what became of them; code is none where there is no Kanali code, status 0 where none was sent.',
      (series) => series.requestSamples(),
    ),
    family(
      'histogram',
      requestDuration,
      'From the head of the request to the end of the answer.',
      ({ duration, labels }) => duration.samples(requestDuration, labels),
    ),
    family(
      'histogram',
      upstreamDuration,
      'From the dispatch to an upstream to the head of its answer, or to the failure.',
      ({ upstream, labels }) => upstream.samples(upstreamDuration, labels),
    ),
    family(
      'counter',
      METRIC.requestTime,
      'Where the time of requests went, up to the head of the answer.',
      (series) => series.timeSamples(),
    ),
  ]
}

/** `all` is the list as it was when the scrape began. */
function* readingsOf(
  all: readonly RouteSeries[],
  read: (series: RouteSeries) => Reading,
): Generator<Reading> {
  for (const series of all) yield read(series)
}
