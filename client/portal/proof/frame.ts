/** Reading canonical frames (docs/formats/codec.md); `shared/codec.ts` writes them. */
export type Value = null | boolean | number | string | Uint8Array | Value[]

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const DEEPEST = 8

/** The fields of a frame of exactly this kind and version. Throws RangeError otherwise. */
export function decode(kind: string, version: number, data: Uint8Array): Value[] {
  const name = new TextEncoder().encode(kind)
  const head = [0x47, 0x59, name.length, ...name, version >> 8, version & 0xff]
  if (head.some((byte, at) => data[at] !== byte)) throw new RangeError(`not a ${kind} frame`)
  const reader = new Reader(data, head.length)
  const fields = reader.field(0)
  if (!reader.ended || !Array.isArray(fields)) throw new RangeError('not a canonical frame')
  return fields
}

class Reader {
  private readonly data: Uint8Array
  private at: number

  constructor(data: Uint8Array, at: number) {
    this.data = data
    this.at = at
  }

  get ended(): boolean {
    return this.at === this.data.length
  }

  field(depth: number): Value {
    if (depth > DEEPEST) throw new RangeError('too deep')
    const [tag] = this.take(1)
    switch (tag) {
      case 0:
        return null
      case 5:
        return false
      case 6:
        return true
      case 3:
        return this.number(8)
      case 1:
        return this.take(this.number(4))
      case 2:
        return text.decode(this.take(this.number(4)))
      case 4: {
        const items: Value[] = []
        for (let left = this.number(4); left > 0; left -= 1) items.push(this.field(depth + 1))
        return items
      }
      default:
        throw new RangeError('unknown tag')
    }
  }

  private number(size: number): number {
    const value = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0)
    if (!Number.isSafeInteger(value)) throw new RangeError('a number over 2^53')
    return value
  }

  private take(size: number): Uint8Array {
    const piece = this.data.slice(this.at, this.at + size)
    if (piece.length !== size) throw new RangeError('truncated')
    this.at += size
    return piece
  }
}
