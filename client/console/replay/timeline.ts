/** Arithmetic of the time line: where a moment lies, which one comes next, how playing goes. Pure. */
import type { Course, Lane, Moment } from '../contract/replay'

export const SPEEDS = [1, 8, 60] as const
export const MINUTE_MS = 60_000
/** Lanes from top to bottom. */
export const LANES: readonly Lane[] = [
  'answer',
  'turn',
  'mark',
  'focus',
  'connection',
  'staff',
  'incident',
  'late',
  'conflict',
  'course',
]

export type Span = Pick<Course, 'from_ms' | 'to_ms'>

export function clamp(span: Span, at_ms: number): number {
  return Math.min(span.to_ms, Math.max(span.from_ms, at_ms))
}

/** How far along a moment lies, from 0 to 1; a span of one moment is all at its end. */
export function share(span: Span, at_ms: number): number {
  const length = span.to_ms - span.from_ms
  return length <= 0 ? 1 : (clamp(span, at_ms) - span.from_ms) / length
}

/** The first moment after `at_ms`, or the end. */
export function following(span: Span, moments: readonly Moment[], at_ms: number): number {
  return moments.find((one) => one.at_ms > at_ms)?.at_ms ?? span.to_ms
}

/** The last moment before `at_ms`, or the beginning. */
export function preceding(span: Span, moments: readonly Moment[], at_ms: number): number {
  return moments.findLast((one) => one.at_ms < at_ms)?.at_ms ?? span.from_ms
}

/** Where a key goes from `at_ms`; null for a key that moves nothing. */
export function moved(
  key: string,
  span: Span,
  moments: readonly Moment[],
  at_ms: number,
): number | null {
  if (key === 'ArrowRight') return following(span, moments, at_ms)
  if (key === 'ArrowLeft') return preceding(span, moments, at_ms)
  if (key === 'PageDown') return clamp(span, at_ms + MINUTE_MS)
  if (key === 'PageUp') return clamp(span, at_ms - MINUTE_MS)
  if (key === 'Home') return span.from_ms
  if (key === 'End') return span.to_ms
  return null
}

/** The lanes that have something in them. */
export function lanesOf(moments: readonly Moment[]): Lane[] {
  const used = new Set(moments.map((one) => one.group))
  return LANES.filter((lane) => used.has(lane))
}

/** The last moments up to `at_ms` and the next ones, `count` on either side. */
export function around(moments: readonly Moment[], at_ms: number, count: number): Moment[] {
  const cut = moments.findIndex((one) => one.at_ms > at_ms)
  const here = cut < 0 ? moments.length : cut
  return moments.slice(Math.max(0, here - count), here + count)
}

/** The newest picture taken by then. */
export function nearest<T extends { taken_at_ms: number }>(
  pictures: readonly T[],
  at_ms: number,
): T | null {
  return pictures.findLast((one) => one.taken_at_ms <= at_ms) ?? null
}
