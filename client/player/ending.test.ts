import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { Refused } from '@/shared/api'
import type { SittingState } from '@/shared/contract'
import { signer } from './answers/fake-server'
import { StoredJournal } from './answers/journal'
import { Outbox } from './answers/outbox'
import type { Draft } from './answers/state'
import { openStore, type Store } from './answers/store'
import { Ending, type EndingParts } from './ending'

const ANSWER: Draft = {
  kind: 'answer_set',
  item_id: 'i1',
  response: { options: ['a'] },
  client_ms: 5,
}

/** The end of a sitting whose state was read before this page's device was taken. */
function ending(store: Store, outbox: Outbox | null): Ending {
  const state = { sitting_id: 's', epoch: signer.epoch - 1 } as SittingState
  const seat = outbox === null ? null : { exam: { outbox } }
  const clock = { isSet: true, now: () => 9 }
  return new Ending({
    store,
    device: null,
    seat,
    clock,
    view: { state, doubted: false },
  } as EndingParts)
}

describe('the end of a sitting', () => {
  it('counts an answer that was refused once, wherever it lies', async () => {
    const store = await openStore('ending')
    const journal = await StoredJournal.open(store, 's', signer.epoch, 1)
    const refuse = (): Promise<never> =>
      Promise.reject(new Refused({ code: 'sitting.closed', kind: 'conflict' }))
    const nothing = (): undefined => undefined
    const hooks = { acked: nothing, doubted: nothing, stopped: nothing, reached: nothing }
    const outbox = new Outbox(refuse, signer, journal, hooks)
    outbox.add((await journal.append(ANSWER)).event)
    await outbox.drained()
    const { held } = (await ending(store, outbox).waiting())!
    expect(held).toEqual({ answers: 1, why: 'closed' })
  })

  it('waits for recordings of this sitting, not of one that was here before', async () => {
    const store = await openStore('pieces')
    const piece = { index: 0, t0_ms: 0, t1_ms: 1, sha256: '', data: new Blob([]) }
    await store.put('pieces', { ...piece, sitting_id: 'before' })
    expect((await ending(store, null).waiting())?.pieces).toBe(0)
    await store.put('pieces', { ...piece, sitting_id: 's' })
    expect((await ending(store, null).waiting())?.pieces).toBe(1)
  })
})
