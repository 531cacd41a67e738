// The few forms of PromQL that the queries of all boards are made of, so that each board counts in the same way.
// Must never name a job: every selector is bound to the variable `job`, and every rate to `$__rate_interval`.

/** Which series are meant: `code="08"`, `apiproxy=~"$apiproxy"`. */
export type Matcher = string

/** The series of a metric of the gateway, of the chosen jobs. */
export function select(metric: string, ...matchers: readonly Matcher[]): string {
  return `${metric}{${['job=~"$job"', ...matchers].join(', ')}}`
}

/** Per second, over the interval that Grafana takes from the scrape interval and the width of the graph. */
export function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`
}

/** What was counted between two points of a graph. */
export function stepIncrease(selector: string): string {
  return `increase(${selector}[$__rate_interval])`
}

/**
 * What was counted in the time shown. A series that began in it (those of an ApiProxy begin with its first request)
 * counts from 0: `increase` would miss its first sample, and with it the only error of a quiet ApiProxy.
 */
export function counted(selector: string): string {
  return `((${selector} unless ${selector} offset $__range) or increase(${selector}[$__range]))`
}

/** `sum by (labels) (expression)`; without labels the sum of all. */
export function sum(expression: string, ...labels: readonly string[]): string {
  return `sum${by(labels)} (${expression})`
}

/** The largest, by labels. */
export function max(expression: string, ...labels: readonly string[]): string {
  return `max${by(labels)} (${expression})`
}

/** A quantile of a histogram, by labels, over the interval of a graph. @param buckets selector of `*_bucket` */
export function quantile(q: number, buckets: string, ...labels: readonly string[]): string {
  return `histogram_quantile(${q}, ${sum(rate(buckets), 'le', ...labels)})`
}

/**
 * Milliseconds since the epoch at which `perSecond` was last 0, for each series that is above 0 now: since when
 * something happens. A series that was never 0 in the time shown is absent.
 */
export function since(perSecond: string): string {
  const lastZero = `max_over_time(timestamp((${perSecond}) == 0)[$__range:$__interval])`
  return `1000 * ${lastZero} and (${perSecond}) > 0`
}

/** The same value under one more label, whose text the table then explains. */
export function copyLabel(expression: string, from: string, to: string): string {
  return `label_replace(${expression}, "${to}", "$1", "${from}", "(.*)")`
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')})`
}
