// The last picture of a camera: kept when it stops, is lost or goes to another tile, and shown with its time until the next
// one is there.
import { computed, onBeforeUnmount, shallowReactive, watch, type ComputedRef } from 'vue'
import type { Picture } from './picture'
import type { Phase } from './watching'

export interface Still {
  image: HTMLCanvasElement
  // at is when it came, by this computer's clock.
  at: number
}

// Stills are those of one page, by camera.
export type Stills = Map<string, Still>

const side = 640
const most = 24
// Later than so it is told apart from one that is only being changed for a larger one.
export const freshMs = 5000

export const newStills = (): Stills => shallowReactive(new Map<string, Still>())

// keepStill keeps the newest so many.
export function keepStill(stills: Stills, stream: string, still: Still): void {
  stills.delete(stream)
  stills.set(stream, still)
  for (const oldest of stills.keys()) {
    if (stills.size <= most) return
    stills.delete(oldest)
  }
}

function taken(video: HTMLVideoElement | null, at: number): Still | undefined {
  if (!video?.videoWidth) return undefined
  const scale = Math.min(1, side / video.videoWidth)
  const image = document.createElement('canvas')
  image.width = Math.round(video.videoWidth * scale)
  image.height = Math.round(video.videoHeight * scale)
  const c = image.getContext('2d')
  if (!c) return undefined
  c.drawImage(video, 0, 0, image.width, image.height)
  return { image, at }
}

const shows = (phase: Phase): boolean => phase === 'live' || phase === 'frozen'

// useStill is the last picture of a tile while there is none that moves. It is taken at the moment at which the phase
// changes: a little later the element is empty or another camera's.
export function useStill(
  video: () => HTMLVideoElement | null, stream: () => string, phase: () => Phase, picture: () => Picture | undefined, stills: Stills = newStills(),
): ComputedRef<Still | undefined> {
  let of = ''
  let moved = 0
  function keep(): void {
    const still = taken(video(), moved)
    if (still) keepStill(stills, of, still)
  }
  watch(picture, (is) => {
    if (!is?.frames) return
    of = stream()
    moved = is.frozenSince || Date.now()
  }, { flush: 'sync', immediate: true })
  watch(phase, (is, was) => shows(was) && !shows(is) && keep(), { flush: 'sync' })
  onBeforeUnmount(() => shows(phase()) && keep())
  return computed(() => (shows(phase()) || phase() === 'idle' ? undefined : stills.get(stream())))
}
