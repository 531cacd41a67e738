// The options of rates and quotas: where they are counted, and what becomes of them while the store is away.

import { list } from './collection-kind.ts'
import { option } from './option.ts'
import { choice, duration, integer, PATH, text } from './value-kind.ts'
import { hostPort, REDIS_ADDRESS } from './value-rules.ts'

export const LIMIT_OPTIONS = [
  option(
    'limits.redis_url',
    REDIS_ADDRESS,
    '',
    'Redis or Valkey server in which all replicas count rates and quotas; empty: each process counts in its own memory. It is never shown; a password in it is better kept in `limits.redis_password_file`.',
    'rediss://kanali@redis.example.com:6379/0',
  ),
  option(
    'limits.redis_password_file',
    PATH,
    undefined,
    'File with the password for `limits.redis_url`, in place of one in the address. Read anew for each connection.',
    '/etc/kanali/redis-password',
  ),
  option(
    'limits.redis_sentinels',
    list('host names or addresses, each with or without a port', hostPort),
    [],
    'Redis Sentinels that are asked which server is the master now. User, password, TLS and database are those of `limits.redis_url`; its host is not used.',
    'sentinel-0:26379,sentinel-1:26379',
  ),
  option(
    'limits.redis_sentinel_master',
    text('name', 'a name of at most 100 characters of A-Z, a-z, 0-9, dot, - and _', isMasterName),
    'mymaster',
    'Name under which the Sentinels know the master.',
    'limits',
  ),
  option(
    'limits.store_timeout',
    duration(),
    100,
    'How long a request waits for the store; then `limits.on_store_failure` decides.',
    '50ms',
  ),
  option(
    'limits.on_store_failure',
    choice('local_share', 'allow', 'deny'),
    'local_share',
    'What decides while the store does not: `local_share` grants each process its part of the allowance (see `limits.replicas`), `allow` grants everything, `deny` answers code 14.',
    'deny',
  ),
  option(
    'limits.replicas',
    integer(1, 10_000),
    2,
    'Number of processes among which `local_share` divides an allowance.',
    '5',
  ),
  option(
    'limits.lease',
    integer(0, 100_000),
    0,
    'Most requests of a rate that a process takes from the store ahead of time, where a key is busy. All processes together may exceed a rate by this number each; 0: every request asks the store, and rates are exact.',
    '50',
  ),
  option(
    'limits.max_entries',
    integer(1, 10_000_000),
    100_000,
    'Most rates and quotas that a process counts in memory. Unused rates make room; what is new beyond that is decided by `limits.on_store_failure`, where `local_share` denies.',
    '1000000',
  ),
] as const

function isMasterName(written: string): boolean {
  return /^[\w.-]{1,100}$/.test(written)
}
