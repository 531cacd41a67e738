// The advice on every alert that is not about a single code, in the order of the index.

import type { AlertAdvice } from './advice.ts'
import { CONTROL_PLANE_ALERTS } from './control-plane-alerts.ts'
import { REPLICA_ALERTS } from './replica-alerts.ts'
import { REQUEST_ALERTS } from './request-alerts.ts'

export const ALERT_ADVICE: readonly AlertAdvice[] = [
  ...REQUEST_ALERTS,
  ...REPLICA_ALERTS,
  ...CONTROL_PLANE_ALERTS,
]
