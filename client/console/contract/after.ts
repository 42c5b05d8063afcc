/** The shapes of what comes after the exam: marking, results, archive, receipts. */
/** A run of the machine marking; `fresh` is false when nothing had changed since the last one. */
export interface MarkingRun {
  run_id: string
  version: number
  objective: number
  by_hand: number
  waiting: number
  changes: { sitting_id: string; before: string | null; after: string | null }[]
  made_at_ms: number
  fresh: boolean
}

/** An anonymous text answer; who wrote it is not in it. `left` counts this one too. */
export interface MarkingTask {
  task_id: string
  stem: string
  model_answer: string
  full: string
  response: string
  left: number
}

export interface MarkingProgress {
  marked: number
  left: number
}

/** Scores are decimal text; null unless the state is `number`. */
export interface Result {
  candidate_id: string
  ticket_no: string
  name: string
  form_code: string | null
  score: string | null
  full: string | null
  passed: boolean
  state: 'number' | 'absent' | 'violation' | 'exempt'
  article_id: string | null
  receipt_code: string | null
}

export interface Publishing {
  published: boolean
  list_hash: string
  given: string[]
  needed: number
}

export interface Archive {
  archive_id: string
  files: number
  size_bytes: number
  sha256: string
}

export interface ReceiptCheck {
  found: boolean
  holds: boolean
  origin: string | null
  submitted_at_ms: number | null
  count: number | null
  head_hex: string | null
  words: { zh: string; en: string }
}
