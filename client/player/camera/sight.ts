/** Whether a camera sees anything: black or unmoving for ten seconds is blind. */
const WIDTH = 64
const HEIGHT = 48
const BLACK = 12
const BLIND_MS = 10_000

/**
 * Single points of the picture as 64×48 grey values, not averaged, so that a sensor's noise shows;
 * null when there is no picture.
 */
export function lumaOf(video: HTMLVideoElement): Uint8Array | null {
  if (video.videoWidth === 0) return null
  const drawing = new OffscreenCanvas(WIDTH, HEIGHT).getContext('2d', { willReadFrequently: true })
  if (drawing === null) return null
  drawing.imageSmoothingEnabled = false
  drawing.drawImage(video, 0, 0, WIDTH, HEIGHT)
  const { data } = drawing.getImageData(0, 0, WIDTH, HEIGHT)
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
    const [red, green, blue] = [data[at * 4] ?? 0, data[at * 4 + 1] ?? 0, data[at * 4 + 2] ?? 0]
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue)
  })
}

/** Judges pictures one after another. A real sensor always has noise, so equal means frozen. */
export class Sight {
  #before: Uint8Array | null = null
  #good_at: number | null = null

  isBlind(luma: Uint8Array, now_ms: number): boolean {
    const isBlack = luma.every((value) => value < BLACK)
    const before = this.#before
    const isFrozen = before !== null && luma.every((value, at) => value === before[at])
    this.#before = luma
    if (!isBlack && !isFrozen) this.#good_at = now_ms
    this.#good_at ??= now_ms
    return now_ms - this.#good_at >= BLIND_MS
  }
}
