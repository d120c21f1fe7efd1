// Watching one stream for as long as somebody wants it: ticket, session, measuring, and trying again.
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { ApiError } from '@/api/errors'
import { useLive } from '@/api/live'
import { backOff } from '@/api/livestate'
import { PictureWatch, sampleOf, type Picture } from './picture'
import { stalled } from './layer'
import { openWhep, ticketFor, type Whep } from './whep'
import type { Sent, Ticket } from '@/api/types'
import { NoCodec } from '@/webrtc/codec'
import { keep, NoPath, way } from '@/webrtc/way'

// idle: nobody asked · starting: asked, no frame yet · live · frozen: frames stopped ·
// retrying: the connection broke, the next try is set · failed: a person has to do something.
export type Phase = 'idle' | 'starting' | 'live' | 'frozen' | 'retrying' | 'failed'

export interface Watching {
  phase: ComputedRef<Phase>
  picture: Readonly<Ref<Picture | undefined>>
  failure: Readonly<Ref<unknown>>
  // asked is when the person asked for the picture, by this computer's clock.
  asked: Readonly<Ref<number>>
  // took is how many milliseconds it was until the picture was there; 0 while it is not, or unknown.
  took: Readonly<Ref<number>>
  // session is its name at the centre; '' while there is none.
  session: Readonly<Ref<string>>
  // start with a reason forces a picture for which the terminal's data budget has nothing left.
  start: (reason?: string) => void
  stop: () => void
}

export const measureMs = 500
// Without a first frame for so long a new session is tried.
export const firstFrameMs = 25_000
// So often the way is looked for before a person has to say that it is to be looked for again: the terminal
// would send for nobody.
export const pathTries = 3

// hopeless failures are not tried again by themselves. A ticket that was spent or has expired is not one
// of them: the next try buys a new one.
export function hopeless(failure: unknown): boolean {
  if (failure instanceof NoCodec) return true
  if (!(failure instanceof ApiError) || failure.code.startsWith('video.token')) return false
  return [401, 403, 404, 410, 422].includes(failure.status)
}

// Bearer is who watches without an account: buy gets a ticket for each try, sent is what a session gets, as far as known.
export interface Bearer {
  buy: () => Promise<Ticket>
  sent: (session: string) => Sent | undefined
}

// Without a bearer, whoever is signed in buys a ticket at the centre, and the live view tells what a session gets.
export function useWatching(stream: () => string, show: (media: MediaStream | null) => void, bearer?: Bearer): Watching {
  const wanted = shallowRef(false)
  const picture = shallowRef<Picture>()
  const failure = shallowRef<unknown>()
  const waiting = shallowRef(false)
  const asked = shallowRef(0)
  const took = shallowRef(0)
  const name = shallowRef('')
  const live = useLive()
  const buy = bearer?.buy ?? ((because: string) => ticketFor(stream(), because))
  const sent = bearer?.sent ?? ((session: string) => live.sent.get(session))
  let session: Whep | undefined
  let abort: AbortController | undefined
  let measuring: ReturnType<typeof setInterval> | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let tries = 0
  let pathless = 0
  let doubted = false
  let next: Promise<Ticket> | undefined
  let because = ''
  let unfollow: (() => void) | undefined

  const phase = computed<Phase>(() => {
    if (!wanted.value) return failure.value === undefined ? 'idle' : 'failed'
    if (waiting.value) return 'retrying'
    if (!picture.value?.frames) return 'starting'
    return picture.value.frozenSince ? 'frozen' : 'live'
  })

  function hangUp(): void {
    // What is waited for from here on is a new picture.
    if (picture.value?.frames) asked.value = Date.now()
    clearInterval(measuring)
    clearTimeout(retry)
    unfollow?.()
    abort?.abort()
    session?.close()
    session = undefined
    name.value = ''
    picture.value = undefined
    show(null)
  }

  function again(reason: unknown): void {
    const stuck = reason instanceof NoPath && ++pathless >= pathTries
    // The next ticket is bought before this session ends: the terminal sends on between the two.
    if (reason instanceof NoPath && !stuck) {
      next = buy(because)
      next.catch(() => {})
    }
    const last = session
    session = undefined
    if (next) void next.finally(() => last?.close()).catch(() => {})
    else last?.close()
    hangUp()
    failure.value = reason
    if (!wanted.value) return
    if (stuck || hopeless(reason)) {
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
    measuring = setInterval(() => {
      void mine.peer.getStats().then((report) => {
        if (session !== mine) return
        const now = Date.now()
        const seen = meter.add(sampleOf(report, now))
        if (!picture.value?.frames && seen.frames) took.value = now - asked.value
        picture.value = seen
        if (seen.frames && !seen.frozenSince) {
          tries = 0
          failure.value = undefined
        }
        if (!seen.frames && performance.now() - begun > firstFrameMs && sent(mine.name)?.layer !== 'pause') again(new Silent())
        else if (stalled(seen.frozenSince, sent(mine.name), doubted, now)) again(new Silent())
      })
    }, measureMs)
  }

  async function connect(): Promise<void> {
    waiting.value = false
    doubted = false
    const mine = new AbortController()
    abort = mine
    try {
      const bought = next
      next = undefined
      const ticket = await (bought ?? buy(because))
      mine.signal.throwIfAborted()
      const used = way()
      const opened = await openWhep(ticket, show, mine.signal, used)
      session = opened
      name.value = opened.name
      measure(opened)
      unfollow = keep(opened.peer, used, () => Promise.resolve(opened.relays), { up: () => (pathless = 0), lost: again })
    } catch (reason) {
      if (!mine.signal.aborted) again(reason)
    }
  }

  function start(reason = ''): void {
    if (wanted.value && !reason) return
    because = reason
    hangUp()
    next = undefined
    tries = 0
    pathless = 0
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
  return { phase, picture, failure, asked, took, session: name, start, stop }
}

// Silent: the session stands but brings no picture.
export class Silent extends Error {}
// NoVideo: this browser has no WebRTC.
export class NoVideo extends Error {}
