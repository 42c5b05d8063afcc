/** The shapes of the staff API that this program relies on, no more: people, places, sessions. */
export type Role =
  | 'administrator'
  | 'auditor'
  | 'author'
  | 'reviewer'
  | 'bank_keeper'
  | 'officer'
  | 'chief'
  | 'invigilator'
  | 'key_holder'
  | 'marker'
  | 'supervisor'

export const ROLES: readonly Role[] = [
  'administrator',
  'auditor',
  'author',
  'reviewer',
  'bank_keeper',
  'officer',
  'chief',
  'invigilator',
  'key_holder',
  'marker',
  'supervisor',
]

export interface Me {
  account_id: string
  account: string
  name: string
  roles: Role[]
  language: string
}

export interface SignedIn extends Me {
  token: string
  expires_at_ms: number
}

export interface Body {
  body_id: string
  code: string
  name: string
}

export interface Site {
  site_id: string
  body_id: string
  code: string
  name: string
  address: string
}

/** Rows and columns count from 1. */
export interface SeatPlan {
  seat_no: string
  row: number
  col: number
  machine_code: string
  spare: boolean
}

export interface Seat extends SeatPlan {
  seat_id: string
  set_up: boolean
}

export interface Room {
  room_id: string
  site_id: string
  site_name: string
  code: string
  name: string
  rows: number
  cols: number
  seats: Seat[]
}

export interface Policy {
  late_limit_s: number
  earliest_submit_s: number
  reminders_s: number[]
  check_in_opens_s: number
  release_opens_s: number
  capture_min_s: number
  capture_max_s: number
  extension_cap_s: number
  [setting: string]: number | number[]
}

export type SessionState =
  'planned' | 'arranged' | 'released' | 'running' | 'closed' | 'marked' | 'published' | 'archived'

export const SESSION_STATES: readonly SessionState[] = [
  'planned',
  'arranged',
  'released',
  'running',
  'closed',
  'marked',
  'published',
  'archived',
]

export interface Session {
  session_id: string
  name: string
  occupation_code: string
  occupation_name: string
  level: number
  subject: string
  starts_at_ms: number
  duration_s: number
  ends_at_ms: number
  state: SessionState
  roster_frozen: boolean
  rooms: { room_id: string; name: string; site_name: string }[]
  policy: Policy
  candidate_count: number
  server_ms: number
}

export type Duty = 'chief' | 'invigilator' | 'officer' | 'key_holder' | 'marker'
export const DUTIES: readonly Duty[] = ['chief', 'invigilator', 'officer', 'key_holder', 'marker']

export interface Staffing {
  account_id: string
  name: string
  duty: Duty
  room_id: string | null
}

/** Whether the session is at this milestone or past it. */
export function reached(state: SessionState, milestone: SessionState): boolean {
  return SESSION_STATES.indexOf(state) >= SESSION_STATES.indexOf(milestone)
}
