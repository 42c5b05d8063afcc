/** The work queue, and which tile a filter or a typed number means. Pure. */
import type { DecisionCode, Incident, SeatState, WallSeat } from '../contract/day'

/** Open incidents: red before amber, then the longest waiting first. */
export function queueOf(incidents: readonly Incident[]): Incident[] {
  const rank = (one: Incident): number => (one.severity === 'red' ? 0 : 1)
  return incidents
    .filter((one) => one.state === 'open')
    .sort((one, other) => rank(one) - rank(other) || one.opened_at_ms - other.opened_at_ms)
}

const OF_PERSON = new Set(['mismatch', 'seat_face', 'several_faces', 'no_face'])

/** What Y and N mean for an incident, as the server allows it. */
export function choicesOf(incident: Incident): { yes: DecisionCode; no: DecisionCode } {
  if (OF_PERSON.has(incident.kind)) return { yes: 'same_person', no: 'not_same_person' }
  if (incident.proposal !== null || incident.kind === 'transfer') {
    return { yes: 'granted', no: 'dismissed' }
  }
  return { yes: 'handled', no: 'dismissed' }
}

/** What A (acknowledge) means: seen to, where the server allows that word. */
export function acknowledged(incident: Incident): DecisionCode {
  return incident.kind === 'mismatch' || incident.kind === 'seat_face' ? 'dismissed' : 'handled'
}

/** What a case of the clock says: which clock, and by how many seconds it is off. */
export function clockOff(
  incident: Incident,
): { clock: 'machine' | 'server'; off_s: number } | null {
  const { drift_ms, server_off_ms } = incident.detail
  const [clock, off_ms] =
    typeof server_off_ms === 'number'
      ? (['server', server_off_ms] as const)
      : (['machine', drift_ms] as const)
  if (incident.kind !== 'clock' || typeof off_ms !== 'number') return null
  return { clock, off_s: Math.round(Math.abs(off_ms) / 1000) }
}

export type Filter =
  'expected' | 'signed_in' | 'answering' | 'offline' | 'submitted' | 'absent' | 'incidents'

const IN_EXAM: readonly SeatState[] = [
  'signed_in',
  'ready',
  'answering',
  'offline',
  'paused',
  'submitted',
  'forced',
]

export function passes(seat: WallSeat, filter: Filter | null): boolean {
  if (filter === null) return true
  if (filter === 'incidents') return seat.badge !== null
  if (filter === 'expected') return seat.state !== 'empty'
  if (filter === 'signed_in') return IN_EXAM.includes(seat.state)
  if (filter === 'submitted') return seat.state === 'submitted' || seat.state === 'forced'
  return seat.state === filter
}

/** The seat whose number was typed; leading zeros do not matter. */
export function seatTyped(seats: readonly WallSeat[], digits: string): WallSeat | null {
  const wanted = digits.replace(/^0+/, '')
  return seats.find((one) => one.seat_no.replace(/^0+/, '') === wanted) ?? null
}

/** Seats whose number or masked name holds the text. */
export function seatsFound(seats: readonly WallSeat[], text: string): WallSeat[] {
  const wanted = text.trim()
  if (wanted === '') return []
  return seats.filter(
    (one) =>
      one.seat_no.includes(wanted) || (one.name_masked !== '' && one.name_masked.includes(wanted)),
  )
}
