/**
 * A party's part in the draw: 32 random bytes made in this browser, committed to before anyone
 * reveals. They stay on this computer until the reveal; who loses them falls back to the source
 * fixed at the freeze.
 */
import { fromHex, sha256, toHex } from '@/shared/bytes'
import { encode } from '@/shared/codec'

const VALUE_BYTES = 32

export function newValue(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(VALUE_BYTES)))
}

/** Hex of SHA-256 of the frame that binds the value to this draw and this party. */
export async function commitmentOf(
  draw_id: string,
  party: string,
  value_hex: string,
): Promise<string> {
  return toHex(await sha256(encode('draw-commitment', 1, [draw_id, party, fromHex(value_hex)])))
}

function place(draw_id: string, party: string): string {
  return `gongyuan.draw.${draw_id}.${party}`
}

export function keep(draw_id: string, party: string, value_hex: string): void {
  localStorage.setItem(place(draw_id, party), value_hex)
}

export function kept(draw_id: string, party: string): string | null {
  return localStorage.getItem(place(draw_id, party))
}
