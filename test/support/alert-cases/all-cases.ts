// Every case of every alert, in one list.

import type { AlertCase } from './alert-case.ts'
import { CODE_CASES } from './codes.ts'
import { CONTROL_PLANE_CASES } from './control-plane.ts'
import { ERROR_CASES } from './errors.ts'
import { GUARD_AND_PROCESS_CASES } from './guards-and-process.ts'
import { REPLICA_CASES } from './replicas.ts'
import { SLO_CASES } from './slo.ts'

export const ALL_CASES: readonly AlertCase[] = [
  ...CODE_CASES,
  ...ERROR_CASES,
  ...SLO_CASES,
  ...REPLICA_CASES,
  ...CONTROL_PLANE_CASES,
  ...GUARD_AND_PROCESS_CASES,
]
