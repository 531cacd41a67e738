// Cases of the alerts on the way of configuration into the gateway, and on the journal.

import { type AlertCase, firing, JOB, JOB_VARIABLE, series } from './alert-case.ts'

const A = { instance: '10.0.0.1:9000', pod: 'kanali-a' }
const B = { instance: '10.0.0.2:9000', pod: 'kanali-b' }
const DASHBOARD = { dashboard: `/d/kanali-control-plane?${JOB_VARIABLE}` }

const staleSeconds = series('kanali_source_stale_seconds', A)
const staleFor = (words: string) => ({
  summary: `Replica kanali-a of ${JOB} does not hear its source of configuration`,
  description: `Replica kanali-a of ${JOB} has not heard its source for ${words}. It serves what it last knew: changes, and endpoints that come and go, are not seen. Its log says why.`,
  ...DASHBOARD,
})
const STALE: readonly AlertCase[] = [
  {
    alert: 'KanaliSourceStale',
    at: '8m',
    title: 'three minutes',
    series: { [staleSeconds]: '0x5 60+60x60', [series('kanali_source_stale_seconds', B)]: '0x60' },
    fires: firing(['ticket'], { ...A, blame: 'gateway' }, staleFor('3m 0s')),
  },
  {
    alert: 'KanaliSourceStale',
    at: '40m',
    title: 'thirty-five minutes',
    series: { [staleSeconds]: '0x5 60+60x60' },
    fires: firing(['ticket', 'page'], { ...A, blame: 'gateway' }, staleFor('35m 0s')),
  },
  {
    alert: 'KanaliSourceStale',
    at: '34m',
    title: 'twenty-nine minutes: no page yet',
    series: { [staleSeconds]: '0x5 60+60x60' },
    fires: firing(['ticket'], { ...A, blame: 'gateway' }, staleFor('29m 0s')),
  },
  {
    alert: 'KanaliSourceStale',
    at: '30m',
    title: 'two minutes, again and again',
    series: { [staleSeconds]: '0 60 120 0 60 120 0 60 120 0 120x50' },
    fires: [],
    miss: 'below the threshold',
  },
]

const synced = (kind: string, of = A) => series('kanali_source_synced', { ...of, source: 'kubernetes', kind })
const UNSYNCED: readonly AlertCase[] = [
  {
    alert: 'KanaliKindNotSynced',
    at: '20m',
    title: 'one of two replicas has no list of Secrets',
    series: { [synced('Secret')]: '0x30', [synced('Secret', B)]: '1x30', [synced('Service')]: '1x30' },
    fires: firing(
      ['info'],
      { source: 'kubernetes', kind: 'Secret', blame: 'config' },
      {
        summary: `${JOB} has no list of Secret from its source`,
        description: `At least one replica of ${JOB} has not listed Secret from its source (kubernetes) for 15m. Routes that need it answer an error. Silence it where the gateway is not meant to see that kind.`,
        ...DASHBOARD,
      },
    ),
  },
  {
    alert: 'KanaliKindNotSynced',
    at: '20m',
    title: 'for fourteen minutes',
    series: { [synced('Secret')]: '1x5 0x30' },
    fires: [],
    miss: 'too short',
  },
]

const problems = series('kanali_source_problems', A)
const PROBLEMS: readonly AlertCase[] = [
  {
    alert: 'KanaliSourceProblems',
    at: '20m',
    title: 'two files cannot be read',
    series: { [problems]: '0x5 2x30' },
    fires: firing(
      ['ticket'],
      { blame: 'config' },
      {
        summary: `${JOB} cannot read all that its source has`,
        description: `2 files or lists of the source of ${JOB} cannot be read: what is in them keeps its former state, or is missing. The log and \`/debug/snapshot\` name them.`,
        ...DASHBOARD,
      },
    ),
  },
  {
    alert: 'KanaliSourceProblems',
    at: '20m',
    title: 'a file is edited for nine minutes',
    series: { [problems]: '0x10 1x30' },
    fires: [],
    miss: 'too short',
  },
]

const condition = (kind: string, type: string, reason: string, of = A) =>
  series('kanali_resource_conditions', { ...of, kind, condition: type, reason })
const CONDITIONS: readonly AlertCase[] = [
  {
    alert: 'KanaliConditionFalse',
    at: '70m',
    title:
      'two ApiProxies have had no Secret for an hour, as both replicas say; a binding is invalid, a plugin did not load',
    series: {
      [condition('ApiProxy', 'Ready', 'SecretMissing')]: '0x5 2x100',
      [condition('ApiProxy', 'Ready', 'SecretMissing', B)]: '0x5 2x100',
      [condition('ApiProxy', 'ResolvedRefs', 'SecretMissing')]: '0x5 2x100',
      [condition('ApiKeyBinding', 'Accepted', 'Invalid')]: '1x100',
      [condition('Plugin', 'Accepted', 'PluginLoadFailed')]: '1x100',
    },
    fires: (
      [
        ['ApiProxy', 'Ready', 'SecretMissing', 2, 'config'],
        ['ApiKeyBinding', 'Accepted', 'Invalid', 1, 'config'],
        ['Plugin', 'Accepted', 'PluginLoadFailed', 1, 'plugin'],
      ] as const
    ).flatMap(([kind, type, reason, count, blame]) =>
      firing(
        ['ticket'],
        { kind, condition: type, reason, blame },
        {
          summary: `${kind} objects of ${JOB} are not in order: ${reason}`,
          description: `${count} objects of kind ${kind} have had the condition ${type} False with the reason ${reason} for 1h. Their status, the log and \`/debug/snapshot\` name what is wrong.`,
          ...DASHBOARD,
        },
      ),
    ),
  },
  {
    alert: 'KanaliConditionFalse',
    at: '70m',
    title: 'an ApiProxy has waited for its Service for fifty-eight minutes, and a plugin for its file',
    series: {
      [condition('ApiProxy', 'Ready', 'ServiceMissing')]: '0x11 1x100',
      [condition('Plugin', 'Accepted', 'PluginLoadFailed')]: '0x11 1x100',
    },
    fires: [],
    miss: 'too short',
  },
  {
    alert: 'KanaliConditionFalse',
    at: '70m',
    title: 'a file has a problem, and the journal, which are other alerts',
    series: {
      [condition('File', 'Accepted', 'Unreadable')]: '1x100',
      [condition('Journal', 'Accepted', 'JournalFailing')]: '1x100',
    },
    fires: [],
    miss: 'of no concern',
  },
  {
    alert: 'KanaliConditionFalse',
    at: '70m',
    title: 'it was mended ten minutes ago',
    series: { [condition('ApiProxy', 'Ready', 'Conflict')]: '1x60 0x30' },
    fires: [],
    miss: 'over already',
  },
]

