// Sending from a phone: the camera, the session, what to do when the link breaks, and what there is to show of it.
import { useEventListener, useWakeLock } from '@vueuse/core'
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { bytesOf, DataMeter } from './meter'
import { openWhip, rates, type Pass, type Rate, type Whip } from './whip'
import { ApiError } from '@/api/errors'
import { backOff } from '@/api/livestate'
import { NoCodec } from '@/webrtc/codec'
import { keep, way } from '@/webrtc/way'

// What the page says of itself. ready: the session stands and nobody wants the picture. lost goes on by itself; taken, ended, failed, refused and nocodec need a person.
export type Sending = 'idle' | 'asking' | 'starting' | 'ready' | 'sending' | 'lost' | 'taken' | 'ended' | 'failed' | 'refused' | 'nocodec'
export type Facing = 'environment' | 'user'

const countMs = 1000
// Who looks away for a moment finds the picture running.
const lingerMs = 10_000
const askAgainMs = 3000

// useSending sends to the stream of a link; wanted waits until that is no longer as it was.
export function useSending(pass: Pass, wanted: (was: boolean, signal: AbortSignal) => Promise<boolean>) {
  const state = ref<Sending>('idle')
  const failure = shallowRef<unknown>()
  const preview = shallowRef<MediaStream>()
  const heard = shallowRef<MediaStream>()
  const spokenTo = ref(false)
  const facing = ref<Facing>('environment')
  const rate = ref<Rate>('middle')
  const muted = ref(false)
  const since = ref(0)
  const keptAs = 'fengsui.field.bytes.' + pass.stream
  const meter = new DataMeter(Number(localStorage.getItem(keptAs) ?? 0))
  const bytes = ref(meter.total)
  let session: Whip | undefined
  let unfollow: (() => void) | undefined
  let attempt: AbortController | undefined
  let tries = 0
  let again: ReturnType<typeof setTimeout> | undefined
  let counting: ReturnType<typeof setInterval> | undefined
  // A phone that sleeps sends nothing; the lock comes back by itself when the page is seen again.
  const awake = useWakeLock()

  const busy = computed(() => ['asking', 'starting', 'ready', 'sending', 'lost'].includes(state.value))

  async function camera(): Promise<MediaStream> {
    const size = rate.value === 'high' ? { width: { ideal: 1280 }, height: { ideal: 720 } } : { width: { ideal: 854 }, height: { ideal: 480 } }
    return navigator.mediaDevices.getUserMedia({
      video: { facingMode: facing.value, frameRate: { ideal: 20, max: 25 }, ...size },
      audio: { echoCancellation: true, noiseSuppression: true },
    })
  }

  function forgetMedia(): void {
    for (const track of preview.value?.getTracks() ?? []) track.stop()
    preview.value = undefined
  }

  async function limit(): Promise<void> {
    if (!session) return
    const p = session.video.getParameters()
    for (const e of p.encodings) e.maxBitrate = rates[rate.value]
    await session.video.setParameters(p).catch(() => undefined) // a browser without it sends what its own estimate allows
  }

  async function start(over = false): Promise<void> {
    if (busy.value) return
    failure.value = undefined
    state.value = 'asking'
    if (!navigator.mediaDevices) {
      state.value = 'refused' // browsers give no camera to a page without https
      return
    }
    try {
      preview.value = await camera()
    } catch (error) {
      state.value = 'refused'
      failure.value = error
      return
    }
    // Browsers give sound alone where the camera is forbidden.
    if (preview.value.getVideoTracks().length === 0) return halt('refused')
    for (const track of preview.value.getAudioTracks()) track.enabled = !muted.value
    tries = 0
    if (awake.isSupported.value) void awake.request('screen').catch(() => undefined)
    await connect(over)
  }

  async function connect(over: boolean): Promise<void> {
    hangUp()
    const media = preview.value
    if (!media) return
    if (state.value !== 'lost') state.value = 'starting'
    const mine = new AbortController()
    attempt = mine
    try {
      const relays = way()
      const opened = await openWhip(pass, media, { over, relays, heard: hear }, mine.signal)
      if (mine.signal.aborted) return opened.close()
      session = opened
      watch(opened, relays, mine.signal)
    } catch (error) {
      if (mine.signal.aborted) return
      judge(error)
    }
  }

  // hear plays what is spoken to the scene; a track that carries nothing is muted by the browser.
  function hear(sound: MediaStream): void {
    heard.value = sound
    for (const track of sound.getAudioTracks()) {
      track.onunmute = () => (spokenTo.value = true)
      track.onmute = () => (spokenTo.value = false)
    }
  }

  // judge tells a failure that time heals from one that a person has to.
  function judge(error: unknown): void {
    failure.value = error
    if (error instanceof NoCodec) return halt('nocodec')
    if (error instanceof ApiError && error.status === 409) return halt('taken')
    if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return halt('ended')
    if (error instanceof ApiError && [400, 415].includes(error.status)) return halt('failed')
    lose()
  }

  function lose(): void {
    state.value = 'lost'
    since.value = 0
    clearTimeout(again)
    // It was our own session that stood before, and the centre may not have noticed its end yet.
    again = setTimeout(() => void connect(true), backOff(tries++, Math.random()))
  }

  function watch(mine: Whip, used: RTCIceServer[], signal: AbortSignal): void {
    unfollow = keep(mine.peer, used, () => Promise.resolve(mine.relays), {
      up() {
        tries = 0
        failure.value = undefined
        state.value = 'ready'
        void follow(mine, signal)
      },
      lost: lose,
    })
    clearInterval(counting)
    counting = setInterval(() => void count(mine), countMs)
  }

  // follow sends while somebody wants it, and rests otherwise.
  let following = 0
  async function follow(mine: Whip, signal: AbortSignal): Promise<void> {
    const turn = ++following
    const over = () => signal.aborted || turn !== following
    let was = false
    while (!over()) {
      let is: boolean = was
      try {
        is = await wanted(was, signal)
        if (was && !is) {
          await pause(lingerMs)
          is = over() ? is : await wanted(false, AbortSignal.any([signal, AbortSignal.timeout(askAgainMs)])).catch(() => false)
        }
      } catch {
        await pause(askAgainMs) // the session says for itself when the link is broken
      }
      if (over()) return
      if (is === was && state.value === (is ? 'sending' : 'ready')) continue
      was = is
      await carry(mine, is)
      state.value = is ? 'sending' : 'ready'
      since.value = is ? Date.now() : 0
    }
  }

  async function carry(mine: Whip, on: boolean): Promise<void> {
    const media = preview.value
    await mine.video.replaceTrack(on ? (media?.getVideoTracks()[0] ?? null) : null)
    await mine.audio.replaceTrack(on ? (media?.getAudioTracks()[0] ?? null) : null)
    if (on) await limit()
  }

  const pause = (ms: number) => new Promise((go) => setTimeout(go, ms))

  async function count(mine: Whip): Promise<void> {
    if (mine.peer.connectionState === 'closed') return
    bytes.value = meter.session(bytesOf(await mine.peer.getStats()))
    localStorage.setItem(keptAs, String(bytes.value))
  }

  function hangUp(): void {
    clearTimeout(again)
    clearInterval(counting)
    attempt?.abort()
    unfollow?.()
    session?.close()
    session = undefined
    heard.value = undefined
    spokenTo.value = false
  }

  function halt(how: Sending): void {
    hangUp()
    forgetMedia()
    since.value = 0
    state.value = how
    void awake.release().catch(() => undefined)
  }

  function stop(): void {
    failure.value = undefined
    halt('idle')
  }

  // turn changes to the other camera; the picture goes on in the same session.
  async function turn(): Promise<void> {
    facing.value = facing.value === 'user' ? 'environment' : 'user'
    const old = preview.value
    if (!old || !session) return
    for (const track of old.getVideoTracks()) track.stop() // most phones open one camera at a time
    try {
      const fresh = await camera()
      for (const track of fresh.getAudioTracks()) track.enabled = !muted.value
      preview.value = fresh
      await carry(session, state.value === 'sending')
      for (const track of old.getTracks()) track.stop()
    } catch (error) {
      halt('refused')
      failure.value = error
    }
  }

  function mute(): void {
    muted.value = !muted.value
    for (const track of preview.value?.getAudioTracks() ?? []) track.enabled = !muted.value
  }

  async function spend(how: Rate): Promise<void> {
    rate.value = how
    await limit()
  }

  function back(): void {
    if (state.value === 'lost') void connect(true)
  }
  useEventListener('online', back)
  useEventListener('pagehide', hangUp)
  onScopeDispose(stop)

  return { state, failure, preview, heard, spokenTo, facing, rate, muted, since, bytes, busy, start, stop, turn, mute, spend }
}
