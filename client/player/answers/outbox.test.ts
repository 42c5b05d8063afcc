import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refused } from '@/shared/api'
import type { Ack, AnswerResponse, EventBatch } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import type { Sleep } from '../backoff'
import { FakeServer, signer, type Fault } from './fake-server'
import { StoredJournal } from './journal'
import { Outbox, type Stop } from './outbox'
import { folded, NOTHING, type Draft } from './state'
import { openStore } from './store'

const soon: Sleep = () => new Promise((done) => setTimeout(done, 0))
const hooks = {
  acked: () => undefined,
  doubted: () => undefined,
  stopped: () => undefined,
  reached: () => undefined,
}

const draft = fc.record<Draft>({
  kind: fc.constantFrom('answer_set', 'answer_cleared', 'marked', 'unmarked'),
  item_id: fc.constantFrom('i1', 'i2', 'i3'),
  response: fc.constantFrom<AnswerResponse>({ options: ['a'] }, { options: ['b'] }, { text: 'x' }),
  client_ms: fc.nat(),
})
const fault = fc.constantFrom<Fault>(
  'ok',
  'lost',
  'ack_lost',
  'twice',
  'old_ack',
  'forged',
  'gateway',
)

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

  it('sends again until an ack is genuine, and tells of each that is not', async () => {
    let tries = 0
    const { outbox, journal, server, doubts } = await bench('forged', (batch) => {
      tries += 1
      return tries < 3 ? server.deliver(batch, 'forged') : server.take(batch)
    })
    outbox.add((await journal.append(marking('i1', 1))).event)
    await outbox.drained()
    expect(tries).toBe(3)
    expect(doubts()).toBe(2)
    expect(server.events).toHaveLength(1)
  })

  it('believes no refusal that claims to hold what was never acknowledged', async () => {
    let tries = 0
    const { outbox, journal, server } = await bench('claims', (batch) => {
      tries += 1
      if (tries < 3) throw new Refused({ code: 'ledger.gap', params: { next_seq: 100 } })
      return server.take(batch)
    })
    outbox.add((await journal.append(marking('i1', 1))).event)
    await outbox.drained()
    expect(tries).toBe(3)
    expect(server.events).toHaveLength(1)
  })

  it.each<[string, string, Stop]>([
    ['answer.stale_epoch', 'conflict', 'fenced'],
    ['sitting.closed', 'conflict', 'closed'],
    ['answer.too_late', 'conflict', 'late'],
    ['ledger.conflict', 'conflict', 'blocked'],
    ['response.shape', 'invalid', 'refused'],
    ['answer.item_unknown', 'not_found', 'refused'],
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

  it('finds the one event of a batch that is refused for what it is, and sends those before it', async () => {
    const isBad = ({ item_id }: ClientEvent): boolean => item_id === 'bad'
    const { outbox, journal, server, stops, refused } = await bench('one is bad', (batch) => {
      if (batch.events.some(isBad)) throw new Refused({ code: 'response.shape' })
      return server.take(batch)
    })
    for (const id of ['i1', 'i2', 'bad', 'i3']) {
      outbox.add((await journal.append(marking(id, 1))).event)
    }
    await outbox.drained()
    expect(server.events.map((event) => event.item_id)).toEqual(['i1', 'i2'])
    expect([stops, refused]).toEqual([['refused'], [3]])
    expect(outbox.waiting).toBe(2)
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

interface Bench {
  outbox: Outbox
  journal: StoredJournal
  server: FakeServer
  stops: Stop[]
  refused: (number | null)[]
  doubts: () => number
}

async function bench(name: string, answer: (batch: EventBatch) => Ack): Promise<Bench> {
  const journal = await StoredJournal.open(await openStore(`bench-${name}`), 's', signer.epoch, 1)
  const stops: Stop[] = []
  const refused: (number | null)[] = []
  let doubted = 0
  const outbox = new Outbox(
    async (batch) => {
      await soon(0)
      return answer(batch)
    },
    signer,
    journal,
    {
      ...hooks,
      doubted: () => {
        doubted += 1
      },
      stopped: (stop, _, seq) => {
        stops.push(stop)
        refused.push(seq)
      },
    },
    soon,
  )
  return { outbox, journal, server: new FakeServer(), stops, refused, doubts: () => doubted }
}
