/** A receipt's proof as text: `c2sp.org/tlog-proof@v1` with our extra line. */
import { fromBase64, toBase64 } from '@/shared/bytes'
import { decode } from './frame'

export interface Line {
  name: string
  id: Uint8Array
  value: Uint8Array
}

/** What the server signed at submission. */
export interface Stated {
  origin: string
  stream_id: string
  count: number
  head: Uint8Array
  at_ms: number
}

export interface ProofText {
  stated: Stated
  frame: Uint8Array
  signature: Uint8Array
  public_key: Uint8Array
  index: number
  path: Uint8Array[]
  /** The text under the checkpoint's signatures, with its last newline. */
  note: string
  origin: string
  size: number
  root: Uint8Array
  lines: Line[]
}

const FIRST = 'c2sp.org/tlog-proof@v1'
const DASH = '\u2014 '
const LIMIT = 64 * 1024
/** The end of the year 9999: no honest instant lies behind it. */
const LAST_MS = 253_402_300_799_999

/** Line ends and a lost last newline are forgiven. Throws RangeError for anything else. */
export function parseProof(given: string): ProofText {
  if (given.length > LIMIT) throw new RangeError('too long')
  const plain =
    given
      .replace(/^\ufeff/, '')
      .replaceAll('\r\n', '\n')
      .replace(/\n+$/, '') + '\n'
  const gap = plain.indexOf('\n\n')
  if (gap < 0) throw new RangeError('no checkpoint')
  const [first, extra, index, ...path] = plain.slice(0, gap).split('\n')
  if (first !== FIRST) throw new RangeError('not a proof')
  return {
    ...parseExtra(base64(after('extra ', extra))),
    index: decimal(after('index ', index)),
    path: path.map((line) => sized(base64(line), 32)),
    ...parseNote(plain.slice(gap + 2)),
  }
}

type Extra = Pick<ProofText, 'stated' | 'frame' | 'signature' | 'public_key'>

function parseExtra(data: Uint8Array): Extra {
  const [frame, signature, public_key] = decode('receipt-proof', 1, data)
  const bytes = [frame, signature, public_key]
  if (!bytes.every((one) => one instanceof Uint8Array)) throw new RangeError('extra')
  const [origin, stream_id, count, head, at_ms] = decode('receipt', 1, frame as Uint8Array)
  if (
    typeof origin !== 'string' ||
    typeof stream_id !== 'string' ||
    typeof count !== 'number' ||
    !(head instanceof Uint8Array) ||
    typeof at_ms !== 'number' ||
    at_ms > LAST_MS
  ) {
    throw new RangeError('not a receipt')
  }
  return {
    stated: { origin, stream_id, count, head, at_ms },
    frame: frame as Uint8Array,
    signature: sized(signature as Uint8Array, 64),
    public_key: sized(public_key as Uint8Array, 32),
  }
}

export type Note = Pick<ProofText, 'note' | 'origin' | 'size' | 'root' | 'lines'>

export function parseNote(text: string): Note {
  const gap = text.lastIndexOf('\n\n')
  if (gap < 0) throw new RangeError('a checkpoint without signatures')
  const note = text.slice(0, gap + 1)
  const [origin, size, root, ...rest] = note.split('\n')
  if (!origin || rest.slice(0, -1).includes('') || rest.at(-1) !== '') {
    throw new RangeError('not a checkpoint')
  }
  const lines = text
    .slice(gap + 2, -1)
    .split('\n')
    .map(parseLine)
  return { note, origin, size: decimal(size), root: sized(base64(root), 32), lines }
}

function parseLine(line: string): Line {
  const [name, body, ...more] = after(DASH, line).split(' ')
  const raw = base64(body)
  if (!name || name.includes('+') || more.length > 0 || raw.length <= 4) {
    throw new RangeError('not a signature line')
  }
  return { name, id: raw.slice(0, 4), value: raw.slice(4) }
}

function after(start: string, line: string | undefined): string {
  if (!line?.startsWith(start)) throw new RangeError(`no line ${start.trim()}`)
  return line.slice(start.length)
}

function decimal(text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || !/^(0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value)) {
    throw new RangeError('not a number')
  }
  return value
}

function base64(text: string | undefined): Uint8Array {
  if (text === undefined || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new RangeError('not base64')
  }
  const raw = fromBase64(text)
  if (toBase64(raw) !== text) throw new RangeError('not base64 in its one form')
  return raw
}

function sized(data: Uint8Array, size: number): Uint8Array {
  if (data.length !== size) throw new RangeError(`not ${size} bytes`)
  return data
}
