/** What the clock says to the candidate. Pure; all times are the server's. */
export interface Timing {
  deadline_ms: number | null
  /** When the exam was paused; null while it runs. */
  paused_at_ms: number | null
  now_ms: number
}

/** Time left, ms; null when no end is known yet. While paused it stands still. */
export function left_ms(timing: Timing): number | null {
  if (timing.deadline_ms === null) return null
  const at = timing.paused_at_ms ?? timing.now_ms
  return Math.max(0, timing.deadline_ms - at)
}

/** Whether the end has come; never while paused. */
export function isOver(timing: Timing): boolean {
  return timing.paused_at_ms === null && left_ms(timing) === 0
}

/**
 * The reminder that falls due between two readings of the time left: the smallest threshold that
 * was crossed. A late entry or a long sleep gives one reminder, not all of them.
 */
export function dueReminder_s(
  reminders_s: readonly number[],
  before_ms: number,
  after_ms: number,
): number | null {
  const crossed = reminders_s.filter(
    (reminder) => before_ms > reminder * 1000 && after_ms <= reminder * 1000 && after_ms > 0,
  )
  return crossed.length > 0 ? Math.min(...crossed) : null
}
