/** A running sitting at this seat: the exam, its line, the camera on duty, the watch on the page. */
import { reactive } from 'vue'
import type { SittingState } from '@/shared/contract'
import { StoredJournal } from './answers/journal'
import { keepAck, keepRefused, keepSaidAgain, provenThrough, unsentBefore } from './answers/proven'
import { resumed } from './answers/resume'
import type { Store } from './answers/store'
import type { Camera } from './camera/camera'
import { CameraDuty } from './camera/duty'
import { Pieces } from './camera/pieces'
import type { ServerClock } from './clock'
import { Exam } from './exam/exam'
import { makeView } from './exam/view'
import { watch } from './integrity/watch'
import { signerOf, type KeptDevice } from './live/device'
import type { Server } from './live/server'
import type { LiveTransport } from './live/transport'

const TICK_MS = 250
const SLOW_RTT_MS = 800

/** What of the visit a seat works with. */
export interface SeatParts {
  store: Store
  transport: LiveTransport
  clock: ServerClock
  camera: Camera
  server: Server
}

export interface SeatView {
  /** False after the candidate left a full screen that this page had entered. */
  fullscreen: boolean
}

export interface Seat {
  exam: Exam
  view: SeatView
  close(): void
}

export async function openSeat(
  parts: SeatParts,
  state: SittingState,
  device: KeptDevice,
): Promise<Seat> {
  const { store, transport, clock } = parts
  const { sitting_id } = state
  const { epoch } = device.stream
  const paper = { ...(await transport.paper()), epoch }
  const journal = await StoredJournal.open(store, sitting_id, epoch, paper.next_seq)
  const view = makeView(paper)
  view.stored = store.isThere
  view.deadline_ms = state.deadline_ms
  view.earliest_submit_ms = state.earliest_submit_ms
  if (state.stage === 'paused') view.paused_at_ms = state.server_ms
  const exam = new Exam({
    view,
    transport,
    journal,
    signer: signerOf(device),
    now: () => clock.now(),
    reminders_s: state.policy.reminders_s,
    keepAck: (ack) => {
      keepAck(store, sitting_id, ack).catch(() => undefined)
    },
    keepRefused: (seq) => {
      keepRefused(store, sitting_id, { epoch, seq }).catch(() => undefined)
    },
    keepSpot: (index) => {
      store.put('facts', index, `spot/${sitting_id}`).catch(() => undefined)
    },
    keepSeal: (by) => {
      const name = `sealed/${sitting_id}`
      const kept = by === null ? store.delete('facts', name) : store.put('facts', by, name)
      kept.catch(() => undefined)
    },
  })
  const earlier = await unsentBefore(store, sitting_id, epoch).catch(() => null)
  const own = await journal.from(1)
  const proven = await provenThrough(store, sitting_id, epoch)
  await exam.resume(resumed(paper, own, earlier ?? [], proven))
  if (earlier !== null && view.stored) {
    await keepSaidAgain(store, sitting_id, epoch).catch(() => undefined)
  }
  const seatView = reactive<SeatView>({ fullscreen: true })
  const stops = [onDuty(parts, state, exam, epoch), onWatch(exam, seatView)]
  if (earlier === null) stops.push(whenRead(store, { exam, journal, sitting_id, epoch }))
  transport.open()
  // The segment that was being recorded when an earlier page ended is lost.
  if (own.length > 0) exam.note('recording_gap')
  exam.go(((await kept(store, `spot/${sitting_id}`)) as number | undefined) ?? 0)
  const sealed = (await kept(store, `sealed/${sitting_id}`)) as 'candidate' | 'time' | undefined
  if (sealed !== undefined) void exam.seal(sealed)
  return {
    exam,
    view: seatView,
    close: () => {
      for (const stop of stops) stop()
      transport.close()
    },
  }
}

/** What an earlier sign-in left in a store that did not answer at the entry is said again when it does. */
function whenRead(
  store: Store,
  {
    exam,
    journal,
    sitting_id,
    epoch,
  }: {
    exam: Exam
    journal: StoredJournal
    sitting_id: string
    epoch: number
  },
): () => void {
  let isRead = false
  const read = async (): Promise<void> => {
    if (isRead) return
    isRead = true
    try {
      const earlier = await unsentBefore(store, sitting_id, epoch)
      const { again } = resumed(exam.view.paper, await journal.from(1), earlier, 0)
      if (await exam.sayAgain(again)) await keepSaidAgain(store, sitting_id, epoch)
    } catch {
      isRead = false
    }
  }
  return store.onBack(() => void read())
}

function kept(store: Store, name: string): Promise<unknown> {
  return store.get('facts', name).catch(() => undefined)
}

function onDuty(parts: SeatParts, state: SittingState, exam: Exam, epoch: number): () => void {
  const { store, camera, server, clock } = parts
  const gap = (): void => {
    exam.note('recording_gap')
  }
  // What is refused for good waits for nobody.
  const isSending = (): boolean => exam.view.waiting > 0 && exam.outbox.stopped === null
  const pieces = new Pieces({
    store,
    sitting_id: state.sitting_id,
    epoch,
    send: (piece) => server.segment(piece),
    isBusy: () => isSending() || (clock.rtt_ms ?? 0) > SLOW_RTT_MS,
    gap,
  })
  const duty = new CameraDuty(camera, state.policy, {
    now: () => clock.now(),
    capture: (image, taken_at_ms) => server.capture(image, taken_at_ms),
    thumbnail: (image) => server.thumbnail(image),
    segment: (recorded) => void pieces.add(recorded),
    gap,
  })
  camera.tell({
    lost: () => {
      exam.note('camera_lost')
    },
    back: () => {
      exam.note('camera_back')
      void duty.record()
    },
  })
  void camera.open().then((open) => {
    if (!open) exam.note('camera_lost')
    duty.start()
    pieces.start()
  })
  return () => {
    duty.stop()
    camera.close()
  }
}

function onWatch(exam: Exam, view: SeatView): () => void {
  const unwatch = watch({
    note: (kind) => {
      exam.note(kind)
    },
    fullscreen: (on) => {
      view.fullscreen = on
    },
  })
  const ticking = setInterval(() => {
    exam.tick()
  }, TICK_MS)
  const leave = (): void => {
    exam.leave()
  }
  window.addEventListener('pagehide', leave)
  return () => {
    unwatch()
    clearInterval(ticking)
    window.removeEventListener('pagehide', leave)
  }
}
