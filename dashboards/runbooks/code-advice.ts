// The advice on all fifteen codes, by code.

import type { Code, CodeAdvice } from './advice.ts'
import { ADVICE_01, ADVICE_09 } from './gateway.ts'
import { ADVICE_12, ADVICE_14 } from './keys.ts'
import { ADVICE_03, ADVICE_04, ADVICE_05, ADVICE_11 } from './plugins.ts'
import { ADVICE_00, ADVICE_02, ADVICE_10 } from './routing.ts'
import { ADVICE_06, ADVICE_07 } from './secrets.ts'
import { ADVICE_13 } from './tokens.ts'
import { ADVICE_08 } from './upstream.ts'

export const CODE_ADVICE: { readonly [C in Code]: CodeAdvice<C> } = {
  0: ADVICE_00,
  1: ADVICE_01,
  2: ADVICE_02,
  3: ADVICE_03,
  4: ADVICE_04,
  5: ADVICE_05,
  6: ADVICE_06,
  7: ADVICE_07,
  8: ADVICE_08,
  9: ADVICE_09,
  10: ADVICE_10,
  11: ADVICE_11,
  12: ADVICE_12,
  13: ADVICE_13,
  14: ADVICE_14,
}
