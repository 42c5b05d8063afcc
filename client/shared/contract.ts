/**
 * The shapes of the candidate's and the practice API that this client relies on, no more.
 * Instants end in `_ms` (since 1970, UTC), durations in `_s`.
 */
export type ItemKind = 'single' | 'multiple' | 'judge' | 'short'

export interface AnswerResponse {
  options?: string[]
  text?: string
}

export interface PaperOption {
  id: string
  letter: string
  text: string
}

export interface PaperItem {
  number: number
  item_id: string
  type: ItemKind
  stem: string
  options: PaperOption[]
  score: string
}

export interface Section {
  type: ItemKind
  title: string
  from: number
  to: number
}

/** A form as it is dealt to this candidate, with what the server holds of the answers. */
export interface Paper {
  form_code: string
  form_hash: string
  title: string
  items: PaperItem[]
  sections: Section[]
  answers: Record<string, AnswerResponse>
  marks: string[]
  epoch: number
  next_seq: number
}

export type Stage = 'face' | 'ready' | 'waiting' | 'answering' | 'paused' | 'submitted' | 'ended'

export interface Policy {
  reminders_s: number[]
  capture_min_s: number
  capture_max_s: number
  thumbnail_s: number
  segment_s: number
}

export interface Notice {
  id: string
  kind: string
  text: string
  params: { extend_s?: number; deadline_ms?: number }
  at_ms: number
}

export interface Receipt {
  /** Who handed in. */
  kind: 'self' | 'deadline' | 'forced'
  receipt_code: string
  submitted_at_ms: number
  answered: number
  item_count: number
  head_hex: string
  frame_b64: string
  signature_b64: string
}

export interface SittingState {
  sitting_id: string
  stage: Stage
  server_ms: number
  starts_at_ms: number
  /** While paused it moves with the present: the time left is what stands still. */
  deadline_ms: number | null
  earliest_submit_ms: number
  exam: {
    title: string
    occupation_name: string
    level: number
    subject: string
    duration_s: number
    item_count: number | null
    full_score: string | null
  }
  candidate: {
    name_masked: string
    ticket_no: string
    id_number_masked: string
    seat_no: string
    room_name: string
  }
  epoch: number
  acked_through: number
  policy: Policy
  receipt: Receipt | null
  notices: Notice[]
}

export interface Ack {
  origin: string
  stream_id: string
  epoch: number
  acked_through: number
  head_hex: string
  server_ms: number
  frame_b64: string
  signature_b64: string
  deadline_ms: number | null
}

export interface FaceVerdict {
  advice: 'same' | 'review' | 'different' | 'unusable'
  reason: string
  hint_code: string | null
  passed: boolean
  tries: number
}

export interface Device {
  epoch: number
  origin: string
  stream_id: string
  server_key_b64: string
}

export interface SignedIn {
  token: string
  sitting_id: string
  epoch_pending: boolean
}
