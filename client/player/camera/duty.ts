/** What the camera does while a sitting runs: captures at random moments, thumbnails, recording. */
import type { Policy } from '@/shared/contract'
import type { Camera } from './camera'
import { RollingRecorder, type Recorded } from './recorder'

export interface DutyHooks {
  now(): number
  capture(image: Blob, taken_at_ms: number): Promise<{ next_in_s: number }>
  thumbnail(image: Blob): Promise<void>
  segment(recorded: Recorded): void
  gap(): void
}

/** A wait for the next capture, ms, from the policy; `chance` is in [0, 1). */
export function captureWait_ms(policy: Policy, chance: number): number {
  return (policy.capture_min_s + chance * (policy.capture_max_s - policy.capture_min_s)) * 1000
}

/** A number in [0, 1) that nobody can foresee. */
export function chance(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1))
  return value / 2 ** 32
}

const RECORDED: MediaTrackConstraints = {
  width: { ideal: 320 },
  height: { ideal: 240 },
  frameRate: { ideal: 10, max: 10 },
}

export class CameraDuty {
  #camera: Camera
  #policy: Policy
  #hooks: DutyHooks
  #timers = new Map<string, ReturnType<typeof setTimeout>>()
  #recorder: RollingRecorder | null = null
  #track: MediaStreamTrack | null = null
  #stopped = false

  constructor(camera: Camera, policy: Policy, hooks: DutyHooks) {
    this.#camera = camera
    this.#policy = policy
    this.#hooks = hooks
  }

  start(): void {
    this.#later('capture', captureWait_ms(this.#policy, chance()), () => this.#capture())
    if (this.#policy.thumbnail_s > 0) this.#later('thumbnail', 0, () => this.#thumbnail())
    void this.record()
  }

  /** Starts recording, or starts again after the camera came back. */
  async record(): Promise<void> {
    this.#stopRecording()
    const source = this.#camera.view.stream?.getVideoTracks()[0]
    if (this.#stopped || source === undefined || this.#policy.segment_s <= 0) return
    // A clone, so that the recording may be small while captures stay large.
    const track = source.clone()
    await track.applyConstraints(RECORDED).catch(() => undefined)
    this.#track = track
    this.#recorder = new RollingRecorder(
      new MediaStream([track]),
      this.#policy.segment_s,
      this.#hooks,
    )
    this.#recorder.start()
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#stopRecording()
  }

  #stopRecording(): void {
    this.#recorder?.stop()
    this.#recorder = null
    this.#track?.stop()
    this.#track = null
  }

  async #capture(): Promise<void> {
    let wait_ms = captureWait_ms(this.#policy, chance())
    const image = await this.#camera.still(640, 480, 0.85)
    if (image !== null) {
      const answer = await this.#hooks.capture(image, this.#hooks.now()).catch(() => null)
      if (answer !== null && answer.next_in_s > 0) wait_ms = answer.next_in_s * 1000
    }
    this.#later('capture', wait_ms, () => this.#capture())
  }

  async #thumbnail(): Promise<void> {
    const image = await this.#camera.still(320, 240, 0.7)
    if (image !== null) await this.#hooks.thumbnail(image).catch(() => undefined)
    this.#later('thumbnail', this.#policy.thumbnail_s * 1000, () => this.#thumbnail())
  }

  #later(name: string, wait_ms: number, then: () => Promise<void>): void {
    if (this.#stopped) return
    clearTimeout(this.#timers.get(name))
    this.#timers.set(
      name,
      setTimeout(() => {
        void then()
      }, wait_ms),
    )
  }
}
