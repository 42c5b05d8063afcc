/** Replays, late data and conflicts in short names. */
import type { components } from '@/shared/api-types'

type Shape = components['schemas']

export type Late = Shape['LateBody']
export type LateItem = Shape['LateItemBody']
export type Said = Shape['SaidBody']
export type Conflict = Shape['ConflictShown']
export type Overview = Shape['OverviewBody']
export type Replayable = Shape['ReplayableBody']
export type Look = Shape['LookBody']
export type Course = Shape['CourseBody']
export type Moment = Shape['MomentBody']
export type Lane = Shape['Group']
export type Frame = Shape['FrameBody']
export type Beside = Shape['BesideBody']
export type Proof = Shape['ProofBody']
