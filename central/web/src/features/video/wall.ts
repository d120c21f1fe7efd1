// The pictures of a page by one connection: what is wanted at each place, and what has come of it.
import { computed, onScopeDispose, watch, type InjectionKey } from 'vue'
import { ApiError } from '@/api/errors'
import { useLive } from '@/api/live'
import { backOff } from '@/api/livestate'
import { samplesOf } from './picture'
import { arrived, asked, lost, measured, newPlace, newWork, phaseOf, type Place, type Work } from './place'
import { choose, stalled, type Most } from './layer'
import { newStills, type Stills } from './still'
import { WallPeer, places, type Placed } from './wallpeer'
import { NoVideo, Silent, firstFrameMs, hopeless, measureMs, pathTries, type Watching } from './watching'
import { keep, NoPath, relays, way } from '@/webrtc/way'

export interface Wall {
  // watching is the picture at a place for as long as somebody wants it.
  watching: (place: () => number, stream: () => string, show: (media: MediaStream | null) => void, most: () => Most) => Watching
  // ready asks for streams at the spare places, so that they run when they are to be shown.
  ready: (streams: readonly string[], first: number, most?: Most) => void
  stills: Stills // go with their camera from place to place
}

export const wallKey: InjectionKey<Wall> = Symbol('wall')

