/** The exam day's API in short names: roster, draw, desk, wall, room record. */
import type { components } from '@/shared/api-types'

type Shape = components['schemas']

export type RosterReport = Shape['RosterImportBody']
export type Candidate = Shape['CandidateBody']

export type Draw = Shape['DrawBody']
export type Party = Draw['parties'][number]['party']

export type DeskCandidate = Shape['DeskCandidate']
export type Desk = Shape['Desk']
export type Advice = Shape['Advice']
export type Verdict = Shape['ShownVerdict']
export type DrawnSeat = Shape['DrawnSeat']
export type CheckIn = Shape['CheckIn']

export type SeatState = Shape['SeatState']
export type WallSeat = Shape['WallSeat']
export type DecisionCode = Shape['Decision']
export type Incident = Shape['Incident']
export type Wall = Shape['RoomWall']

export type TimelineEvent = Shape['TimelineEvent']
export type Capture = Shape['TimelineCapture']
export type Timeline = Shape['Timeline']

export type Articles = Shape['ArticleTable']
export type Absentee = Shape['Absentee']
export type RoomRecord = Shape['RoomRecord']
