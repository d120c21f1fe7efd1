// Speaking to scenes: held down, the microphone goes to the centre and on to terminals and phones; let go, it ends. The
// centre cuts off whoever is not heard of for 8 s; what is here only makes that the exception.
import { readonly, ref, shallowRef, type Ref } from 'vue'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import type { Heard } from '@/api/types'
import { offerOf, portOf } from '@/webrtc/offer'
import { blocked, follow, NoPath, serversOf, way } from '@/webrtc/way'

// asking: for the microphone; calling: nobody hears yet, or the connection does not stand.
export type Speaking = 'idle' | 'asking' | 'calling' | 'speaking' | 'failed'

export const renewMs = 2500
const soonMs = 300 // while terminals are being asked
const keepMs = 30_000 // the microphone stays open for the next word

export class NoMicrophone extends Error {}

// Who holds a button waits no longer for a way.
const noWayMs = 3000

// stateOf is how a call stands by what the centre says of its listeners, and by its own connection: without one nothing
// leaves this computer.
export function stateOf(places: readonly Heard[], up: boolean): Speaking {
  if (places.some((p) => p.state === 'hears')) return up ? 'speaking' : 'calling'
  return places.some((p) => p.state === 'calling') ? 'calling' : 'failed'
}

// One microphone for the page.
let open: Promise<MediaStream> | undefined
let closing: ReturnType<typeof setTimeout> | undefined

function microphone(): Promise<MediaStream> {
  clearTimeout(closing)
  if (!globalThis.isSecureContext || !navigator.mediaDevices) return Promise.reject(new NoMicrophone('insecure'))
  open ??= navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } }).catch((e: unknown) => {
    open = undefined
    throw new NoMicrophone(e instanceof Error ? e.name : 'refused')
  })
  return open
}

function putDown(): void {
  clearTimeout(closing)
  closing = setTimeout(() => {
    void open?.then((media) => media.getTracks().forEach((track) => track.stop())).catch(() => undefined)
    open = undefined
  }, keepMs)
}

// One call at a time: whoever speaks to another scene has let go of this one.
let current: Call | undefined

// own reports whether a call is of this page. While the answer to its own is on the way, the news of it may be here first:
// taken for somebody else's, it would let go of the button.
export function own(id: string): boolean {
  return current !== undefined && (current.id === '' || current.id === id)
}

class Call {
  ended = false
  id = ''
  up = false
  places: Heard[] = []
  peer: RTCPeerConnection | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  unfollow: (() => void) | undefined

  constructor(private readonly told: (failure?: unknown) => void) {}

  async begin(listeners: string[], incident: string, asked: () => void): Promise<void> {
    try {
      const media = await microphone()
      if (this.ended) return putDown()
      asked()
      await this.dial(media, listeners, incident)
    } catch (failure) {
      this.end(failure)
    }
  }

  private async dial(media: MediaStream, listeners: string[], incident: string): Promise<void> {
    const used = way()
    const peer = new RTCPeerConnection({ iceServers: used })
    this.peer = peer
    const track = media.getAudioTracks()[0]
    if (!track) throw new NoMicrophone('none')
    peer.addTransceiver(track, { direction: 'sendonly', streams: [media] })
    const call = await answer(api.POST('/talk', { body: { listeners, incident: incident || undefined, sdp: await offerOf(peer) } }))
    this.id = call.id
    if (this.over()) return void this.leave()
    await peer.setRemoteDescription({ type: 'answer', sdp: call.sdp ?? '' })
    if (this.over()) return
    this.unfollow = follow(peer, (path) => {
      if (path === 'up' || path === 'down') {
        this.up = path === 'up'
        this.told()
      } else if (path === 'none' && blocked(used, serversOf(call.relays))) {
        void this.redial(media, listeners, incident)
      } else this.end(path === 'none' ? new NoPath(portOf(call.sdp ?? '')) : new ApiError(0))
    }, noWayMs)
    this.hear(call.places ?? [])
  }

  // redial goes by the relays that the centre has named; the floor of the first try is given back before.
  private async redial(media: MediaStream, listeners: string[], incident: string): Promise<void> {
    clearTimeout(this.timer)
    this.peer?.close()
    this.hear([{ listener: '', state: 'calling' }], false)
    try {
      await this.leave()
      if (!this.ended) await this.dial(media, listeners, incident)
    } catch (failure) {
      this.end(failure)
    }
  }

  private hear(places: Heard[], again = true): void {
    this.places = places
    this.told()
    if (again) this.again(places)
  }

  private over(): boolean {
    return this.ended
  }

  private again(places: Heard[]): void {
    this.timer = setTimeout(() => void this.renew(), places.some((p) => p.state === 'calling') ? soonMs : renewMs)
  }

  private async renew(): Promise<void> {
    const id = this.id
    try {
      const { places } = await answer(api.PUT('/talk/{id}', { params: { path: { id } } }))
      if (this.ended || this.id !== id) return
      this.hear(places ?? [])
    } catch (failure) {
      if (this.ended || this.id !== id) return
      // A link that is slow for a moment is no end: the centre decides when it is.
      if (failure instanceof ApiError && failure.status === 0) this.again([])
      else this.end(failure)
    }
  }

  // leave gives the floor back, also while the page is being left.
  private async leave(): Promise<void> {
    const id = this.id
    this.id = ''
    if (id) await fetch(`/api/v1/talk/${id}`, { method: 'DELETE', keepalive: true, credentials: 'same-origin' }).catch(() => undefined)
  }

  end(failure?: unknown): void {
    if (this.ended) return
    this.ended = true
    clearTimeout(this.timer)
    this.unfollow?.()
    this.peer?.close()
    void this.leave()
    putDown()
    if (current === this) current = undefined
    this.told(failure)
  }
}

export interface Talk {
  state: Readonly<Ref<Speaking>>
  places: Readonly<Ref<readonly Heard[]>>
  failure: Readonly<Ref<unknown>>
  press: () => void
  release: () => void
}

// useTalk speaks to the scenes that listeners names at the moment of pressing.
export function useTalk(listeners: () => string[], incident: () => string = () => ''): Talk {
  const state = ref<Speaking>('idle')
  const places = shallowRef<readonly Heard[]>([])
  const failure = shallowRef<unknown>()
  let mine: Call | undefined

  function press(): void {
    if (mine || listeners().length === 0) return
    current?.end()
    failure.value = undefined
    places.value = []
    state.value = 'asking'
    const call = new Call((why) => {
      if (call.ended) {
        if (mine === call) mine = undefined
        failure.value = why
        state.value = why === undefined ? 'idle' : 'failed'
        return
      }
      places.value = call.places
      state.value = stateOf(call.places, call.up)
    })
    mine = current = call
    void call.begin(listeners(), incident(), () => (state.value = 'calling'))
  }
  function release(): void {
    mine?.end()
  }
  return { state: readonly(state), places, failure, press, release }
}
