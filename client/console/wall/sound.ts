/** A short tone for a new red incident. The browser allows it after a person has switched it on. */
let context: AudioContext | null = null

export function allowSound(): void {
  context ??= new AudioContext()
}

export function tone(): void {
  if (context === null) return
  const [source, volume] = [context.createOscillator(), context.createGain()]
  source.frequency.value = 740
  volume.gain.value = 0.15
  source.connect(volume).connect(context.destination)
  source.start()
  source.stop(context.currentTime + 0.35)
}
