/**
 * The log of this device's events, written before anything is sent.
 *
 * Rules kept here: an event gets its number in the transaction that stores it; the transaction is
 * durable (`strict`) before the candidate sees it counted; nothing is deleted before the receipt.
 * When the computer stores nothing any more, or does not come to an end, the event still gets the next
 * number and is sent; the caller learns that it is not stored. What could not be stored is stored with
 * the next event or not at all: a hole would be one that the server waits for after a reload.
 */
import type { ClientEvent } from '@/shared/sign'
import { sleep } from '../backoff'
import type { Draft } from './state'
import type { Store, StoredEvent } from './store'

export interface Journal {
  /** Stores the draft under the next number. Never rejects. */
  append(draft: Draft): Promise<{ event: ClientEvent; stored: boolean }>
  /** Events of this epoch from `seq` on, by number. */
  from(seq: number): Promise<ClientEvent[]>
  /** The last number given, 0 before the first. */
  readonly last: number
}

/** Longer than any disk at work takes. */
const PATIENCE_MS = 5000

export class StoredJournal implements Journal {
  #store: Store
  #sitting_id: string
  #epoch: number
  #last: number
  /** What only the page has. */
  #memory: ClientEvent[] = []
  /** A transaction has not ended yet. */
  #isBusy = false
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(store: Store, sitting_id: string, epoch: number, last: number) {
    this.#store = store
    this.#sitting_id = sitting_id
    this.#epoch = epoch
    this.#last = last
  }

  /** Opens the log of one epoch; numbers start after both what is stored and `next_seq - 1`. */
  static async open(
    store: Store,
    sitting_id: string,
    epoch: number,
    next_seq: number,
  ): Promise<StoredJournal> {
    const stored = await lastSeq(store, sitting_id, epoch).catch(() => 0)
    return new StoredJournal(store, sitting_id, epoch, Math.max(stored, next_seq - 1))
  }

  get last(): number {
    return this.#last
  }

  append(draft: Draft): Promise<{ event: ClientEvent; stored: boolean }> {
    const done = this.#turn.then(() => this.#append(draft))
    this.#turn = done
    return done
  }

