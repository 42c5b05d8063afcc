/** The self-check of a machine: one probe per line, each with its outcome. */
import { PATIENCE_MS, type Store } from './answers/store'
import { within } from './backoff'
import type { Camera } from './camera/camera'
import type { Server } from './live/server'
import type { ServerClock } from './clock'

export type Outcome = 'running' | 'good' | 'warning' | 'bad'

export interface Probe {
  name:
    | 'secure'
    | 'browser'
    | 'screen'
    | 'second_screen'
    | 'machine'
    | 'camera'
    | 'storage'
    | 'server'
    | 'clock'
  outcome: Outcome
  /** Which sentence explains it; a key under `check.<name>`. */
  finding: string
  params: Record<string, number | string>
}

interface Found {
  outcome: Outcome
  finding: string
  params?: Record<string, number | string>
}

export interface CheckParts {
  camera: Camera
  server: Server
  clock: ServerClock
  machine: string | null
  store: Store
}

const SMALLEST = { width: 1024, height: 600 }
const ROOM_MB = 500
const TRIES = 3
const TRIAL = 'gongyuan-check'
const CLOCK_OFF_S = 60

/** Runs every probe; `told` gets the list again after each outcome. */
export async function checkMachine(
  parts: CheckParts,
  told: (probes: Probe[]) => void,
): Promise<boolean> {
  const runs: [Probe['name'], () => Found | Promise<Found>][] = [
    ['secure', secure],
    ['browser', browser],
    ['screen', screenSize],
    ['second_screen', secondScreen],
    ['machine', () => (parts.machine === null ? bad('unknown') : good())],
    ['storage', () => storage(parts)],
    ['server', () => reachServer(parts)],
    ['clock', () => wallClock(parts)],
    ['camera', () => openCamera(parts.camera)],
  ]
  const probes = runs.map<Probe>(([name]) => ({
    name,
    outcome: 'running',
    finding: 'running',
    params: {},
  }))
  told([...probes])
  for (const [at, [name, run]] of runs.entries()) {
    const { outcome, finding, params } = await Promise.resolve(run()).catch(() => bad('failed'))
    probes[at] = { name, outcome, finding, params: params ?? {} }
    told([...probes])
  }
  return probes.every((probe) => probe.outcome !== 'bad')
}

const good = (finding = 'good', params: Record<string, number | string> = {}): Found => ({
  outcome: 'good',
  finding,
  params,
})
const bad = (finding: string, params: Record<string, number | string> = {}): Found => ({
  outcome: 'bad',
  finding,
  params,
})

function secure(): Found {
  return window.isSecureContext ? good() : bad('insecure')
}

/** By what the exam needs, not by the browser's name: other makers build on the same engine. */
function browser(): Found {
  const has =
    'locks' in navigator &&
    'indexedDB' in window &&
    'MediaRecorder' in window &&
    'OffscreenCanvas' in window &&
    typeof structuredClone === 'function' &&
    typeof AbortSignal.timeout === 'function' &&
    CSS.supports('selector(:has(a))')
  return has || !window.isSecureContext ? good() : bad('old')
}

function screenSize(): Found {
  const params = { width: window.innerWidth, height: window.innerHeight }
  const isEnough = params.width >= SMALLEST.width && params.height >= SMALLEST.height
  return isEnough ? good('good', params) : { outcome: 'warning', finding: 'small', params }
}

function secondScreen(): Found {
  const extended = (window.screen as Screen & { isExtended?: boolean }).isExtended
  return extended === true ? bad('found') : good()
}

async function openCamera(camera: Camera): Promise<Found> {
  if (await camera.open()) return good('good', { label: camera.view.label })
  return bad(camera.view.status)
}

/** By writing; a store that another window or a broken profile holds up is told with what to do. */
async function storage({ store }: CheckParts): Promise<Found> {
  const silent: Found = { outcome: 'warning', finding: 'silent' }
  try {
    await within(written(), PATIENCE_MS)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return silent
    throw error
  }
  if (!(await store.ready())) return silent
  indexedDB.deleteDatabase(TRIAL)
  if (!window.isSecureContext) return good('written')
  const { quota = 0, usage = 0 } = await navigator.storage.estimate()
  const free = Math.round((quota - usage) / 1_000_000)
  return free >= ROOM_MB ? good('good', { free }) : bad('full', { free, needed: ROOM_MB })
}

function written(): Promise<void> {
  return new Promise<void>((done, failed) => {
    const request = indexedDB.open(TRIAL, 1)
    request.onupgradeneeded = () => request.result.createObjectStore('trial')
    request.onerror = () => {
      failed(new Error('storage'))
    }
    request.onsuccess = () => {
      const tx = request.result.transaction('trial', 'readwrite', { durability: 'strict' })
      tx.objectStore('trial').put(1, 1)
      tx.oncomplete = () => {
        request.result.close()
        done()
      }
      tx.onerror = () => {
        failed(new Error('storage'))
      }
    }
  })
}

/** The round trip, the shortest of three. */
async function reachServer({ server, clock }: CheckParts): Promise<Found> {
  let best = Infinity
  for (let tries = 0; tries < TRIES; tries += 1) {
    const sent = clock.mono()
    try {
      if ((await server.reach()).isAway) return bad('away')
    } catch {
      return bad('unreachable')
    }
    best = Math.min(best, clock.mono() - sent)
  }
  return good('good', { ms: Math.round(best) })
}

/** The PC's wall clock decides nothing in the exam; a wrong one is told, because logs show it. */
async function wallClock({ server }: CheckParts): Promise<Found> {
  const { date_ms } = await server.reach()
  if (date_ms === null) return good('unknown')
  const seconds = Math.round(Math.abs(Date.now() - date_ms) / 1000)
  if (seconds <= CLOCK_OFF_S) return good('good', { seconds })
  return { outcome: 'warning', finding: 'off', params: { seconds } }
}
