// The guards that are built in, and which of them a reason of the codes 12 to 14 belongs to.

export const GUARDS = ['apikey', 'jwt'] as const
export type GuardName = (typeof GUARDS)[number]

/** @param reason one of the codes 12 to 14 */
export function guardOf(reason: string): GuardName {
  return reason.startsWith('token_') || reason.startsWith('key_set_') ? 'jwt' : 'apikey'
}

/** What a 401 asks for (RFC 9110 section 11.6.1), by guard. */
export const CHALLENGE: Readonly<Record<GuardName, string>> = { apikey: 'ApiKey', jwt: 'Bearer' }
