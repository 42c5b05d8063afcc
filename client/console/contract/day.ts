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
  sitting_id: string | null
  name_masked: string | null
  state: SeatState
  answered: number
  item_count: number
  deadline_ms: number | null
  offline_since_ms: number | null
  badge: string | null
  thumb_at_ms: number | null
  extra_s: number
  late: boolean
  simulated: boolean
}

export interface Incident {
  incident_id: string
  sitting_id: string | null
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
  decision: string | null
  decided_by: string | null
  reason: string | null
  capture_ids: string[]
  proposal: { extend_s: number } | null
}

export interface Wall {
  server_ms: number
  session: { session_id: string; name: string; starts_at_ms: number; ends_at_ms: number }
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

export interface Timeline {
  events: { at_ms: number; kind: string; text?: string; by?: string | null }[]
  captures: {
    capture_id: string
    taken_at_ms: number
    score: number | null
    threshold: number | null
    advice: string
  }[]
}

export interface Article {
  article_id: string
  title?: string
  text: string
  active?: boolean
}
