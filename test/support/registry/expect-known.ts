// Runs in front of every test file: a test fails where telemetry was seen during it that otel/registry.yaml does not know.
// What comes behind the last test of a file, such as the spans of a stop, fails the file.

import { afterAll, afterEach, expect } from 'vitest'
import { takeUnknownTelemetry } from './watch.ts'

const expectKnown = (): void => {
  expect(takeUnknownTelemetry(), 'telemetry that otel/registry.yaml does not know').toEqual([])
}

afterEach(expectKnown)
afterAll(expectKnown)
