/**
 * The log of this device's events, written before anything is sent.
 *
 * Rules kept here: an event gets its number in the transaction that stores it; the transaction is
 * durable (`strict`) before the candidate sees it counted; nothing is deleted before the receipt.
 * When the computer stores nothing any more, or does not come to an end, the event still gets the next
 * number and is sent; the caller learns that it is not stored. What could not be stored is stored with
 * the next event, or when the store is there again, together with what is not sent yet: a hole would be
 * one that the server waits for after a reload.
 */
import type { ClientEvent } from '@/shared/sign'
import { within } from '../backoff'
import type { Draft } from './state'
import { PATIENCE_MS, type Connection, type Store } from './store'

export interface Journal {
  /** Stores the draft under the next number. Never rejects. */
  append(draft: Draft): Promise<{ event: ClientEvent; stored: boolean }>
  /** Events of this epoch from `seq` on, by number. */
  from(seq: number): Promise<ClientEvent[]>
  /** The last number given, 0 before the first. */
  readonly last: number
  /** From now on tells what changes between two events; only where something is stored. */
  attach?(hooks: JournalHooks): void
}

export interface JournalHooks {
  /** Whether everything written is stored. */
  stored(is: boolean): void
  /** What has to be on the computer because the server lacks it, whatever happened to the store. */
  unsent(): readonly ClientEvent[]
}

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
  #hooks: JournalHooks | null = null

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
    const stored = await within(lastSeq(store, sitting_id, epoch), PATIENCE_MS).catch(() => 0)
    return new StoredJournal(store, sitting_id, epoch, Math.max(stored, next_seq - 1))
  }

  attach(hooks: JournalHooks): void {
    this.#hooks = hooks
    this.#store.onBack(() => {
      this.#back()
    })
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
    const rows = await this.#store.getAll('events', this.#range(seq)).catch(() => [])
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
    return { event, stored: await this.#stored([...this.#memory]) }
  }

  #back(): void {
    this.#turn = this.#turn.then(() => this.#catchUp())
  }

  /** The store is there again, perhaps an empty one: stores what only the page has. */
  async #catchUp(): Promise<void> {
    const only = [...(this.#hooks?.unsent() ?? []), ...this.#memory]
    const events = new Map(only.map((event) => [event.seq, event]))
    const missing = await this.#missing([...events.values()]).catch(() => null)
    if (missing === null) return
    const stored = missing.length === 0 || (await this.#stored(missing))
    this.#hooks?.stored(stored)
  }

  async #missing(events: readonly ClientEvent[]): Promise<ClientEvent[]> {
    const keys = await this.#store.getAllKeys('events', this.#range(1))
    const known = new Set(keys.map(([, , seq]) => seq))
    this.#memory = this.#memory.filter((event) => !known.has(event.seq))
    return events.filter((event) => !known.has(event.seq))
  }

  /** Whether they are stored, all of them; false as well when that does not come to an end. */
  async #stored(events: readonly ClientEvent[]): Promise<boolean> {
    if (this.#isBusy) return false
    this.#isBusy = true
    const keeping = this.#keep(events)
    return within(keeping, PATIENCE_MS).catch(() => {
      void keeping.then(() => {
        this.#back()
      })
      return false
    })
  }

  /** Stores all of them or none. Never rejects. */
  async #keep(events: readonly ClientEvent[]): Promise<boolean> {
    let tries = 0
    try {
      await this.#store.run(async (db) => {
        tries += 1
        // A connection that broke may have stored them all the same.
        await this.#add(db, tries === 1 ? events : await this.#missing(events))
      })
      this.#memory = this.#memory.filter((event) => !events.includes(event))
      return true
    } catch {
      return false
    } finally {
      this.#isBusy = false
    }
  }

  async #add(db: Connection, events: readonly ClientEvent[]): Promise<void> {
    const tx = db.transaction('events', 'readwrite', { durability: 'strict' })
    const whose = { sitting_id: this.#sitting_id, epoch: this.#epoch }
    const added = events.map((event) => tx.store.add({ ...event, ...whose }))
    // Asked for at once: a transaction that waits for its end is aborted with the page.
    tx.commit()
    await Promise.all([...added, tx.done])
  }

  #range(from: number): IDBKeyRange {
    const whose = [this.#sitting_id, this.#epoch]
    return IDBKeyRange.bound([...whose, from], [...whose, []])
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

async function lastSeq(store: Store, sitting_id: string, epoch: number): Promise<number> {
  const range = IDBKeyRange.bound([sitting_id, epoch], [sitting_id, epoch, []])
  return store.run(async (db) => {
    const cursor = await db.transaction('events').store.openKeyCursor(range, 'prev')
    return cursor?.key[2] ?? 0
  })
}

/** Without what the store adds. */
export function bare(row: ClientEvent): ClientEvent {
  const { seq, kind, item_id, response, client_ms } = row
  return { seq, kind, item_id, response, client_ms }
}
