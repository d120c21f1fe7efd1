// Hearing a scene: a session of its own for the sound, only while somebody asked for it, and honest about what comes.
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { openWhep, ticketFor, type Whep } from './whep'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import type { Ticket } from '@/api/types'
import { portOf } from '@/webrtc/offer'
import { blocked, follow, NoPath, way } from '@/webrtc/way'

// off · starting: asked, nothing heard yet · on: sound comes · quiet: none comes any more · unsent: the terminal does not
// send it (switched off) · none: the camera has none · codec: it has one that is not passed on · failed
export type Hearing = 'off' | 'starting' | 'on' | 'quiet' | 'unsent' | 'none' | 'codec' | 'failed'

export const measureMs = 1000
// So long without a packet sound counts as gone; the codecs here send one every 20 ms.
export const quietMs = 3000

export interface Sent { codec?: string; has?: string; error?: string }

// before is what the terminal's word on a camera's sound means for who wants to hear it: starting when it may come.
export function before(sound: Sent | undefined): Hearing {
  if (!sound) return 'unsent'
  if (sound.has) return 'codec'
  return sound.error ? 'none' : 'starting'
}

// after is how it stands, by when a packet last came; 0: none yet.
export function after(last: number, now: number): Hearing {
  if (!last) return 'starting'
  return now - last > quietMs ? 'quiet' : 'on'
}

// buy gets a ticket for who hears without an account, to whom the terminal's word is not told.
export function useSound(camera: () => string, terminal: () => string, buy?: () => Promise<Ticket>): { hearing: Ref<Hearing>; has: Ref<string>; failure: Ref<unknown>; start: () => Promise<void>; stop: () => void } {
  const hearing = ref<Hearing>('off')
  const has = ref('')
  const failure = shallowRef<unknown>()
  const audio = new Audio()
  let session: Whep | undefined
  let abort: AbortController | undefined
  let measuring: ReturnType<typeof setInterval> | undefined
  let unfollow: (() => void) | undefined

  function end(as: Hearing): void {
    clearInterval(measuring)
    unfollow?.()
    abort?.abort()
    abort = undefined
    session?.close()
    session = undefined
    audio.srcObject = null
    hearing.value = as
  }

  function measure(mine: Whep): void {
    let packets = 0
    let last = 0
    measuring = setInterval(() => {
      void mine.peer.getStats().then((report) => {
        if (session !== mine) return
        let got = 0
        report.forEach((one: { type: string; kind?: string; packetsReceived?: number }) => {
          if (one.type === 'inbound-rtp' && one.kind === 'audio') got = one.packetsReceived ?? 0
        })
        if (got > packets) last = Date.now()
        packets = got
        hearing.value = after(last, Date.now())
      })
    }, measureMs)
  }

  async function start(): Promise<void> {
    end('starting')
    failure.value = undefined
    const mine = new AbortController()
    abort = mine
    try {
      if (buy) return await open(mine.signal)
      const reported = await answer(api.GET('/devices/{id}/status', { params: { path: { id: terminal() } } }))
      const said = reported.status.cameras?.find((c) => c.id === camera())?.sound
      const may = before(said)
      has.value = said?.has ?? ''
      if (mine.signal.aborted) return
      if (may !== 'starting') return end(may)
      await open(mine.signal)
    } catch (reason) {
      if (!mine.signal.aborted) fail(reason)
    }
  }

  async function open(signal: AbortSignal): Promise<void> {
    const used = way()
    const opened = await openWhep(await (buy ?? (() => ticketFor(camera())))(), (media) => {
      audio.srcObject = media
      audio.play().catch((reason: unknown) => session && fail(reason))
    }, signal, used, 'audio')
    session = opened
    measure(opened)
    unfollow = follow(opened.peer, (path) => {
      if (path === 'up' || path === 'down') return
      if (path === 'none' && blocked(used, opened.relays)) void start() // around by the relays that the centre has named
      else fail(path === 'none' ? new NoPath(portOf(opened.peer.remoteDescription?.sdp ?? '')) : new ApiError(0))
    })
  }

  function fail(reason: unknown): void {
    end('failed')
    failure.value = reason
  }

  watch(camera, () => end('off'))
  onScopeDispose(() => end('off'))
  return { hearing, has, failure, start, stop: () => end('off') }
}
