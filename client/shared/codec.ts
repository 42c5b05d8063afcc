/**
 * Canonical bytes, equal to the server's kernel/codec.py (docs/formats/codec.md).
 *
 *     frame = "GY" kind-length(u8) kind(ASCII) version(u16) list
 *     field = 00 none | 01 bytes(u32 length) | 02 text(u32 length, UTF-8) | 03 unsigned(u64)
 *           | 04 list(u32 count, fields) | 05 false | 06 true          all integers big-endian
 *
 * Numbers are whole, from 0 to 2^53-1; text has no lone surrogate.
 */
export type Field = null | boolean | number | string | Uint8Array | readonly Field[]

const text = new TextEncoder()
const ASCII = /^[\x20-\x7e]{1,255}$/

/** The frame of a value. Throws RangeError for what has no encoding. */
export function encode(kind: string, version: number, fields: readonly Field[]): Uint8Array {
  if (!ASCII.test(kind)) throw new RangeError('kind is 1 to 255 ASCII characters')
  const name = text.encode(kind)
  const head = Uint8Array.of(0x47, 0x59, name.length)
  return concat([head, name, Uint8Array.of(version >> 8, version & 0xff), list(fields)])
}

/** The pieces one after another. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** JSON text with sorted keys and no spaces, as the server writes it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as Record<string, unknown>)
      .filter(([, part]) => part !== undefined)
      .sort(([left], [right]) => compare(left, right))
    return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('not a number')
  return JSON.stringify(value)
}

/** By code points, as Python sorts; JavaScript's own order goes by UTF-16 units. */
function compare(left: string, right: string): number {
  const [a, b] = [text.encode(left), text.encode(right)]
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function list(items: readonly Field[]): Uint8Array {
  return concat([Uint8Array.of(4), u32(items.length), ...items.map(field)])
}

function field(value: Field): Uint8Array {
  if (value === null) return Uint8Array.of(0)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 6 : 5)
  if (typeof value === 'number') return unsigned(value)
  if (typeof value === 'string') {
    if (!isWellFormed(value)) throw new RangeError('text holds a lone surrogate')
    const data = text.encode(value)
    return concat([Uint8Array.of(2), u32(data.length), data])
  }
  if (value instanceof Uint8Array) return concat([Uint8Array.of(1), u32(value.length), value])
  return list(value)
}

function unsigned(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('integers are unsigned')
  const bytes = new Uint8Array(9)
  bytes[0] = 3
  new DataView(bytes.buffer).setBigUint64(1, BigInt(value))
  return bytes
}

/** Whether every surrogate has its partner; String.isWellFormed came with Chromium 111. */
export function isWellFormed(value: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)
}
