/**
 * The camera: one track, watched, and opened again when it is lost.
 *
 * Rules kept here: a track that ended or stayed mute for three seconds, or a picture that has been
 * black or the same for ten, is a lost camera; a lost camera stops nothing but itself; the camera
 * chosen on this machine is asked for, and any other is better than none.
 */
import { reactive } from 'vue'
import { backoff_ms, sleep } from '../backoff'
import { chosenHere, keepChosen, listCameras, type CameraName } from './choice'
import { lumaOf, Sight } from './sight'

export type CameraStatus =
  'off' | 'opening' | 'on' | 'denied' | 'busy' | 'missing' | 'insecure' | 'lost'

export interface CameraView {
  status: CameraStatus
  /** The picture, for previews. */
  stream: MediaStream | null
  label: string
  /** Its name on this machine. */
  device_id: string
  /** All that are connected, known once one was opened. */
  cameras: CameraName[]
}

const WANTED: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 10, max: 15 },
}
const LOOK_MS = 2000
const MUTE_MS = 3000

const CAUSES: Record<string, CameraStatus> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotReadableError: 'busy',
  AbortError: 'busy',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
}

export interface CameraHooks {
  lost(): void
  back(): void
}

/** An ideal device would yield to a better resolution of another; so it is the chosen one or any. */
async function streamOf(devices: MediaDevices): Promise<MediaStream> {
  const device_id = chosenHere()
  if (device_id !== null) {
    const video = { ...WANTED, deviceId: { exact: device_id } }
    const stream = await devices.getUserMedia({ video, audio: false }).catch(() => null)
    if (stream !== null) return stream
  }
  return devices.getUserMedia({ video: WANTED, audio: false })
}

export class Camera {
  readonly view = reactive<CameraView>({
    status: 'off',
    stream: null,
    label: '',
    device_id: '',
    cameras: [],
  })
  readonly video = document.createElement('video')
  #hooks: CameraHooks | null = null
  #watch: ReturnType<typeof setInterval> | null = null
  #mute: ReturnType<typeof setTimeout> | null = null
  #sight = new Sight()

  constructor() {
    this.video.muted = true
    this.video.playsInline = true
  }

  /** Tells of losses from now on; null tells nobody. */
  tell(hooks: CameraHooks | null): void {
    this.#hooks = hooks
  }

  /** Opens the camera; the outcome is in `view.status`. */
  async open(): Promise<boolean> {
    if (this.view.status === 'on') return true
    // Not there at all when the page did not come over a secure address.
    const devices = navigator.mediaDevices as MediaDevices | undefined
    if (devices === undefined) {
      this.view.status = 'insecure'
      return false
    }
    if (this.view.status !== 'lost') this.view.status = 'opening'
    try {
      const stream = await streamOf(devices)
      await this.#take(stream)
      this.view.cameras = await listCameras(devices)
      return true
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      if (this.view.status !== 'lost') this.view.status = CAUSES[name] ?? 'missing'
      return false
    }
  }

  /** Takes another one of the connected cameras, and asks for it from now on. */
  async choose(device_id: string): Promise<boolean> {
    keepChosen(device_id)
    this.#letGo()
    this.view.status = 'off'
    return this.open()
  }

  close(): void {
    this.#hooks = null
    this.#letGo()
    this.view.status = 'off'
  }

  /** A JPEG of what the camera sees now; null when it sees nothing. */
  async still(width: number, height: number, quality: number): Promise<Blob | null> {
    if (this.view.status !== 'on' || this.video.videoWidth === 0) return null
    const canvas = new OffscreenCanvas(width, height)
    const drawing = canvas.getContext('2d')
    if (drawing === null) return null
    const { videoWidth, videoHeight } = this.video
    const scale = Math.max(width / videoWidth, height / videoHeight)
    const [w, h] = [videoWidth * scale, videoHeight * scale]
    drawing.drawImage(this.video, (width - w) / 2, (height - h) / 2, w, h)
    return canvas.convertToBlob({ type: 'image/jpeg', quality })
  }

  async #take(stream: MediaStream): Promise<void> {
    const track = stream.getVideoTracks()[0]
    if (track === undefined) throw new DOMException('no video', 'NotFoundError')
    this.video.srcObject = stream
    await this.video.play()
    track.onended = () => {
      this.#lose()
    }
    track.onmute = () => {
      this.#mute = setTimeout(() => {
        this.#lose()
      }, MUTE_MS)
    }
    track.onunmute = () => {
      if (this.#mute !== null) clearTimeout(this.#mute)
    }
    const wasLost = this.view.status === 'lost'
    this.view.stream = stream
    this.view.label = track.label
    this.view.device_id = track.getSettings().deviceId ?? ''
    this.view.status = 'on'
    this.#sight = new Sight()
    this.#watch = setInterval(() => {
      this.#look()
    }, LOOK_MS)
    if (wasLost) this.#hooks?.back()
  }

  #look(): void {
    const luma = lumaOf(this.video)
    if (luma !== null && this.#sight.isBlind(luma, performance.now())) this.#lose()
  }

  #lose(): void {
    if (this.view.status !== 'on') return
    this.#letGo()
    this.view.status = 'lost'
    this.#hooks?.lost()
    void this.#seek()
  }

  /** Tries to open it again for as long as it is lost. */
  async #seek(): Promise<void> {
    for (let tries = 0; this.#isLost(); tries += 1) {
      await sleep(500 + backoff_ms(tries) / 3)
      if (this.#isLost()) await this.open()
    }
  }

  #isLost(): boolean {
    return this.view.status === 'lost'
  }

  #letGo(): void {
    if (this.#watch !== null) clearInterval(this.#watch)
    if (this.#mute !== null) clearTimeout(this.#mute)
    for (const track of this.view.stream?.getTracks() ?? []) {
      track.onended = null
      track.stop()
    }
    this.video.srcObject = null
    this.view.stream = null
  }
}
