/** Holds on a session and the destruction of its keys in short names. */
import type { components } from '@/shared/api-types'

type Shape = components['schemas']

export type Standing = Shape['StandingBody']
export type Hold = Shape['HoldBody']
export type Order = Shape['ErasureBody']
export type Fit = Shape['FitBody']
