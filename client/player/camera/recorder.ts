/**
 * Rolling recording: every segment is a file of its own.
 *
 * Rules kept here: a new recorder for each segment, and the old one is stopped one second after the
 * new one has begun, so that no moment lies between two segments; a recorder that fails is a gap
 * that is declared, never silent.
 */
export interface Recorded {
  t0_ms: number
  t1_ms: number
  data: Blob
}

export interface RecorderHooks {
  now(): number
  segment(recorded: Recorded): void
  gap(): void
}

const OVERLAP_MS = 1000
const RETRY_MS = 3000
const BITS_PER_S = 150_000
const TYPES = ['video/webm;codecs=vp8', 'video/webm']

interface Running {
  recorder: MediaRecorder
  t0_ms: number
}

export class RollingRecorder {
  #stream: MediaStream
  #segment_ms: number
  #hooks: RecorderHooks
  #running: Running | null = null
  #next: ReturnType<typeof setTimeout> | null = null
  #stopped = false

  constructor(stream: MediaStream, segment_s: number, hooks: RecorderHooks) {
    this.#stream = stream
    this.#segment_ms = segment_s * 1000
    this.#hooks = hooks
  }

  start(): void {
    this.#begin()
  }

  /** Ends the last segment; it is handed over like the others. */
  stop(): void {
    this.#stopped = true
    if (this.#next !== null) clearTimeout(this.#next)
    if (this.#running !== null) end(this.#running.recorder)
  }

  #begin(): void {
    if (this.#stopped || !this.#stream.active) return
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one))
    try {
      this.#record(
        new MediaRecorder(this.#stream, {
          ...(type === undefined ? {} : { mimeType: type }),
          videoBitsPerSecond: BITS_PER_S,
        }),
      )
    } catch {
      this.#failed()
    }
  }

  #record(recorder: MediaRecorder): void {
    const pieces: Blob[] = []
    const running: Running = { recorder, t0_ms: this.#hooks.now() }
    recorder.ondataavailable = (event) => {
      if (event.data.size > 0) pieces.push(event.data)
    }
    recorder.onstart = () => {
      running.t0_ms = this.#hooks.now()
      const before = this.#running
      this.#running = running
      if (before !== null) {
        setTimeout(() => {
          end(before.recorder)
        }, OVERLAP_MS)
      }
      this.#next = setTimeout(() => {
        this.#begin()
      }, this.#segment_ms)
    }
    recorder.onerror = () => {
      this.#failed()
    }
    recorder.onstop = () => {
      const t1_ms = this.#hooks.now()
      const data = new Blob(pieces, { type: 'video/webm' })
      if (data.size > 0) this.#hooks.segment({ t0_ms: running.t0_ms, t1_ms, data })
      else this.#hooks.gap()
    }
    recorder.start()
  }

  #failed(): void {
    this.#hooks.gap()
    if (this.#next !== null) clearTimeout(this.#next)
    this.#next = setTimeout(() => {
      this.#begin()
    }, RETRY_MS)
  }
}

function end(recorder: MediaRecorder): void {
  if (recorder.state !== 'inactive') recorder.stop()
}
