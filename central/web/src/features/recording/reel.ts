// One camera's recording in a video element: segments are fetched as the clock of the page comes near them and put
// at their moment. Sound goes into an element of its own. The page's clock leads; the element follows, so that several cameras show the same moment.
import { url } from '@/api/client'
import type { Window } from './line'
import { pictureBeside, picturesOf } from './pictures'
import type { RecordedSegment } from '@/api/types'

export type ReelState = 'gap' | 'loading' | 'shown' | 'failed'

const ahead = 20_000
const behind = 40_000
const loose = 0.3
// Over so many seconds without a picture, as where two segments meet, the last one stays.
const seam = 1

interface Piece extends RecordedSegment {
  a: number
  b: number
}

export class Reel {
  private readonly source = new MediaSource()
  private buffer?: SourceBuffer
  private codec = ''
  private pieces: Piece[] = []
  // fetched is from where and how far each segment was fetched, by its id.
  private readonly fetched = new Map<string, Window>()
  // pictures is when those that were fetched begin, by time.
  private pictures: number[] = []
  private busy = false
  private failed = ''
  private abort?: AbortController
  private readonly address: string

  constructor(
    private readonly video: HTMLMediaElement,
    private readonly origin: number,
    private play: string,
    // sound: the element plays the sound beside the pictures, which another one shows: a stretch without sound holds up no picture.
    private readonly sound = false,
  ) {
    this.address = URL.createObjectURL(this.source)
    video.src = this.address
  }

  // take sets what there is; the newest grows while it is recorded.
  take(play: string, list: readonly RecordedSegment[]): void {
    this.play = play
    const own = this.sound ? list.flatMap((s) => (s.sound ? [{ ...s, codec: s.sound }] : [])) : list
    this.pieces = own.map((s) => ({ ...s, a: Date.parse(s.from), b: Date.parse(s.to) }))
  }

  get error(): string {
    return this.failed
  }

  close(): void {
    this.abort?.abort()
    this.video.removeAttribute('src')
    this.video.load()
    URL.revokeObjectURL(this.address)
  }

  // follow brings the element to a moment and says what it shows.
  follow(at: number, running: boolean, speed: number): ReelState {
    if (this.failed) return 'failed'
    const piece = this.pieces.find((p) => p.a <= at && at < p.b)
    const shows = this.has(at)
    const bare = piece && !shows
    const known = piece && this.fetched.get(piece.id)
    const empty = bare && known && known.from <= at && at < known.to
    const wanted = bare && !empty ? piece : this.pieces.find((p) => p.a < at + ahead * Math.max(1, speed) && p.b > at && (this.fetched.get(p.id)?.to ?? 0) < p.b)
    if (wanted && !this.busy) void this.fetch(wanted, at)
    if (!piece) {
      this.video.pause()
      return 'gap'
    }
    if (!shows) {
      this.video.pause()
      if (empty && !this.busy) return this.near(at) ? 'shown' : 'gap'
      return 'loading'
    }
    const target = (at - this.origin) / 1000
    const off = target - this.video.currentTime
    if (!running) {
      this.video.pause()
      if (Math.abs(off) > 0.01 && !this.video.seeking) this.video.currentTime = target
    } else {
      if (Math.abs(off) > loose * Math.max(1, speed) && !this.video.seeking) this.video.currentTime = target
      this.video.playbackRate = Math.min(16, Math.max(0.1, speed * (1 + Math.min(0.2, Math.max(-0.2, off)))))
      if (this.video.paused) void this.video.play().catch(() => undefined)
    }
    return 'shown'
  }

  // beside is a moment of the picture after or before the one of a moment, if that is known.
  beside(at: number, by: 1 | -1): number | undefined {
    return pictureBeside(this.pictures, at, by)
  }

  private has(at: number): boolean {
    const t = (at - this.origin) / 1000
    const b = this.video.buffered
    for (let i = 0; i < b.length; i++) if (b.start(i) <= t + 0.05 && t < b.end(i)) return true
    return false
  }

