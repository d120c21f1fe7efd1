// Watching one stream for as long as somebody wants it: ticket, session, measuring, and trying again.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { ApiError } from '@/api/errors'
import { useLive } from '@/api/live'
import { backOff } from '@/api/livestate'
import { PictureWatch, sampleOf, type Picture } from './picture'
import { openWhep, ticketFor, type Whep } from './whep'

// idle: nobody asked · starting: asked, no frame yet · live · frozen: frames stopped ·
// retrying: the connection broke, the next try is set · failed: a person has to do something.
export type Phase = 'idle' | 'starting' | 'live' | 'frozen' | 'retrying' | 'failed'

export interface Watching {
  phase: ComputedRef<Phase>
  picture: ShallowRef<Picture | undefined>
  failure: ShallowRef<unknown>
  // asked is when the person asked for the picture, by this computer's clock.
  asked: ShallowRef<number>
  start: () => void
  stop: () => void
}

const measureMs = 500
// Without a first frame for so long a new session is tried.
const firstFrameMs = 25_000
// A picture that stands still this long may be a dead path: a new session tells.
const frozenMs = 20_000
const brokenMs = 2000

// hopeless failures are not tried again by themselves. A ticket that was spent or has expired is not one
// of them: the next try buys a new one.
export function hopeless(failure: unknown): boolean {
  if (!(failure instanceof ApiError) || failure.code.startsWith('video.token')) return false
  return [401, 403, 404, 410, 422].includes(failure.status)
}

export function useWatching(stream: () => string, show: (media: MediaStream | null) => void): Watching {
  const wanted = shallowRef(false)
  const picture = shallowRef<Picture>()
  const failure = shallowRef<unknown>()
  const waiting = shallowRef(false)
  const asked = shallowRef(0)
  let session: Whep | undefined
  let abort: AbortController | undefined
  let measuring: ReturnType<typeof setInterval> | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let tries = 0
  let doubted = false

  const phase = computed<Phase>(() => {
    if (!wanted.value) return failure.value === undefined ? 'idle' : 'failed'
    if (waiting.value) return 'retrying'
    if (!picture.value?.frames) return 'starting'
    return picture.value.frozenSince ? 'frozen' : 'live'
  })

  function hangUp(): void {
    clearInterval(measuring)
    clearTimeout(retry)
    abort?.abort()
    session?.close()
    session = undefined
    picture.value = undefined
    show(null)
  }

  function again(reason: unknown): void {
    if (picture.value?.frames) asked.value = Date.now()
    hangUp()
    failure.value = reason
    if (!wanted.value) return
    if (hopeless(reason)) {
      wanted.value = false
      return
    }
    tries += 1
    waiting.value = true
    retry = setTimeout(() => void connect(), backOff(tries, Math.random()))
  }

  function measure(mine: Whep): void {
    const begun = performance.now()
    const meter = new PictureWatch()
    let brokenAt = 0
    measuring = setInterval(() => {
      void mine.peer.getStats().then((report) => {
        if (session !== mine) return
        const now = Date.now()
        const seen = meter.add(sampleOf(report, now))
        picture.value = seen
        if (seen.frames && !seen.frozenSince) {
          tries = 0
          failure.value = undefined
        }
        const broken = mine.peer.connectionState === 'disconnected'
        brokenAt = broken ? brokenAt || now : 0
        if (!seen.frames && performance.now() - begun > firstFrameMs) again(new Silent())
        else if (seen.frozenSince && (doubted || now - seen.frozenSince > frozenMs)) again(new Silent())
        else if (brokenAt && now - brokenAt > brokenMs) again(new ApiError(0))
      })
    }, measureMs)
    mine.peer.addEventListener('connectionstatechange', () => {
      if (session === mine && mine.peer.connectionState === 'failed') again(new ApiError(0))
    })
  }

  async function connect(): Promise<void> {
    waiting.value = false
    doubted = false
    const mine = new AbortController()
    abort = mine
    try {
      const ticket = await ticketFor(stream())
      mine.signal.throwIfAborted()
      const opened = await openWhep(ticket, show, mine.signal)
      session = opened
      measure(opened)
    } catch (reason) {
      if (!mine.signal.aborted) again(reason)
    }
  }

  function start(): void {
    if (wanted.value) return
    hangUp()
    tries = 0
    failure.value = undefined
    asked.value = Date.now()
    wanted.value = true
    if (typeof RTCPeerConnection === 'undefined') {
      wanted.value = false
      failure.value = new NoVideo()
      return
    }
    void connect()
  }

  function stop(): void {
    wanted.value = false
    waiting.value = false
    failure.value = undefined
    hangUp()
  }

  // A centre that comes back after a break may have forgotten the session: a picture that stands still
  // is asked for anew at once, one that still moves as soon as it stops.
  const live = useLive()
  watch(live.connected, (is) => {
    if (!is || !wanted.value) return
    doubted = true
    if (phase.value === 'live') return
    hangUp()
    void connect()
  })

  // A page that comes back from the browser's cache goes on where it was.
  function comeBack(e: PageTransitionEvent): void {
    if (e.persisted && wanted.value) void connect()
  }
  globalThis.addEventListener('pagehide', hangUp)
  globalThis.addEventListener('pageshow', comeBack)
  onScopeDispose(() => {
    globalThis.removeEventListener('pagehide', hangUp)
    globalThis.removeEventListener('pageshow', comeBack)
    stop()
  })
  return { phase, picture, failure, asked, start, stop }
}

// Silent: the session stands but brings no picture.
export class Silent extends Error {}
// NoVideo: this browser has no WebRTC.
export class NoVideo extends Error {}
