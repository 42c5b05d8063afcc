/**
 * The server's signature under acknowledgements and receipts, as the browser checks it: Ed25519 (a
 * key of 32 bytes) or, of a 国密 origin, SM2 (65 bytes, identity `1234567812345678`, r‖s).
 *
 * WebCrypto of Chromium 109 has neither. The library for SM2 is loaded when a key asks for it.
 */
import { verifyAsync } from '@noble/ed25519'
import { toHex } from './bytes'

const SM2_PUBLIC_BYTES = 65
const SIGNATURE_BYTES = 64

/** False for whatever is malformed as well; rejects only when the library cannot be loaded. */
export async function serverSignatureHolds(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES) return false
  if (publicKey.length === SM2_PUBLIC_BYTES) return sm2Holds(publicKey, message, signature)
  try {
    return await verifyAsync(signature, message, publicKey)
  } catch {
    return false
  }
}

async function sm2Holds(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { sm2 } = await import('sm-crypto')
  try {
    const options = { hash: true, der: false }
    return sm2.doVerifySignature([...message], toHex(signature), toHex(publicKey), options)
  } catch {
    return false
  }
}
