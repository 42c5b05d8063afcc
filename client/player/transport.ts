/**
 * What the answering part needs from the world. The live implementation talks to the exam's server;
 * practice has its own, in memory.
 *
 * Contract: a call that the other side declined rejects with `Refused`, one that got no answer with
 * `Unreachable` and may be repeated with the same content; an `Ack` that the signer `proves` means that
 * everything up to `acked_through` is on the server's disk.
 */
import type {
  Ack,
  EventBatch,
  Notice,
  Paper,
  Receipt,
  SittingState,
  Submission,
} from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'

export type LiveMessage =
  | { type: 'state'; state: SittingState }
  | { type: 'notice'; notice: Notice }
  /** `isAway`: what answers is our server, but it can read or store nothing now. */
  | { type: 'link'; up: boolean; isAway?: true }
  /** The server has ended the line for good: another device answers, or the sign-in has ended. */
  | { type: 'closed'; why: 'device' | 'signed_out' }

export interface ExamTransport {
  /** Null where nobody keeps one. */
  state(): Promise<SittingState | null>
  paper(): Promise<Paper>
  portrait(): Promise<Blob | null>
  sendEvents(batch: EventBatch): Promise<Ack>
  submit(submission: Submission): Promise<Receipt>
  /** Registers a listener and returns the way to take it off again. */
  listen(heard: (message: LiveMessage) => void): () => void
}

/** Signs for the device and checks the server's signature; practice does neither. */
export interface Signer {
  readonly epoch: number
  batch(events: readonly ClientEvent[]): Promise<string>
  /** Whether the ack is the server's word about this device's events. */
  proves(ack: Ack): Promise<boolean>
  submission(
    lastSeq: number,
    answers: Readonly<Record<string, unknown>>,
  ): Promise<{ state_hash_hex: string; signature_b64: string }>
}
