/** The shapes of the exam day's API that this program relies on: roster, draw, desk, wall. */
import type { RefusedRow, Sentence } from '@/shared/api'

export interface RosterReport {
  accepted: number
  rejected: number
  rows: RefusedRow[]
}

export interface Candidate {
  candidate_id: string
  sitting_id: string
  ticket_no: string
  name: string
  gender: string
  id_number_masked: string
  route: 'face' | 'manual'
  extra_time_pct: number
  portrait: boolean
}

export type Party = 'system' | 'chief' | 'officer'

export interface Draw {
  draw_id: string
  state: 'open' | 'committed' | 'revealed' | 'fallback' | 'aborted'
  parties: { party: Party; committed: boolean; revealed: boolean }[]
  seed_hex?: string | null
  roster_root: string
  reveal_by_ms?: number | null
}

export interface DeskCandidate {
  candidate_id: string
  sitting_id: string
  name: string
  gender: string
  ticket_no: string
  id_type: string
  id_number_masked: string
  route: 'face' | 'manual'
  portrait: boolean
  state: 'expected' | 'started' | 'consented' | 'matched' | 'confirmed' | 'seated' | 'refused'
  checkin_id: string | null
}

export interface Desk {
  server_ms: number
  expected: number
  arrived: number
  admitted: number
  refused: number
  queue: DeskCandidate[]
  candidates: DeskCandidate[]
}

export type Advice = 'same' | 'review' | 'different' | 'unusable' | 'document'

export interface Verdict {
  match_id: string
  advice: Advice
  reason: string | null
  score: number | null
  threshold: number
  faces: number
  taken_at_ms: number
  words: Sentence
}

export interface DrawnSeat {
  room_name: string
  seat_no: string
  machine_code: string
  slip_code: string
}

export interface CheckIn {
  checkin_id: string
  candidate: DeskCandidate
  state: DeskCandidate['state']
  route: 'face' | 'manual'
  consent: boolean | null
  late: boolean
  late_override: boolean
  needs_second: boolean
  verdict: Verdict | null
  identified_by: string[]
  confirmed_by: string[]
  seat: DrawnSeat | null
}

export type SeatState =
  | 'empty'
  | 'expected'
  | 'admitted'
  | 'signed_in'
  | 'ready'
  | 'answering'
  | 'offline'
  | 'paused'
  | 'submitted'
  | 'forced'
  | 'absent'

export interface WallSeat {
  seat_id: string
  seat_no: string
  row: number
  col: number
  spare: boolean
  sitting_id: string | null
  name_masked: string
  state: SeatState
  answered: number
  item_count: number
  deadline_ms: number | null
  offline_since_ms: number | null
  badge: string | null
  severity: 'red' | 'amber' | null
  thumb_at_ms: number | null
  extra_s: number
  late: boolean
  simulated: boolean
}

export type DecisionCode = 'same_person' | 'not_same_person' | 'dismissed' | 'granted' | 'handled'

export interface Incident {
  incident_id: string
  sitting_id: string
  seat_no: string
  name_masked: string
  kind: string
  severity: 'red' | 'amber'
  opened_at_ms: number
  last_at_ms: number
  count: number
  score: number | null
  threshold: number | null
  state: 'open' | 'decided'
  decision: DecisionCode | null
  decided_by: string | null
  reason: { code: string; text: string } | null
  capture_ids: string[]
  proposal: { extend_s: number } | null
}

export interface Wall {
  server_ms: number
  session: {
    session_id: string
    name: string
    subject: string
    state: string
    starts_at_ms: number
    ends_at_ms: number
  }
  room: { room_id: string; name: string; rows: number; cols: number }
  counts: {
    expected: number
    signed_in: number
    answering: number
    offline: number
    submitted: number
    absent: number
    incidents: number
  }
  seats: WallSeat[]
  incidents: Incident[]
}

/** An event of a sitting; further fields belong to its kind, never the contents of an answer. */
export interface TimelineEvent {
  seq: number
  kind: string
  at_ms: number
  by?: string | null
  text?: string | null
  extend_s?: number
  reason_text?: string | null
}

export interface Capture {
  capture_id: string
  taken_at_ms: number
  outcome: string
  score: number | null
  threshold: number | null
  faces: number
}

export interface Timeline {
  events: TimelineEvent[]
  captures: Capture[]
}

export interface Articles {
  authority: string
  title: { zh: string; en: string }
  note: { zh: string; en: string }
  active_bodies: string[]
  articles: {
    article_id: string
    zh: string
    en: string
    needs_reminder: boolean
    applicable: boolean
  }[]
}

export interface Absentee {
  sitting_id: string
  name: string
  ticket_no: string
  seat_no: string
  confirmed: boolean
}

export interface RoomRecord {
  counts: {
    expected: number
    present: number
    absent: number
    submitted: number
    forced: number
    violations: number
    incidents: number
  }
  open_points: { code: string; seat_no?: string; incident_id?: string }[]
}
