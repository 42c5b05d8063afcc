import 'fake-indexeddb/auto'
import { describe, expect, it, vi } from 'vitest'
import type { Ack, EventBatch, SittingState } from '@/shared/contract'
import { makeKey } from '@/shared/sign'
import { FakeServer } from './answers/fake-server'
import { StoredJournal } from './answers/journal'
import { openStore } from './answers/store'
import { sendLeftovers } from './leftovers'
import type { KeptDevice } from './live/device'
import type { Server } from './live/server'

const STREAM = { origin: 'o', stream_id: 's', epoch: 1 }

async function device(): Promise<KeptDevice> {
  const { privateKey } = await makeKey()
  const server_key = new Uint8Array(32)
  return { sitting_id: 'sit', token: 't', stream: STREAM, key: privateKey, server_key }
}

describe('what an earlier page left behind', () => {
  it('is doubted aloud when the acknowledgement is not genuine, and stays here', async () => {
    const store = await openStore('leftovers')
    const journal = await StoredJournal.open(store, 'sit', 1, 1)
    for (let at = 1; at < 3; at += 1) {
      await journal.append({ kind: 'marked', item_id: 'i1', response: null, client_ms: at })
    }
    const held = new FakeServer()
    // Under it stands no signature of the server.
    const events = (batch: EventBatch): Promise<Ack> => Promise.resolve(held.take(batch))
    const server = { events } as unknown as Server
    const state = { sitting_id: 'sit', epoch: 1, acked_through: 0 } as SittingState
    const doubted = vi.fn()
    const late = await sendLeftovers(store, server, state, await device(), doubted)
    await vi.waitFor(() => {
      expect(doubted).toHaveBeenCalledWith(true)
    })
    expect(late?.waiting).toBe(2)
  })
})
