import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refused, Unreachable } from '@/shared/api'
import type { Ack, AnswerResponse, EventBatch } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import type { Sleep } from '../backoff'
import type { Signer } from '../transport'
import { StoredJournal } from './journal'
import { Outbox, type Stop } from './outbox'
import { folded, NOTHING, type Draft } from './state'
import { openStore } from './store'

/** What the network does with one try. */
type Fault = 'ok' | 'lost' | 'ack_lost' | 'twice' | 'old_ack' | 'gateway'

/** A server by the contract: idempotent by seq, refuses a hole, acks what it holds. */
class FakeServer {
  events: ClientEvent[] = []
  conflicts = 0
  #delayed: EventBatch[] = []

  take(batch: EventBatch): Ack {
    for (const event of batch.events) {
      const known = this.events[event.seq - 1]
      if (known !== undefined) {
        if (JSON.stringify(known) !== JSON.stringify(event)) this.conflicts += 1
      } else if (event.seq === this.events.length + 1) this.events.push(event)
      else throw new Refused({ code: 'ledger.gap', params: { next_seq: this.events.length + 1 } })
    }
    return this.ack(batch.epoch, this.events.length)
  }

  ack(epoch: number, acked_through: number): Ack {
    return {
      origin: 'o',
      stream_id: 's',
      epoch,
      acked_through,
      head_hex: '',
      server_ms: 1,
      frame_b64: '',
      signature_b64: '',
      deadline_ms: 2,
    }
  }

  /** Delivers the batch as `fault` says; a late copy of a lost one may come in at any time. */
  deliver(batch: EventBatch, fault: Fault): Ack {
    const late = this.#delayed.shift()
    if (late !== undefined) {
      try {
        this.take(late)
      } catch {
        // Nobody waits for this copy any more.
      }
    }
    switch (fault) {
      case 'lost':
        this.#delayed.push(batch)
        throw new Unreachable('lost')
      case 'gateway':
        throw new Unreachable('status 502', 10)
      case 'ack_lost':
        this.take(batch)
        throw new Unreachable('ack lost')
      case 'twice':
        this.take(batch)
        return this.take(batch)
      case 'old_ack':
        this.take(batch)
        return this.ack(batch.epoch, batch.first_seq - 1)
      case 'ok':
        return this.take(batch)
    }
  }
}

const signer: Signer = {
  epoch: 3,
  batch: () => Promise.resolve('signed'),
  submission: () => Promise.resolve({ state_hash_hex: '', signature_b64: '' }),
}
const soon: Sleep = () => new Promise((done) => setTimeout(done, 0))
const hooks = { acked: () => undefined, stopped: () => undefined, reached: () => undefined }

const draft = fc.record<Draft>({
  kind: fc.constantFrom('answer_set', 'answer_cleared', 'marked', 'unmarked'),
  item_id: fc.constantFrom('i1', 'i2', 'i3'),
  response: fc.constantFrom<AnswerResponse>({ options: ['a'] }, { options: ['b'] }, { text: 'x' }),
  client_ms: fc.nat(),
})
const fault = fc.constantFrom<Fault>('ok', 'lost', 'ack_lost', 'twice', 'old_ack', 'gateway')

let stores = 0

describe('the outbox', () => {
  it('brings the server to the local state whatever the network does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(draft, { minLength: 1, maxLength: 130 }),
        fc.array(fault, { maxLength: 25 }),
        async (drafts, faults) => {
          stores += 1
          const store = await openStore(`outbox-${stores}`)
          const journal = await StoredJournal.open(store, 'sitting', signer.epoch, 1)
          const server = new FakeServer()
          const schedule = [...faults]
          const outbox = new Outbox(
            async (batch) => {
              await soon(0)
              return server.deliver(batch, schedule.shift() ?? 'ok')
            },
            signer,
            journal,
            hooks,
            soon,
          )
          const local: ClientEvent[] = []
          for (const one of drafts) {
            const { event, stored } = await journal.append(one)
            expect(stored).toBe(true)
            local.push(event)
            outbox.add(event)
          }
          await outbox.drained()
          expect(outbox.waiting).toBe(0)
          expect(server.conflicts).toBe(0)
          expect(server.events).toEqual(local)
          expect(folded(NOTHING, server.events)).toEqual(folded(NOTHING, local))
          store.close()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('sends in batches of at most fifty events', async () => {
    const sizes: number[] = []
    const { outbox, journal, server } = await bench('sizes', (batch) => {
      sizes.push(batch.events.length)
      return server.take(batch)
    })
    for (let made = 0; made < 120; made += 1) {
      outbox.add((await journal.append(marking('i1', made))).event)
    }
    await outbox.drained()
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50)
    expect(server.events).toHaveLength(120)
  })

  it('refills from the journal what a restored server has lost', async () => {
    const { outbox, journal, server } = await bench('restored', (batch) => server.take(batch))
    outbox.add((await journal.append(marking('i1', 1))).event)
    outbox.add((await journal.append(marking('i2', 2))).event)
    await outbox.drained()
    server.events = []
    outbox.add((await journal.append(marking('i3', 3))).event)
    await outbox.drained()
    expect(server.events.map((event) => event.seq)).toEqual([1, 2, 3])
  })

  it.each<[string, string, Stop]>([
    ['answer.stale_epoch', 'conflict', 'fenced'],
    ['sitting.closed', 'conflict', 'closed'],
    ['answer.too_late', 'conflict', 'late'],
    ['ledger.conflict', 'conflict', 'blocked'],
    ['response.shape', 'invalid', 'blocked'],
    ['access.token_invalid', 'unauthenticated', 'signed_out'],
  ])('stops at %s and keeps what is not acknowledged', async (code, kind, stop) => {
    const { outbox, journal, stops } = await bench(code, () => {
      throw new Refused({ code, kind })
    })
    outbox.add((await journal.append(marking('i1', 1))).event)
    await outbox.drained()
    expect(stops).toEqual([stop])
    expect(outbox.waiting).toBe(1)
    expect(await journal.from(1)).toHaveLength(1)
  })

  it('waits while the exam is paused and then goes on', async () => {
    let tries = 0
    const { outbox, journal, server } = await bench('paused', (batch) => {
      tries += 1
      if (tries < 3) throw new Refused({ code: 'sitting.paused', kind: 'conflict' })
      return server.take(batch)
    })
    outbox.add((await journal.append(marking('i1', 1))).event)
    await outbox.drained()
    expect(tries).toBe(3)
    expect(server.events).toHaveLength(1)
  })
})

function marking(item_id: string, client_ms: number): Draft {
  return { kind: 'marked', item_id, response: null, client_ms }
}

async function bench(
  name: string,
  answer: (batch: EventBatch) => Ack,
): Promise<{ outbox: Outbox; journal: StoredJournal; server: FakeServer; stops: Stop[] }> {
  const journal = await StoredJournal.open(await openStore(`bench-${name}`), 's', signer.epoch, 1)
  const stops: Stop[] = []
  const outbox = new Outbox(
    async (batch) => {
      await soon(0)
      return answer(batch)
    },
    signer,
    journal,
    { ...hooks, stopped: (stop) => stops.push(stop) },
    soon,
  )
  return { outbox, journal, server: new FakeServer(), stops }
}
