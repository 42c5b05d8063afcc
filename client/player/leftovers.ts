/**
 * What an earlier page of a sitting that is over left on this computer: answers made before the end
 * (the server keeps them as late data) and recordings.
 */
import type { SittingState } from '@/shared/contract'
import { StoredJournal } from './answers/journal'
import { Outbox } from './answers/outbox'
import { keepAck, provenThrough } from './answers/proven'
import type { Store } from './answers/store'
import { Pieces } from './camera/pieces'
import { signerOf, type KeptDevice } from './live/device'
import type { Server } from './live/server'

/**
 * Starts sending; the result tells how many records still wait, null when there were none.
 * `doubted` hears whether the last acknowledgement was one that the server did not sign.
 */
export async function sendLeftovers(
  store: Store,
  server: Server,
  state: SittingState,
  device: KeptDevice | null,
  doubted: (is: boolean) => void,
): Promise<Outbox | null> {
  const { sitting_id, epoch, acked_through } = state
  new Pieces({
    store,
    sitting_id,
    epoch,
    send: (piece) => server.segment(piece),
    isBusy: () => false,
    gap: () => undefined,
  }).start()
  if (device?.sitting_id !== sitting_id || device.stream.epoch !== epoch) return null
  const journal = await StoredJournal.open(store, sitting_id, epoch, 1)
  const outbox = new Outbox((batch) => server.events(batch), signerOf(device), journal, {
    acked: (ack) => {
      doubted(false)
      keepAck(store, sitting_id, ack).catch(() => undefined)
    },
    doubted: () => {
      doubted(true)
    },
    stopped: () => undefined,
    reached: () => undefined,
  })
  const proven = await provenThrough(store, sitting_id, epoch)
  outbox.add(...(await journal.from(Math.min(acked_through, proven) + 1)))
  return outbox
}
