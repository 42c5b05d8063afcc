/** A server in memory for the outbox's tests, behind a network that fails as it is told. */
import { Refused, Unreachable } from '@/shared/api'
import type { Ack, EventBatch } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import type { Signer } from '../transport'

/** What the network does with one try. */
export type Fault = 'ok' | 'lost' | 'ack_lost' | 'twice' | 'old_ack' | 'forged' | 'gateway'

/** A server by the contract: idempotent by seq, refuses a hole, acks what it holds. */
export class FakeServer {
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
      case 'forged':
        // Nothing is stored, and the ack says everything is.
        return { ...this.ack(batch.epoch, 1000), signature_b64: FORGED }
      case 'ok':
        return this.take(batch)
    }
  }
}

const FORGED = 'forged'
export const signer: Signer = {
  epoch: 3,
  batch: () => Promise.resolve('signed'),
  proves: (ack) => Promise.resolve(ack.signature_b64 !== FORGED),
  submission: () => Promise.resolve({ state_hash_hex: '', signature_b64: '' }),
}
