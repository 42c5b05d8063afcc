/** Times and durations as people read them: 24 hours, server time, tabular. */
const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')

/** `00:47:12`; never negative. Rounds up, so that it shows 00:00:00 only when time is up. */
export function asClock(left_ms: number): string {
  const seconds = Math.max(0, Math.ceil(left_ms / 1000))
  return `${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
}

/** `14:31:58` in this computer's zone. */
export function asTime(instant_ms: number): string {
  const date = new Date(instant_ms)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `2026-11-22` in this computer's zone. */
export function asDay(instant_ms: number): string {
  const date = new Date(instant_ms)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** `K7QM-2F9D-XW3R` from the code with or without hyphens. */
export function asReceiptCode(code: string): string {
  return (code.replaceAll('-', '').match(/.{1,4}/g) ?? []).join('-')
}

/** Whole minutes, rounded up. */
export function minutesOf(duration_ms: number): number {
  return Math.max(0, Math.ceil(duration_ms / 60_000))
}
