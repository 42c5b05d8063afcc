import { describe, expect, it } from 'vitest'
import type { Incident, WallSeat } from '../contract/day'
import { choicesOf, clockOff, passes, queueOf, seatTyped } from './queue'

function incident(part: Partial<Incident>): Incident {
  return {
    incident_id: 'i',
    sitting_id: 's',
    room_id: 'r',
    seat_no: '01',
    name_masked: '张*明',
    kind: 'help',
    severity: 'amber',
    opened_at_ms: 0,
    last_at_ms: 0,
    count: 1,
    score: null,
    threshold: null,
    state: 'open',
    decision: null,
    decided_by: null,
    reason: null,
    capture_ids: [],
    proposal: null,
    detail: {},
    ...part,
  }
}

function seat(part: Partial<WallSeat>): WallSeat {
  return {
    seat_id: 'a',
    seat_no: '07',
    row: 1,
    col: 1,
    spare: false,
    sitting_id: 's',
    name_masked: '张*明',
    state: 'answering',
    answered: 0,
    item_count: 0,
    deadline_ms: null,
    offline_since_ms: null,
    badge: null,
    severity: null,
    thumb_at_ms: null,
    extra_s: 0,
    late: false,
    simulated: false,
    ...part,
  }
}

describe('the work queue', () => {
  it('shows red first, then what has waited longest, and nothing decided', () => {
    const queue = queueOf([
      incident({ incident_id: 'young', opened_at_ms: 30 }),
      incident({ incident_id: 'old', opened_at_ms: 10 }),
      incident({ incident_id: 'red', severity: 'red', opened_at_ms: 40 }),
      incident({ incident_id: 'over', severity: 'red', state: 'decided' }),
    ])
    expect(queue.map((one) => one.incident_id)).toEqual(['red', 'old', 'young'])
  })

  it('asks about the person for a face, about the time for an outage', () => {
    expect(choicesOf(incident({ kind: 'mismatch' })).no).toBe('not_same_person')
    expect(choicesOf(incident({ kind: 'offline', proposal: { extend_s: 240 } })).yes).toBe(
      'granted',
    )
    expect(choicesOf(incident({ kind: 'help' })).yes).toBe('handled')
  })

  it('finds a typed seat with or without its leading zero', () => {
    expect(seatTyped([seat({})], '7')?.seat_no).toBe('07')
    expect(seatTyped([seat({})], '07')?.seat_no).toBe('07')
    expect(seatTyped([seat({})], '8')).toBeNull()
  })

  it('counts a forced paper among the submitted', () => {
    expect(passes(seat({ state: 'forced' }), 'submitted')).toBe(true)
    expect(passes(seat({ state: 'absent' }), 'signed_in')).toBe(false)
    expect(passes(seat({ badge: 'help' }), 'incidents')).toBe(true)
  })
})

describe('a case of the clock', () => {
  it('says which clock is off and by how much', () => {
    const drift = incident({ kind: 'clock', detail: { drift_ms: -90_400 } })
    expect(clockOff(drift)).toEqual({ clock: 'machine', off_s: 90 })
    const both = incident({ kind: 'clock', detail: { drift_ms: 2_000, server_off_ms: 3_600_000 } })
    expect(clockOff(both)).toEqual({ clock: 'server', off_s: 3600 })
  })

  it('says nothing where nothing is known, nor for another case', () => {
    expect(clockOff(incident({ kind: 'clock' }))).toBeNull()
    expect(clockOff(incident({ kind: 'help', detail: { drift_ms: 2_000 } }))).toBeNull()
  })
})
