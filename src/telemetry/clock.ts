// The wall-clock time of a `performance.now()` value, without a Date per call. Both ends of one exchange use the same
// origin, so that a child never begins before its parent; only a clock that was set moves it.

const DRIFT_MAX_MS = 50
const CHECK_EVERY_MS = 1000

let origin = performance.timeOrigin
let nextCheck = 0

/** Milliseconds since the epoch, fractional. */
export function epochMs(now: number): number {
  if (now >= nextCheck) {
    nextCheck = now + CHECK_EVERY_MS
    const drift = Date.now() - (origin + performance.now())
    if (Math.abs(drift) > DRIFT_MAX_MS) origin += drift
  }
  return origin + now
}

/** Seconds and nanoseconds since the epoch: OpenTelemetry takes it as it is, where a number is converted twice. */
export function hrTimeOf(epoch: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(epoch / 1000)
  return [seconds, Math.floor((epoch - seconds * 1000) * 1e6)]
}
