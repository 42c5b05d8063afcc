/** The staff API in short names: people, places, sessions. */
import type { components } from '@/shared/api-types'

type Shape = components['schemas']

export type Role = Shape['Role']

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

export type Me = Shape['Me']
export type SignedIn = Shape['Token']

export type Body = Shape['Body']
export type Site = Shape['Site']
/** Rows and columns count from 1. */
export type SeatPlan = Shape['NewSeat']
export type Seat = Shape['SeatBody']
export type Room = Shape['RoomBody']

export type Policy = Shape['ExamPolicy-Output']

export type SessionState = Shape['SessionState']

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

export type Session = Shape['SessionBody']
export type Duty = Shape['Duty']
export const DUTIES: readonly Duty[] = ['chief', 'invigilator', 'officer', 'key_holder', 'marker']
export type Staffing = Shape['StaffingBody']

/** Whether the session is at this milestone or past it. */
export function reached(state: SessionState, milestone: SessionState): boolean {
  return SESSION_STATES.indexOf(state) >= SESSION_STATES.indexOf(milestone)
}
