import { describe, expect, it } from 'vitest'
import type { Hold, Order, Standing } from '../contract/erasure'
import {
  agreedOf,
  areGone,
  awaitsCheckpoint,
  codeOf,
  isAsked,
  isCode,
  phaseOf,
  reasonText,
  standingHolds,
  stepOf,
} from './phase'

const person = (id: string): { account_id: string; name: string } => ({ account_id: id, name: id })

const ORDER: Order = {
  erasure_id: 'erasure_1',
  session_id: 'sess_1',
  reason_text: 'r',
  ordered_by: person('officer'),
  ordered_at_ms: 1,
  needed: 2,
  approvers: [
    { ...person('chief'), agreed_at_ms: 2 },
    { ...person('supervisor'), agreed_at_ms: null },
  ],
  state: 'ordered',
  order_seq: null,
  order_leaf: null,
  erased_at_ms: null,
  record_leaf: null,
  keys: {},
  complete: false,
  withdrawn_by: null,
  withdrawn_at_ms: null,
}

const HOLD: Hold = {
  hold_id: 'hold_1',
  reason_text: 'r',
  issued_by: person('supervisor'),
  issued_at_ms: 1,
  lifted_by: null,
  lifted_at_ms: null,
}

function standing(order: Partial<Order> | null, sealed = true): Standing {
  const erasure = order === null ? null : { ...ORDER, ...order }
  return { sealed, needed: 2, approvers: 2, holds: [], erasure, fit: [] }
}

describe('how far a destruction has come', () => {
  it('follows the order, and is open or kept without one that stands', () => {
    expect(phaseOf(standing(null, false))).toBe('open')
    expect(phaseOf(standing(null))).toBe('kept')
    expect(phaseOf(standing({ state: 'withdrawn' }))).toBe('kept')
    expect(phaseOf(standing({ state: 'ordered' }))).toBe('ordered')
    expect(phaseOf(standing({ state: 'approved' }))).toBe('approved')
    expect(phaseOf(standing({ state: 'sequenced' }))).toBe('sequenced')
  })

  it('is finished only when the files were looked into, too', () => {
    expect(phaseOf(standing({ state: 'erased' }))).toBe('unfinished')
    expect(phaseOf(standing({ state: 'erased', complete: true }))).toBe('erased')
    expect(areGone('unfinished')).toBe(true)
    expect(areGone('sequenced')).toBe(false)
  })

  it('names the act that comes next', () => {
    expect(stepOf('kept')).toBe('order')
    expect(stepOf('approved')).toBe('log')
    expect(stepOf('unfinished')).toBe('destroy')
    expect(stepOf('erased')).toBeNull()
    expect(stepOf('open')).toBeNull()
  })

  it('waits for a checkpoint where a record is not under one', () => {
    expect(awaitsCheckpoint(standing(null))).toBe(false)
    expect(awaitsCheckpoint(standing({ state: 'approved' }))).toBe(false)
    expect(awaitsCheckpoint(standing({ state: 'sequenced' }))).toBe(true)
    expect(awaitsCheckpoint(standing({ state: 'sequenced', order_leaf: 0 }))).toBe(false)
    expect(awaitsCheckpoint(standing({ state: 'erased', order_leaf: 0 }))).toBe(true)
    expect(awaitsCheckpoint(standing({ state: 'erased', record_leaf: 0 }))).toBe(false)
  })
})

describe('who has a say', () => {
  it('is who was named and has not agreed, before the order stands in the log', () => {
    expect(isAsked(ORDER, 'supervisor')).toBe(true)
    expect(isAsked(ORDER, 'chief')).toBe(false)
    expect(isAsked(ORDER, 'officer')).toBe(false)
    expect(isAsked({ ...ORDER, state: 'sequenced' }, 'supervisor')).toBe(false)
    expect(agreedOf(ORDER)).toBe(1)
  })

  it('counts only the holds that stand', () => {
    const lifted = { ...HOLD, hold_id: 'hold_2', lifted_by: person('officer'), lifted_at_ms: 2 }
    const found = standingHolds({ ...standing(null), holds: [HOLD, lifted] })
    expect(found.map((one) => one.hold_id)).toEqual(['hold_1'])
  })
})

describe('what is typed before the keys go', () => {
  it('is the end of the number of this session and of no other', () => {
    expect(codeOf('sess_01J8ABCDEF')).toBe('ABCDEF')
    expect(isCode(' abcdef ', 'sess_01J8ABCDEF')).toBe(true)
    expect(isCode('', 'sess_01J8ABCDEF')).toBe(false)
    expect(isCode('BCDEF', 'sess_01J8ABCDEF')).toBe(false)
    expect(isCode('ABCDEF', 'sess_01J8ABCDEG')).toBe(false)
  })
})

describe('a reason on record', () => {
  it('goes with what it rests on, if that is given', () => {
    expect(reasonText(' kept long enough ', ' No. 7 ')).toBe('kept long enough · No. 7')
    expect(reasonText('kept long enough', ' ')).toBe('kept long enough')
  })
})