export function useWall(): Wall {
  const live = useLive()
  const all = Array.from({ length: places }, newPlace)
  const work = Array.from({ length: places }, newWork)
  let open: WallPeer | undefined
  let opening: AbortController | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let measuring: ReturnType<typeof setInterval> | undefined
  let looking = 0
  let sending = false
  let queued = false
  let tries = 0
  let pathless = 0
  let unfollow: (() => void) | undefined
  let doubted = false
  let parting: WallPeer | undefined // ends when the next has asked for the same pictures

  const wanted = () => all.some((p) => p.stream)
  function want(at: number, stream: string, reason = '', most: Most = 'main'): void {
    const p = all[at] as Place
    const w = work[at] as Work
    if (w.most !== most) {
      w.most = most
      // The same picture in a tile of another size goes on; what somebody has pinned stays.
      if (p.stream === stream && w.placed && p.session && !live.sent.get(p.session)?.pinned) void choose(p.session, 'auto', most).catch(() => {})
    }
    if (p.stream === stream && !reason && !p.waiting) return
    clearTimeout(w.retry)
    asked(p, w, stream, reason)
    soon()
  }

  // soon sends what is wanted, once for all that changes now.
  function soon(): void {
    if (queued) return
    queued = true
    queueMicrotask(() => {
      queued = false
      void send()
    })
  }

  async function send(): Promise<void> {
    if (!open) {
      if (wanted() && !opening && !retry) void connect()
      return
    }
    if (sending) return
    sending = true
    const mine = open
    try {
      for (;;) {
        const reason = all.find((p, i) => work[i]?.dirty && p.reason)?.reason ?? ''
        const wishes = all.flatMap((p, place) => (work[place]?.dirty ? [{ place, stream: p.stream, layer: (work[place] as Work).most }] : []))
        if (!wishes.length || open !== mine) break
        for (const { place } of wishes) (work[place] as Work).dirty = false
        for (const one of await mine.put(wishes, reason)) if (open === mine) came(one)
      }
    } catch (failure) {
      if (open === mine) lose(failure)
    } finally {
      sending = false
    }
    if (open && open !== mine) void send()
  }

  // came takes what the centre says of a place.
  function came(one: Placed): void {
    const p = all[one.place] as Place
    const w = work[one.place] as Work
    if (p.stream !== one.stream || w.dirty) return
    if (one.failure) {
      fail(one.place, one.failure)
      return
    }
    w.placed = one.stream !== ''
    w.after = one.after
    p.session = one.session
    look()
  }

  function fail(at: number, failure: unknown): void {
    const p = all[at] as Place
    const w = work[at] as Work
    p.failure = failure
    p.picture = undefined
    w.placed = false
    w.fresh = false
    if (hopeless(failure)) {
      p.stream = ''
      return
    }
    p.waiting = true
    p.asked = Date.now()
    w.tries += 1
    clearTimeout(w.retry)
    w.retry = setTimeout(() => {
      p.waiting = false
      w.dirty = true
      w.began = performance.now()
      soon()
    }, backOff(w.tries, Math.random()))
  }

  // look waits, frame by frame, for the first picture of each new stream.
  function look(): void {
    cancelAnimationFrame(looking)
    looking = requestAnimationFrame(() => {
      if (arrivals()) look()
    })
  }
  // arrivals notes the places whose new picture has come and tells whether others are waited for.
  function arrivals(): boolean {
    let more = false
    all.forEach((p, at) => {
      const w = work[at] as Work
      if (!open || !w.placed || w.fresh) return
      if (!arrived(p, w, open.newest(at), performance.now())) more = true
    })
    return more
  }
  function measure(mine: WallPeer): void {
    measuring = setInterval(() => {
      void mine.peer.getStats().then((report) => {
        if (open !== mine) return
        const now = Date.now()
        arrivals()
        const samples = samplesOf(report, now)
        all.forEach((p, at) => {
          const w = work[at] as Work
          if (!w.placed) return
          measured(p, w, samples.get(String(at)))
          const sent = live.sent.get(p.session)
          if (!w.fresh && now - p.asked > firstFrameMs && sent?.layer !== 'pause') fail(at, new Silent())
          else if (stalled(p.picture?.frozenSince ?? 0, sent, doubted, now)) fail(at, new Silent())
        })
        if (all.some((p) => p.picture?.frames)) tries = 0
      })
    }, measureMs)
  }

  // lose gives a connection up. The one before ends when the next has asked for the same pictures, so that the
  // terminals send on between the two.
  function lose(failure: unknown): void {
    const last = open
    forget()
    const stuck = (failure instanceof NoPath && ++pathless >= pathTries) || (hopeless(failure) && !(failure instanceof ApiError && failure.status === 404))
    all.forEach((p, at) => lost(p, work[at] as Work, failure, stuck))
    if (stuck || !wanted()) {
      last?.close()
      return
    }
    tries += 1
    part()
    parting = last
    retry = setTimeout(() => {
      retry = undefined
      void connect()
    }, backOff(tries, Math.random()))
  }

  function part(): void {
    parting?.close()
    parting = undefined
  }
  function forget(): void {
    clearInterval(measuring)
    cancelAnimationFrame(looking)
    unfollow?.()
    opening?.abort()
    opening = undefined
    open = undefined
    doubted = false
  }

  async function connect(): Promise<void> {
    if (typeof RTCPeerConnection === 'undefined') {
      all.forEach((p) => p.stream && Object.assign(p, { stream: '', failure: new NoVideo() }))
      return
    }
    const mine = new AbortController()
    opening = mine
    try {
      const used = way()
      const opened = await WallPeer.open(mine.signal, used)
      opening = undefined
      open = opened
      all.forEach((p, at) => {
        p.media = opened.media(at)
        if (!p.stream) return
        p.waiting = false
        p.asked = Date.now()
      })
      measure(opened)
      unfollow = keep(opened.peer, used, relays, { up: () => (pathless = 0), lost: lose })
      await send()
    } catch (failure) {
      if (!mine.signal.aborted) lose(failure)
    } finally {
      if (opening !== mine) part()
    }
  }

  function leave(): void {
    clearTimeout(retry)
    retry = undefined
    const last = open
    forget()
    last?.close()
    part()
  }

  // A centre that comes back after a break may have forgotten the session.
  watch(live.connected, (is) => {
    if (!is || !open) return
    doubted = true
    const mine = open
    mine.put([]).catch((failure: unknown) => open === mine && lose(failure))
  })

  // A page that comes back from the browser's cache goes on where it was.
  function comeBack(e: PageTransitionEvent): void {
    if (!e.persisted || !wanted()) return
    all.forEach((p, at) => Object.assign(work[at] as Work, { dirty: p.stream !== '', placed: false, fresh: false }))
    soon()
  }
  globalThis.addEventListener('pagehide', leave)
  globalThis.addEventListener('pageshow', comeBack)
  onScopeDispose(() => {
    globalThis.removeEventListener('pagehide', leave)
    globalThis.removeEventListener('pageshow', comeBack)
    for (const w of work) clearTimeout(w.retry)
    leave()
  })

  function watching(place: () => number, stream: () => string, show: (media: MediaStream | null) => void, most: () => Most): Watching {
    const here = () => all[place()] as Place
    const phase = computed(() => phaseOf(here()))
    watch(() => [here().stream, here().media] as const, ([of, media]) => show(of === stream() ? (media ?? null) : null), { flush: 'post' })
    watch(most, (is) => here().stream === stream() && want(place(), stream(), '', is))
    const mine = place()
    // A place that was given to another tile meanwhile is that one's.
    const holds = () => all[mine]?.stream === '' || all[mine]?.stream === stream()
    onScopeDispose(() => {
      if (holds()) want(mine, '')
    })
    return {
      phase,
      picture: computed(() => here().picture),
      failure: computed(() => here().failure),
      asked: computed(() => here().asked),
      took: computed(() => here().took),
      session: computed(() => here().session),
      start: (reason = '') => want(place(), stream(), reason, most()),
      stop: () => want(place(), ''),
    }
  }

  function ready(streams: readonly string[], first: number, most: Most = 'main'): void {
    for (let at = first; at < places; at++) want(at, streams[at - first] ?? '', '', most)
  }

  return { watching, ready, stills: newStills() }
}
