// One place of a wall: what is wanted there, and what has come of it.
import { shallowReactive } from 'vue'
import { PictureWatch, type Picture, type Sample } from './picture'
import type { Most } from './layer'
import type { Phase } from './watching'

export interface Place {
  stream: string
  // session is that of what is shown, '' before the centre has said it.
  session: string
  reason: string
  // asked is when the picture was wanted, by this computer's clock; took how long it was until it was there.
  asked: number
  took: number
  picture: Picture | undefined
  failure: unknown
  waiting: boolean
  media: MediaStream | undefined
}

// What goes on behind a place and that nobody looks at.
export interface Work {
  most: Most
  dirty: boolean
  placed: boolean
  fresh: boolean
  began: number
  after: number | undefined
  base: number
  meter: PictureWatch
  tries: number
  retry: ReturnType<typeof setTimeout> | undefined
}

export function newPlace(): Place {
  return shallowReactive<Place>({ stream: '', session: '', reason: '', asked: 0, took: 0, picture: undefined, failure: undefined, waiting: false, media: undefined })
}

export function newWork(): Work {
  return { most: 'main', dirty: false, placed: false, fresh: false, began: 0, after: undefined, base: 0, meter: new PictureWatch(), tries: 0, retry: undefined }
}

// arrived notes that the new picture is there: the newest RTP time is later than the last of what was before.
export function arrived(p: Place, w: Work, newest: number | undefined, now: number): boolean {
  if (newest === undefined || (w.after !== undefined && !later(newest, w.after))) return false
  Object.assign(w, { fresh: true, meter: new PictureWatch(), base: -1 })
  p.took = Math.max(1, Math.round(now - w.began))
  p.picture = { frames: 1, fps: 0, bitrate: 0, delayMs: 0, frozenSince: 0 }
  return true
}

// measured takes what the browser's statistics say since then.
export function measured(p: Place, w: Work, sample: Sample | undefined): void {
  if (!w.fresh || !sample) return
  if (w.base < 0) w.base = sample.frames - 1
  p.picture = w.meter.add({ ...sample, frames: sample.frames - w.base })
  if (p.picture.frozenSince) return
  w.tries = 0
  p.failure = undefined
}

// later tells whether an RTP time comes after another; it wraps around.
export function later(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}

export function phaseOf(p: Pick<Place, 'stream' | 'failure' | 'waiting' | 'picture'>): Phase {
  if (!p.stream) return p.failure === undefined ? 'idle' : 'failed'
  if (p.waiting) return 'retrying'
  if (!p.picture?.frames) return 'starting'
  return p.picture.frozenSince ? 'frozen' : 'live'
}

// asked begins a place anew with a stream, or clears it.
export function asked(p: Place, w: Work, stream: string, reason: string): void {
  const had = w.placed || w.dirty
  Object.assign(p, { stream, reason, session: '', asked: Date.now(), took: 0, picture: undefined, failure: undefined, waiting: false })
  Object.assign(w, { dirty: stream !== '' || had, placed: false, fresh: false, began: performance.now(), after: undefined, tries: 0 })
}

// lost is what becomes of a place whose connection was given up; stuck says that no further one is tried.
export function lost(p: Place, w: Work, failure: unknown, stuck: boolean): void {
  clearTimeout(w.retry)
  Object.assign(w, { placed: false, fresh: false, dirty: p.stream !== '' && !stuck, tries: 0 })
  if (!p.stream) return
  p.failure = failure
  p.picture = undefined
  p.waiting = !stuck
  if (stuck) p.stream = ''
}