  async from(seq: number): Promise<ClientEvent[]> {
    const range = IDBKeyRange.bound(
      [this.#sitting_id, this.#epoch, seq],
      [this.#sitting_id, this.#epoch, []],
    )
    const rows = await this.#store.getAll('events', range).catch(() => [])
    // Meanwhile an event may have come from memory into the store.
    const found = new Map([...this.#memory, ...rows.map(bare)].map((event) => [event.seq, event]))
    return [...found.values()]
      .filter((event) => event.seq >= seq)
      .sort((left, right) => left.seq - right.seq)
  }

  async #append(draft: Draft): Promise<{ event: ClientEvent; stored: boolean }> {
    const { kind, item_id, response, client_ms } = draft
    const event: ClientEvent = { seq: this.#last + 1, kind, item_id, response, client_ms }
    this.#last = event.seq
    this.#memory.push(event)
    if (this.#isBusy) return { event, stored: false }
    this.#isBusy = true
    const late = new AbortController()
    const patience = sleep(PATIENCE_MS, late.signal).then(() => false)
    const stored = await Promise.race([this.#keep([...this.#memory]), patience])
    late.abort()
    return { event, stored }
  }

  /** Stores all of them or none. Never rejects. */
  async #keep(events: readonly ClientEvent[]): Promise<boolean> {
    try {
      const tx = this.#store.transaction('events', 'readwrite', { durability: 'strict' })
      const whose = { sitting_id: this.#sitting_id, epoch: this.#epoch }
      const added = events.map((event) => tx.store.add({ ...event, ...whose }))
      // Asked for at once: a transaction that waits for its end is aborted with the page.
      tx.commit()
      await Promise.all([...added, tx.done])
      this.#memory = this.#memory.filter((event) => !events.includes(event))
      return true
    } catch {
      return false
    } finally {
      this.#isBusy = false
    }
  }
}

/** A log that lives as long as the page; practice uses it, and a computer that stores nothing. */
export class MemoryJournal implements Journal {
  #events: ClientEvent[] = []
  #last: number
  #stored: boolean

  /** `stored` is what `append` tells: false where a log in memory is not enough. */
  constructor(next_seq = 1, stored = true) {
    this.#stored = stored
    this.#last = next_seq - 1
  }

  get last(): number {
    return this.#last
  }

  append(draft: Draft): Promise<{ event: ClientEvent; stored: boolean }> {
    this.#last += 1
    const event: ClientEvent = { ...draft, seq: this.#last }
    this.#events.push(event)
    return Promise.resolve({ event, stored: this.#stored })
  }

  from(seq: number): Promise<ClientEvent[]> {
    return Promise.resolve(this.#events.filter((event) => event.seq >= seq))
  }
}

/** Events of the sitting's epochs before `epoch` without the server's word, not said again yet. */
export async function unsentBefore(
  store: Store,
  sitting_id: string,
  epoch: number,
): Promise<ClientEvent[]> {
  const range = IDBKeyRange.bound([sitting_id], [sitting_id, epoch], false, true)
  const rows = await store.getAll('events', range).catch(() => [])
  return (await unproven(store, rows)).map(bare)
}

/** Those of a sitting's stored events for which neither a signed word nor a later saying is here. */
export async function unproven(store: Store, rows: readonly StoredEvent[]): Promise<StoredEvent[]> {
  const through = new Map<number, number>()
  for (const { sitting_id, epoch } of rows) {
    if (through.has(epoch)) continue
    const isAgain = (await store.get('facts', againName(sitting_id, epoch))) === true
    through.set(epoch, isAgain ? Infinity : await provenThrough(store, sitting_id, epoch))
  }
  return rows.filter((row) => row.seq > (through.get(row.epoch) ?? 0))
}

/**
 * Remembers that what the epochs before `epoch` could not send has been said again in it; a second
 * saying would put an old answer over a newer one.
 */
export async function keepSaidAgain(
  store: Store,
  sitting_id: string,
  epoch: number,
): Promise<void> {
  const range = IDBKeyRange.bound([sitting_id], [sitting_id, epoch], false, true)
  const epochs = new Set((await store.getAllKeys('events', range)).map((key) => key[1]))
  for (const earlier of epochs) await store.put('facts', true, againName(sitting_id, earlier))
}

/** Remembers how far the server has acknowledged an epoch; only for an ack that was proved. */
export async function keepAck(
  store: Store,
  sitting_id: string,
  ack: { epoch: number; acked_through: number },
): Promise<void> {
  await store.put('facts', { ...ack }, ackName(sitting_id, ack.epoch))
}

/** How far this computer holds the server's signed word about an epoch; 0 without one. */
export async function provenThrough(
  store: Store,
  sitting_id: string,
  epoch: number,
): Promise<number> {
  const kept = (await store.get('facts', ackName(sitting_id, epoch)).catch(() => undefined)) as
    { acked_through: number } | undefined
  return kept?.acked_through ?? 0
}

function ackName(sitting_id: string, epoch: number): string {
  return `ack/${sitting_id}/${epoch}`
}

function againName(sitting_id: string, epoch: number): string {
  return `again/${sitting_id}/${epoch}`
}

async function lastSeq(store: Store, sitting_id: string, epoch: number): Promise<number> {
  const range = IDBKeyRange.bound([sitting_id, epoch], [sitting_id, epoch, []])
  const cursor = await store.transaction('events').store.openKeyCursor(range, 'prev')
  return cursor?.key[2] ?? 0
}

function bare(row: ClientEvent): ClientEvent {
  const { seq, kind, item_id, response, client_ms } = row
  return { seq, kind, item_id, response, client_ms }
}
