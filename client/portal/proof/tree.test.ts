/** The vectors of docs/formats/tree.md; what no page speaks is read by a few lines of its own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sm3 } from 'sm-crypto'
import { describe, expect, it } from 'vitest'
import { fromHex, sha256, toBase64, toHex } from '@/shared/bytes'
import { concat } from '@/shared/codec'
import { serverSignatureHolds } from '@/shared/server-signature'
import { rootOf } from './check'
import { keyOf } from './key'
import { parseNote, type Line } from './text'

interface Hash {
  with: string
  of: [string, ...string[]]
  hash_hex: string
}
interface Tree {
  with: string
  size: number
  root_hex: string
  path_hex: string[]
}
interface Key {
  text: string
  name: string
  type: number
  id_hex: string
  public_hex: string
}
interface Cases {
  hashes?: Hash[]
  inclusion?: (Tree & { index: number; leaf_hex: string })[]
  consistency?: (Tree & { old_size: number; old_root_hex: string })[]
  paths?: { number: number; width: number; tile: string; entries: string }[]
  bundles?: { entries_hex: string[]; hex: string }[]
  keys: Key[]
  notes: { keys: string[]; text: string }[]
  checkpoints: { origin: string; size: number; root_hex: string; text: string }[]
  cosignatures?: { key: string; at_s: number; message: string; line: string }[]
}

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../tests/vectors/tree.json'), 'utf8'),
) as Record<'published' | 'signed_once' | 'ours', Cases>
const { published, signed_once, ours } = VECTORS
const KEYS = [published, signed_once, ours].flatMap((part) => part.keys)
const NOTES = [published, signed_once, ours].flatMap((part) => part.notes)
const bytes = new TextEncoder()

function of<K extends keyof Cases>(kind: K): NonNullable<Cases[K]> {
  return [published, ours].flatMap((part) => part[kind] as unknown[]) as NonNullable<Cases[K]>
}

/** Each byte changed, one at a time. */
function spoilt(data: Uint8Array): Uint8Array[] {
  return [...data].map((byte, at) => data.with(at, byte ^ 1))
}

/** The leaf and node hashes of a suite; SM3 is in the tests alone, no page builds such a tree. */
async function hashed(name: string, data: Uint8Array): Promise<Uint8Array> {
  return name === 'SM3' ? fromHex(sm3([...data])) : sha256(data)
}

/** Both roots that a consistency proof leads to (RFC 9162, 2.1.4.2). */
async function rootsOf(
  [old, size]: [number, number],
  path: Uint8Array[],
  node: (left: Uint8Array, right: Uint8Array) => Promise<Uint8Array>,
  oldRoot: Uint8Array,
): Promise<string[] | null> {
  const steps = (old & (old - 1)) === 0 ? [oldRoot, ...path] : path
  let [at, last] = [old - 1, size - 1]
  while (at & 1) [at, last] = [at >> 1, last >> 1]
  let [first, second] = [steps[0]!, steps[0]!]
  for (const step of steps.slice(1)) {
    if (last === 0) return null
    if (at & 1 || at === last) {
      first = await node(step, first)
      second = await node(step, second)
      while (!(at & 1) && at) [at, last] = [at >> 1, last >> 1]
    } else second = await node(second, step)
    ;[at, last] = [at >> 1, last >> 1]
  }
  return last === 0 ? [toHex(first), toHex(second)] : null
}

function pathOf(number: number, width: number): string {
  const digits = String(number)
  const parts = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.../g)!
  const path = parts.map((part, at) => (at + 1 < parts.length ? `x${part}` : part)).join('/')
  return width === 256 ? path : `${path}.p/${width}`
}

function unbundled(data: Uint8Array): string[] {
  const entries: string[] = []
  for (let at = 0; at < data.length;) {
    const end = at + 2 + data[at]! * 256 + data[at + 1]!
    if (end > data.length) throw new RangeError('cut off')
    entries.push(toHex(data.slice(at + 2, end)))
    at = end
  }
  return entries
}