  private near(at: number): boolean {
    const t = (at - this.origin) / 1000
    return overlaps(this.video.buffered, t - seam, t + seam)
  }

  private async fetch(p: Piece, at: number): Promise<void> {
    this.busy = true
    const known = this.fetched.get(p.id)
    const on = known && known.from <= at && at <= known.to
    const from = on ? Math.max(at, known.to - 1500) : Math.max(at, p.a)
    try {
      await this.open(p.codec)
      this.abort = new AbortController()
      const answer = await fetch(url('/recordings/segments/{id}', { play: this.play, at: new Date(from).toISOString(), sound: this.sound ? 'true' : undefined }).replace('{id}', p.id), { signal: this.abort.signal })
      if (!answer.ok) throw new Error(String(answer.status))
      const text = await answer.arrayBuffer()
      await this.trim(at)
      const buffer = await this.open(p.codec)
      buffer.abort()
      buffer.timestampOffset = (Date.parse(p.film) - this.origin) / 1000
      buffer.appendWindowEnd = Infinity
      // The film begins at a key frame, before the moment from which it counts: cut there, the browser would drop
      // all pictures up to its next key frame.
      buffer.appendWindowStart = 0
      if (p.source === 'edge') buffer.appendWindowEnd = (p.b - this.origin) / 1000 + 0.001
      await this.done(() => buffer.appendBuffer(text))
      if (!this.sound) {
        const begins = picturesOf(text).map((ms) => Date.parse(p.film) + ms).filter((m) => p.a <= m && m < p.b)
        this.pictures = [...new Set([...this.pictures, ...begins])].sort((a, b) => a - b)
      }
      this.fetched.set(p.id, { from: on ? known.from : from, to: p.b })
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) {
        // A segment that went meanwhile is a gap; a picture that this browser cannot decode stays one.
        if (error instanceof Error && error.message === '404') this.pieces = this.pieces.filter((one) => one.id !== p.id)
        else this.failed = error instanceof Error ? error.message : String(error)
      }
    }
    this.busy = false
  }

  private async open(codec: string): Promise<SourceBuffer> {
    const type = `${this.sound ? 'audio' : 'video'}/mp4; codecs="${codec}"`
    if (this.source.readyState !== 'open') await new Promise((ready) => this.source.addEventListener('sourceopen', ready, { once: true }))
    if (!MediaSource.isTypeSupported(type)) throw new Error(codec)
    if (!this.buffer) {
      this.buffer = this.source.addSourceBuffer(type)
      this.source.duration = 48 * 3600
    } else if (codec !== this.codec) this.buffer.changeType(type)
    this.codec = codec
    return this.buffer
  }

  // trim lets go of what is far from a moment, so that a day of pictures does not fill the memory.
  private async trim(at: number): Promise<void> {
    const buffer = this.buffer
    if (!buffer) return
    const low = (at - behind - this.origin) / 1000
    const high = (at + 12 * ahead - this.origin) / 1000
    for (const [from, to] of [[0, low], [high, 48 * 3600]] as const) {
      if (to <= from || !overlaps(buffer.buffered, from, to)) continue
      await this.done(() => buffer.remove(from, to))
      this.pictures = this.pictures.filter((m) => m < this.origin + from * 1000 || m >= this.origin + to * 1000)
      for (const p of this.pieces) if (p.a < this.origin + to * 1000 && p.b > this.origin + from * 1000) this.fetched.delete(p.id)
    }
  }

  private done(begin: () => void): Promise<void> {
    const buffer = this.buffer
    return new Promise((resolve, reject) => {
      if (!buffer) return resolve()
      buffer.addEventListener('updateend', () => resolve(), { once: true })
      buffer.addEventListener('error', () => reject(new Error('decode')), { once: true })
      begin()
    })
  }
}

function overlaps(ranges: TimeRanges, from: number, to: number): boolean {
  for (let i = 0; i < ranges.length; i++) if (ranges.start(i) < to && ranges.end(i) > from) return true
  return false
}
