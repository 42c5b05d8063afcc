/**
 * Whether an acknowledgement is the server's word.
 *
 * Rules kept here: the signed frame is made anew from this device's own stream and epoch and from
 * the numbers that are acted on (docs/formats/ledger.md, 5), so a signature over anything else, over
 * somebody else's stream or over smaller numbers proves nothing; the key is the one that the server
 * gave when it took the device.
 */
import type { Ack } from '@/shared/contract'
import { fromBase64, fromHex, toHex } from '@/shared/bytes'
import { encode } from '@/shared/codec'
import { serverSignatureHolds } from '@/shared/server-signature'
import type { StreamName } from '@/shared/sign'

/** What the server signs for a batch: acknowledged through `acked_through`, stream at `head`. */
export function ackMessage(
  { origin, stream_id, epoch }: StreamName,
  ack: Pick<Ack, 'acked_through' | 'head_hex' | 'server_ms'>,
): Uint8Array {
  const head = fromHex(ack.head_hex)
  return encode('ack', 1, [origin, stream_id, epoch, ack.acked_through, head, ack.server_ms])
}

/** False for an acknowledgement that is malformed or not signed by the server for this device. */
export async function ackHolds(
  serverKey: Uint8Array,
  stream: StreamName,
  ack: Ack,
): Promise<boolean> {
  try {
    const message = ackMessage(stream, ack)
    if (toHex(fromBase64(ack.frame_b64)) !== toHex(message)) return false
    return await serverSignatureHolds(serverKey, message, fromBase64(ack.signature_b64))
  } catch {
    return false
  }
}
