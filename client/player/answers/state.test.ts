import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnswerResponse, Paper } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import { resumed } from './resume'
import { saveState, type SaveFacts } from './save'
import { applied, chosen, folded, isSame, NOTHING } from './state'

function event(
  seq: number,
  kind: string,
  item_id: string | null,
  response: AnswerResponse | null = null,
): ClientEvent {
  return { seq, kind, item_id, response, client_ms: seq }
}

const A: AnswerResponse = { options: ['a'] }
const B: AnswerResponse = { options: ['b'] }

describe('the reducer', () => {
  it('keeps the last answer of an item', () => {
    const state = folded(NOTHING, [event(1, 'answer_set', 'i', A), event(2, 'answer_set', 'i', B)])
    expect(state.answers).toEqual({ i: B })
  })

  it('forgets a cleared answer and a removed mark', () => {
    const state = folded(NOTHING, [
      event(1, 'answer_set', 'i', A),
      event(2, 'marked', 'i'),
      event(3, 'answer_cleared', 'i'),
      event(4, 'unmarked', 'i'),
    ])
    expect(state).toEqual(NOTHING)
  })

  it('does not mark twice', () => {
    expect(folded(NOTHING, [event(1, 'marked', 'i'), event(2, 'marked', 'i')]).marks).toEqual(['i'])
  })

  it('lets events that answer nothing change nothing', () => {
    expect(applied(NOTHING, event(1, 'focus_lost', null))).toBe(NOTHING)
  })

  it('replaces a single choice, toggles a multiple one and is blank without any', () => {
    expect(chosen('single', A, 'b')).toEqual(B)
    expect(chosen('multiple', B, 'a')).toEqual({ options: ['a', 'b'] })
    expect(chosen('multiple', B, 'b')).toBeNull()
  })

  it('does not mind the order of options', () => {
    expect(isSame({ options: ['a', 'b'] }, { options: ['b', 'a'] })).toBe(true)
    expect(isSame(null, undefined)).toBe(true)
    expect(isSame(A, null)).toBe(false)
  })
})

const PAPER: Paper = {
  form_code: 'A',
  form_hash: '',
  title: '',
  items: [],
  sections: [],
  answers: { i1: A },
  settled_ms: {},
  marks: [],
  epoch: 2,
  next_seq: 3,
}

describe('resuming', () => {
  it('takes from the local log only what the server has not', () => {
    const own = [1, 2, 3, 4].map((seq) => event(seq, 'answer_set', `i${seq}`, B))
    const { state, unsent } = resumed(PAPER, own, [], 2)
    expect(unsent.map((one) => one.seq)).toEqual([3, 4])
    expect(state.answers).toEqual({ i1: A, i3: B, i4: B })
  })

  it('sends again what the server holds but never signed for', () => {
    const own = [1, 2, 3, 4].map((seq) => event(seq, 'answer_set', `i${seq}`, B))
    expect(resumed(PAPER, own, [], 1).unsent.map((one) => one.seq)).toEqual([2, 3, 4])
    expect(resumed(PAPER, own, [], 4).unsent.map((one) => one.seq)).toEqual([3, 4])
  })

  it('says again what an earlier sign-in could not send, once per item', () => {
    const earlier = [event(7, 'answer_set', 'i1', B), event(8, 'answer_set', 'i2', A)]
    const { state, again } = resumed(PAPER, [], [...earlier, event(9, 'answer_set', 'i1', A)], 0)
    expect(again.map((one) => one.item_id)).toEqual(['i2'])
    expect(state.answers).toEqual({ i1: A, i2: A })
  })

  it('puts nothing over what was answered later at another computer', () => {
    const earlier = [event(4, 'answer_set', 'i1', A), event(5, 'answer_set', 'i2', A)]
    const settled_ms = { i1: earlier[0]!.client_ms + 1, i2: earlier[1]!.client_ms - 1 }
    const paper = { ...PAPER, answers: { i1: B, i2: B }, settled_ms }
    const { state, again } = resumed(paper, [], earlier, 0)
    expect(again.map((draft) => draft.item_id)).toEqual(['i2'])
    expect(state.answers).toEqual({ i1: B, i2: A })
  })

  it('puts nothing of an earlier sign-in over what was answered in this one', () => {
    const newer = [event(1, 'answer_set', 'i1', B), event(2, 'marked', 'i2')]
    const earlier = [event(1, 'answer_set', 'i1', A), event(2, 'answer_set', 'i2', A)]
    const paper = { ...PAPER, answers: { i1: B }, marks: ['i2'], next_seq: 3 }
    const { state, again } = resumed(paper, newer, earlier, 2)
    expect(again.map((draft) => draft.item_id)).toEqual(['i2'])
    expect(state.answers).toEqual({ i1: B, i2: A })
    expect(state.marks).toEqual(['i2'])
  })

  it('gives the same answers as an unbroken sitting, wherever it was cut', () => {
    const events = fc.array(
      fc.record({
        kind: fc.constantFrom('answer_set', 'answer_cleared', 'marked', 'unmarked'),
        item_id: fc.constantFrom('i1', 'i2', 'i3'),
        response: fc.constantFrom(A, B),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(events, fc.nat(30), fc.nat(30), (made, cut, proven) => {
        const log = made.map((one, at) => event(at + 1, one.kind, one.item_id, one.response))
        const sent = log.slice(0, cut)
        const { answers, marks } = folded(NOTHING, sent)
        const paper = { ...PAPER, answers, marks: [...marks], next_seq: sent.length + 1 }
        const { state } = resumed(paper, log, [], proven)
        const whole = folded(NOTHING, log)
        expect(state.answers).toEqual(whole.answers)
        expect([...state.marks].sort()).toEqual([...whole.marks].sort())
      }),
    )
  })
})

describe('the save chip', () => {
  const facts: SaveFacts = {
    waiting: 1,
    oldest_ms: 1000,
    saved_at_ms: null,
    reachable: true,
    isServerFull: false,
    stored: true,
    doubted: false,
    now_ms: 2000,
  }
  it.each<[string, Partial<SaveFacts>, string]>([
    ['says saving while an ack is out', {}, 'saving'],
    ['says saved only after the ack', { waiting: 0, oldest_ms: null, saved_at_ms: 1500 }, 'saved'],
    ['says nothing before anything was made', { waiting: 0, oldest_ms: null }, 'idle'],
    ['says queued when the network is down', { reachable: false }, 'queued'],
    ['says queued when an ack takes over five seconds', { now_ms: 6500 }, 'queued'],
    ['never says saved after an ack that is not genuine', { doubted: true }, 'doubted'],
    ['waits a moment before it blames the server', { isServerFull: true }, 'saving'],
    ['says that the server stores nothing', { isServerFull: true, now_ms: 6500 }, 'full'],
    ['goes on saying so after a minute', { isServerFull: true, now_ms: 61_500 }, 'full'],
    ['becomes a bar after a minute', { now_ms: 61_500 }, 'long'],
    ['says first that the computer does not store', { stored: false, now_ms: 61_500 }, 'failed'],
  ])('%s', (_, change, expected) => {
    expect(saveState({ ...facts, ...change })).toBe(expected)
  })
})
