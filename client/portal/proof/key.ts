import { fromBase64, toHex } from '@/shared/bytes'

/** Of a C2SP verifier key, `name+id+base64`: behind the first byte, which names the algorithm. */
export function keyOf(verifier: string): string {
  const [, body] = /^[^+]+\+[0-9a-f]{8}\+(\S+)$/.exec(verifier.trim()) ?? []
  if (body === undefined) throw new RangeError('not a verifier key')
  return toHex(fromBase64(body).slice(1))
}
