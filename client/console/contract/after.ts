/** The shapes of what comes after the exam: marking, results, archive, receipts. */
export interface MarkingRun {
  objective: number
  by_hand: number
}

/** An anonymous text answer; who wrote it is not in it. */
export interface MarkingTask {
  task_id: string
  stem: string
  model_answer: string
  full: number | string
  response: string
  left?: number
}

export interface Result {
  ticket_no: string
  name: string
  form_code: string | null
  score: number | string | null
  full: number | string | null
  passed: boolean | null
  state: 'number' | 'absent' | 'violation' | 'exempt'
  receipt_code: string | null
}

export interface Publishing {
  approval_id?: string | null
  published?: boolean
  given?: string[]
  needed?: number
  state?: string
}

export interface Archive {
  archive_id: string
  size_bytes: number
  sha256: string
}

export interface ReceiptCheck {
  found: boolean
  origin: string | null
  submitted_at_ms: number | null
  count: number | null
  head_hex: string | null
  words: { zh: string; en: string } | null
}
