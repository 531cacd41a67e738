// The take as Redis does it, atomically: bucket.ts in Lua, by the clock of the server. Needs Redis 5 or later, or Valkey.
// Rate and quota are two keys with one hash tag. A rate's key expires once nothing of it is in use; a quota's never does.

import { windowOf } from './bucket.ts'
import type { StoreCount, TakeRequest } from './limit-store.ts'

/**
 * KEYS: rate, quota. ARGV: amount and window (empty without a rate), quota (empty without one), tokens to take ahead,
 * requests owed to the quota. Returns what was granted, the debt as text (Redis cuts fractions off numbers), the use.
 * At most half of what is left is given ahead, so that other processes find something.
 */
export const TAKE_SCRIPT = `
local amount, window, quota = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead, owed = tonumber(ARGV[4]), tonumber(ARGV[5])
local granted, debt, used, now = 1, 0, 0, 0
if quota then
  if owed > 0 then used = redis.call('INCRBY', KEYS[2], owed)
  else used = tonumber(redis.call('GET', KEYS[2]) or '0') end
  if used >= quota then granted = -1 end
end
if amount then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
  local held = redis.call('HMGET', KEYS[1], 'debt', 'at', 'window')
  if held[1] then
    debt = tonumber(held[1])
    local counted = tonumber(held[3])
    if counted ~= window then debt = debt / counted * window end
    local elapsed = math.min(math.max(0, now - tonumber(held[2])), window)
    debt = math.max(0, math.min(debt, amount * window) - elapsed * amount)
  end
  local room = math.floor((amount * window - debt) / window)
  if granted == 1 then
    if room < 1 then granted = 0
    else
      granted = 1 + math.max(0, math.min(ahead, math.floor((room - 1) / 2)))
      debt = debt + granted * window
      redis.call('HSET', KEYS[1], 'debt', string.format('%.17g', debt), 'at', string.format('%.17g', now), 'window', ARGV[2])
      redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(debt / amount / 1000) + 1))
    end
  end
end
if quota and granted > 0 then used = redis.call('INCRBY', KEYS[2], 1) end
return { granted, string.format('%.17g', debt), used }
`

const PREFIX = 'kanali:limits:'

/** Number of keys, keys and arguments of the script. */
export function scriptArguments({ allowance, ahead, owed }: TakeRequest): string[] {
  const { id, rate, quota } = allowance
  const key = `${PREFIX}{${id}}`
  const [amount, window] = rate === undefined ? ['', ''] : [String(rate.amount), String(windowOf(rate))]
  const total = quota === undefined ? '' : String(quota)
  return ['2', `${key}:rate`, `${key}:quota`, amount, window, total, String(ahead), String(owed)]
}

/** What the script returned, or undefined where this is nothing that it returns. */
export function readReply(reply: unknown, ahead: number): StoreCount | undefined {
  if (!Array.isArray(reply) || reply.length !== 3) return undefined
  const [granted, text, used] = reply as unknown[]
  if (typeof granted !== 'number' || !Number.isInteger(granted) || granted < -1 || granted > 1 + ahead) {
    return undefined
  }
  if (typeof text !== 'string' || text === '' || typeof used !== 'number') return undefined
  const debt = Number(text)
  return Number.isFinite(debt) && debt >= 0 && used >= 0 ? { granted, debt, used } : undefined
}
