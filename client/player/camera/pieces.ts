/**
 * Recordings on their way to the server: kept in IndexedDB, sent one at a time, answers first.
 *
 * Rules kept here: a segment is kept until the server has it; while answers wait or the line is slow
 * nothing is sent; when the computer has no more room the oldest are dropped and the gap is declared.
 */
import { Refused } from '@/shared/api'
import { sha256, toHex } from '@/shared/bytes'
import type { Store, StoredPiece } from '../answers/store'
import { Alarm, backoff_ms, type Sleep } from '../backoff'
import type { Recorded } from './recorder'

const KEPT_BYTES = 2_000_000_000
const POLITE_MS = 3000
/** Refusals that say nothing about the segment. */
const PASSING = new Set(['unauthenticated', 'too_many', 'unavailable'])
/** Numbers of one device epoch; a recording of 20 s segments needs 270 in 90 minutes. */
const PER_EPOCH = 1000

export interface PiecesParts {
  store: Store
  sitting_id: string
  epoch: number
  send(piece: StoredPiece): Promise<void>
  /** Whether answers wait or the line is slow. */
  isBusy(): boolean
  gap(): void
  wait?: Sleep
}

export class Pieces {
  #parts: PiecesParts
  #alarm: Alarm
  #running = false
  #closed = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: PiecesParts) {
    this.#parts = parts
    this.#alarm = new Alarm(parts.wait)
  }

  /** Keeps a segment and sends it in its turn. Never rejects. */
  add(recorded: Recorded): Promise<void> {
    const done = this.#turn.then(() => this.#keep(recorded))
    this.#turn = done
    return done
  }

  /** Sends what an earlier visit left. */
  start(): void {
    if (!this.#running) void this.#run()
  }

  async waiting(): Promise<number> {
    return this.#parts.store.count('pieces', this.#all()).catch(() => 0)
  }

  /** Stops sending; what is kept stays kept. */
  close(): void {
    this.#closed = true
    this.#alarm.wake()
  }

  async #keep({ t0_ms, t1_ms, data }: Recorded): Promise<void> {
    const { sitting_id } = this.#parts
    try {
      const digest = toHex(await sha256(await data.arrayBuffer()))
      const index = await this.#nextIndex()
      await this.#makeRoom(data.size)
      const piece = { sitting_id, index, t0_ms, t1_ms, sha256: digest, data }
      await this.#parts.store.put('pieces', piece)
      this.start()
    } catch {
      this.#parts.gap()
    }
  }

  async #nextIndex(): Promise<number> {
    const { store, sitting_id, epoch } = this.#parts
    const name = `segments/${sitting_id}/${epoch}`
    const used = (await store.get('facts', name)) as number | undefined
    const index = used === undefined ? Math.max(0, epoch - 1) * PER_EPOCH : used + 1
    await store.put('facts', index, name)
    return index
  }

  async #makeRoom(size: number): Promise<void> {
    const { store } = this.#parts
    const estimate = await navigator.storage.estimate()
    const limit = Math.min(KEPT_BYTES, (estimate.quota ?? KEPT_BYTES) / 5)
    let used = (estimate.usage ?? 0) + size
    while (used > limit) {
      const oldest = await this.#oldest()
      if (oldest === null) return
      used -= oldest.data.size
      await store.delete('pieces', [oldest.sitting_id, oldest.index])
      this.#parts.gap()
    }
  }

  async #run(): Promise<void> {
    this.#running = true
    for (let failures = 0; !this.#closed;) {
      const piece = await this.#oldest()
      if (piece === null) break
      if (this.#parts.isBusy()) await this.#alarm.wait(POLITE_MS)
      else if (await this.#send(piece)) failures = 0
      else await this.#alarm.wait(1000 + backoff_ms((failures += 1)))
    }
    this.#running = false
  }

  async #oldest(): Promise<StoredPiece | null> {
    const { store } = this.#parts
    const cursor = await store
      .run((db) => db.transaction('pieces').store.openCursor(this.#all()))
      .catch(() => null)
    return cursor?.value ?? null
  }

  async #send(piece: StoredPiece): Promise<boolean> {
    const { store, sitting_id } = this.#parts
    try {
      await this.#parts.send(piece)
    } catch (error) {
      if (!(error instanceof Refused)) return false
      if (PASSING.has(error.kind)) return false
      // Refused for what it is: sending it again cannot help, so the hole is declared.
      this.#parts.gap()
    }
    return store.delete('pieces', [sitting_id, piece.index]).then(
      () => true,
      () => false,
    )
  }

  #all(): IDBKeyRange {
    const { sitting_id } = this.#parts
    return IDBKeyRange.bound([sitting_id], [sitting_id, []])
  }
}