describe("the tree's vectors", () => {
  it.each(of('hashes'))('$with of $of.0 is $hash_hex', async (one) => {
    const [kind, ...inputs] = one.of
    const domain = { leaf: [0], node: [1], empty: [] }[kind]!
    const data = concat([Uint8Array.from(domain), ...inputs.map(fromHex)])
    expect(toHex(await hashed(one.with, data))).toBe(one.hash_hex)
    for (const other of spoilt(data)) {
      expect(toHex(await hashed(one.with, other))).not.toBe(one.hash_hex)
    }
  })

  it.each(of('inclusion').filter((one) => one.with === 'SHA-256'))(
    'leaf $index of $size is under its root',
    async (one) => {
      const path = one.path_hex.map(fromHex)
      const root = async (leaf: Uint8Array, steps = path): Promise<string> =>
        toHex((await rootOf(leaf, one.index, one.size, steps)) ?? new Uint8Array())
      const leaf = fromHex(one.leaf_hex)
      expect(await root(leaf)).toBe(one.root_hex)
      for (const other of spoilt(leaf)) expect(await root(other)).not.toBe(one.root_hex)
      for (const [at, step] of path.entries()) {
        expect(await root(leaf, path.with(at, spoilt(step)[at]!))).not.toBe(one.root_hex)
        expect(await root(leaf, path.toSpliced(at, 1))).not.toBe(one.root_hex)
      }
    },
  )

  it.each(of('consistency').filter((one) => one.old_size < one.size))(
    '$with: a tree of $size begins with that of $old_size',
    async (one) => {
      const path = one.path_hex.map(fromHex)
      const node = (left: Uint8Array, right: Uint8Array): Promise<Uint8Array> =>
        hashed(one.with, concat([Uint8Array.of(1), left, right]))
      const roots = (steps: Uint8Array[]): Promise<string[] | null> =>
        rootsOf([one.old_size, one.size], steps, node, fromHex(one.old_root_hex))
      const right = [one.old_root_hex, one.root_hex]
      expect(await roots(path)).toEqual(right)
      for (const [at, step] of path.entries()) {
        expect(await roots(path.with(at, spoilt(step)[0]!))).not.toEqual(right)
      }
    },
  )

  it.each(of('paths'))('$entries', (one) => {
    expect(one.tile).toBe(`tile/2/${pathOf(one.number, one.width)}`)
    expect(one.entries).toBe(`tile/entries/${pathOf(one.number, one.width)}`)
  })

  it.each(of('bundles'))('a bundle gives back its entries: $entries_hex', (one) => {
    expect(unbundled(fromHex(one.hex))).toEqual(one.entries_hex)
  })

  it.each(KEYS)('$text has its id', async (one) => {
    const raw = fromHex(one.public_hex)
    const kind = concat([
      Uint8Array.of(one.type),
      bytes.encode(one.type === 0xff ? 'gongyuan/sm2/v1\n' : ''),
    ])
    const id = (await sha256(concat([bytes.encode(`${one.name}\n`), kind, raw]))).slice(0, 4)
    expect(toHex(id)).toBe(one.id_hex)
    expect(one.text).toBe(`${one.name}+${one.id_hex}+${toBase64(concat([kind, raw]))}`)
    if (one.type !== 0xff) expect(keyOf(one.text)).toBe(one.public_hex)
  })
})

describe('notes of the vectors', () => {
  const parts = (text: string): [string, Line[]] => {
    const gap = text.lastIndexOf('\n\n')
    const note = text.slice(0, gap + 1)
    const under = `o\n1\n${'A'.repeat(43)}=\n\n${text.slice(gap + 2)}` // a note need be no checkpoint
    return [note, parseNote(under).lines]
  }

  it.each(NOTES)('$keys signed $text', async ({ keys, text }) => {
    const [note, lines] = parts(text)
    for (const key of KEYS.filter((one) => keys.includes(one.text) && one.type !== 4)) {
      const line = lines.find((one) => toHex(one.id) === key.id_hex)!
      const holds = (message: Uint8Array, value: Uint8Array): Promise<boolean> =>
        serverSignatureHolds(fromHex(key.public_hex), message, value)
      expect(await holds(bytes.encode(note), line.value)).toBe(true)
      expect(await holds(spoilt(bytes.encode(note))[3]!, line.value)).toBe(false)
      expect(await holds(bytes.encode(note), spoilt(line.value)[40]!)).toBe(false)
    }
  })

  it.each([published, signed_once, ours].flatMap((part) => part.checkpoints))(
    'the checkpoint of $origin is read',
    (one) => {
      const line = `— x.test ${toBase64(new Uint8Array(68))}\n`
      const read = parseNote(`${one.text}\n${line}`)
      expect([read.note, read.origin, read.size]).toEqual([one.text, one.origin, one.size])
      expect(toHex(read.root)).toBe(one.root_hex)
    },
  )

  it.each(of('cosignatures'))('a cosignature stands over its time', async (one) => {
    const [, [line]] = parts(`x\n\n${one.line}`)
    const holds = (message: string, value: Uint8Array): Promise<boolean> =>
      serverSignatureHolds(fromHex(keyOf(one.key)), bytes.encode(message), value)
    const [time, value] = [line!.value.slice(0, 8), line!.value.slice(8)]
    expect(new DataView(time.buffer).getBigUint64(0)).toBe(BigInt(one.at_s))
    expect(await holds(one.message, value)).toBe(true)
    expect(await holds(one.message.replace(`${one.at_s}`, `${one.at_s + 1}`), value)).toBe(false)
    expect(await holds(one.message, spoilt(value)[0]!)).toBe(false)
  })
})