const events = (le: string) => series('kanali_event_propagation_seconds_bucket', { ...A, le })
const eventCount = series('kanali_event_propagation_seconds_count', A)
const PROPAGATION: readonly AlertCase[] = [
  {
    alert: 'KanaliEventPropagationSlow',
    at: '20m',
    title: 'every event takes between two and a half and five seconds',
    series: {
      [events('2.5')]: '0x60',
      [events('5')]: '0+1x60',
      [events('+Inf')]: '0+1x60',
      [eventCount]: '0+1x60',
    },
    fires: firing(
      ['ticket'],
      { blame: 'gateway' },
      {
        summary: `Changes of configuration take long to be live in ${JOB}`,
        description: `The slowest hundredth of the changes of the last 15m took 4.975s or longer from its arrival at ${JOB} until requests were decided by it.`,
        ...DASHBOARD,
      },
    ),
  },
  {
    alert: 'KanaliEventPropagationSlow',
    at: '35m',
    title: 'every event takes between one and two and a half seconds',
    series: {
      [events('1')]: '0x60',
      [events('2.5')]: '0+1x60',
      [events('+Inf')]: '0+1x60',
      [eventCount]: '0+1x60',
    },
    fires: [],
    miss: 'below the threshold',
  },
  {
    alert: 'KanaliEventPropagationSlow',
    at: '35m',
    title: 'a slow event every four minutes',
    series: {
      [events('2.5')]: '0x60',
      [events('5')]: '0+0.25x60',
      [events('+Inf')]: '0+0.25x60',
      [eventCount]: '0+0.25x60',
    },
    fires: [],
    miss: 'too little traffic',
  },
  {
    alert: 'KanaliEventPropagationSlow',
    at: '10m',
    title: 'a slow start with many events',
    series: {
      [events('2.5')]: '0x60',
      [events('5')]: '0 0 500x60',
      [events('+Inf')]: '0 0 500x60',
      [eventCount]: '0 0 500x60',
    },
    fires: [],
    miss: 'too short',
  },
]

const failing = series('kanali_journal_failing', A)
const JOURNAL: readonly AlertCase[] = [
  {
    alert: 'KanaliJournalFailing',
    at: '10m',
    title: 'its disk is full',
    series: { [failing]: '0x5 1x10' },
    fires: firing(
      ['ticket'],
      { ...A, blame: 'gateway' },
      {
        summary: `Replica kanali-a of ${JOB} cannot write its journal`,
        description: `Replica kanali-a of ${JOB} has not been able to write its journal for 2m. Requests go on; what changes now cannot be looked up later, and a start without the source knows an old state. \`/readyz\` says why.`,
        ...DASHBOARD,
      },
    ),
  },
  {
    alert: 'KanaliJournalFailing',
    at: '10m',
    title: 'for a minute',
    series: { [failing]: '0x8 1x10' },
    fires: [],
    miss: 'too short',
  },
  {
    alert: 'KanaliJournalRecordsDropped',
    at: '20m',
    title: 'four events were lost',
    series: { [series('kanali_journal_records_dropped_total', A)]: '0x14 4x20' },
    fires: firing(
      ['ticket'],
      { ...A, blame: 'gateway' },
      {
        summary: `Events are missing in the journal of replica kanali-a of ${JOB}`,
        description: `About 4 events of the last 15m are missing in the journal of replica kanali-a of ${JOB}: \`kanali why\` and \`kanali replay\` cannot see them.`,
        ...DASHBOARD,
      },
    ),
  },
  {
    alert: 'KanaliJournalRecordsDropped',
    at: '20m',
    title: 'a loss of long ago',
    series: { [series('kanali_journal_records_dropped_total', A)]: '4x40' },
    fires: [],
    miss: 'over already',
  },
  {
    alert: 'KanaliJournalRecordsDropped',
    at: '20m',
    title: 'a restart, after a loss of long ago',
    series: { [series('kanali_journal_records_dropped_total', A)]: '4x14 0x20' },
    fires: [],
    miss: 'counter reset',
  },
]

export const CONTROL_PLANE_CASES: readonly AlertCase[] = [
  ...STALE,
  ...UNSYNCED,
  ...PROBLEMS,
  ...CONDITIONS,
  ...PROPAGATION,
  ...JOURNAL,
]
