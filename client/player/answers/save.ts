/** What the candidate is told about saving. Pure. */
export interface SaveFacts {
  waiting: number
  /** When the oldest unacknowledged event was made, server ms; null without one. */
  oldest_ms: number | null
  /** The server's time of the last ack; null before the first. */
  saved_at_ms: number | null
  reachable: boolean
  /** The server answered that it can store nothing now: its disk is full, or its database away. */
  isServerFull: boolean
  stored: boolean
  /** The last ack was not the server's word. */
  doubted: boolean
  now_ms: number
}

/** `queued` is the amber chip, `long` and `full` the amber bar too; `doubted`, `failed` are red. */
export type SaveState =
  'idle' | 'saved' | 'saving' | 'queued' | 'long' | 'full' | 'doubted' | 'failed'

const PATIENT_MS = 5000
const LONG_MS = 60_000

export function saveState(facts: SaveFacts): SaveState {
  if (!facts.stored) return 'failed'
  if (facts.doubted && facts.waiting > 0) return 'doubted'
  if (facts.waiting === 0 || facts.oldest_ms === null) {
    return facts.saved_at_ms === null ? 'idle' : 'saved'
  }
  const age_ms = facts.now_ms - facts.oldest_ms
  if (facts.isServerFull && age_ms > PATIENT_MS) return 'full'
  if (age_ms > LONG_MS) return 'long'
  return age_ms > PATIENT_MS || !facts.reachable ? 'queued' : 'saving'
}
