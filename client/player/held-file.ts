/**
 * Held answers as a file for people: readable JSON, each batch under the device's signature over the
 * same bytes as a save, so that whoever doubts the file can prove it against the key in the log.
 */
import type { ClientEvent, StreamName } from '@/shared/sign'
import { BATCH_EVENTS } from './answers/outbox'
import { signerOf, type KeptDevice } from './live/device'

export interface HeldEvent extends ClientEvent {
  epoch: number
}

/** When the file was made, and by whose clock. */
export interface SavedAt {
  saved_at_ms: number
  saved_at_clock: 'server' | 'computer'
}

export interface HeldFile extends SavedAt {
  kind: 'gongyuan-held-answers'
  version: 1
  ticket_no: string
  batches: {
    epoch: number
    /** Null, like the signature, where the epoch's key is not on this computer any more. */
    stream: StreamName | null
    signature_b64: string | null
    events: ClientEvent[]
  }[]
}

/** By the server's time; on a page that has not heard it yet, by the computer's. */
export function savedAt(
  clock: { readonly isSet: boolean; now(): number },
  computer_ms: () => number = Date.now,
): SavedAt {
  if (clock.isSet) return { saved_at_ms: clock.now(), saved_at_clock: 'server' }
  return { saved_at_ms: computer_ms(), saved_at_clock: 'computer' }
}

/** `device` is the one kept for the sitting, if any. */
export async function heldFile(
  events: readonly HeldEvent[],
  { ticket_no, device }: { ticket_no: string; device: KeptDevice | null },
  at: SavedAt,
): Promise<HeldFile> {
  const batches: HeldFile['batches'] = []
  for (const run of runs(events)) {
    const epoch = run[0]?.epoch ?? 0
    const bare = run.map(({ seq, kind, item_id, response, client_ms }) => {
      return { seq, kind, item_id, response, client_ms }
    })
    const own = device?.stream.epoch === epoch ? device : null
    const signature_b64 = own === null ? null : await signerOf(own).batch(bare)
    batches.push({ epoch, stream: own?.stream ?? null, signature_b64, events: bare })
  }
  const kind = 'gongyuan-held-answers'
  return { kind, version: 1, ticket_no, ...at, batches }
}

/** Hands the file to the browser's downloads. */
export function takeAway(file: HeldFile): void {
  const blob = new Blob([JSON.stringify(file, null, 1)], { type: 'application/json' })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = `held-answers-${file.ticket_no}.json`
  link.click()
  URL.revokeObjectURL(link.href)
}

/** Without a hole or a change of epoch inside, and no longer than a save may be. */
function runs(events: readonly HeldEvent[]): HeldEvent[][] {
  const sorted = [...events].sort((left, right) => left.epoch - right.epoch || left.seq - right.seq)
  const found: HeldEvent[][] = []
  for (const event of sorted) {
    const last = found.at(-1)
    const before = last?.at(-1)
    const goesOn = before?.epoch === event.epoch && before.seq + 1 === event.seq
    if (last !== undefined && goesOn && last.length < BATCH_EVENTS) last.push(event)
    else found.push([event])
  }
  return found
}
