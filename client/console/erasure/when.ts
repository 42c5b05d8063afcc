/** A moment as a day and a time. */
import { asDay, asTime } from '@/shared/format'

export function whenOf(at_ms: number | null): string {
  return at_ms === null ? '' : `${asDay(at_ms)} ${asTime(at_ms)}`
}
