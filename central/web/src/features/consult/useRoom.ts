// Being in a room: the own camera and microphone, the connection, what the centre tells, and coming back by itself.
import { useEventListener } from '@vueuse/core'
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import type { Door } from './door'
import { RoomPeer } from './peer'
import { after, trouble, type Phase } from './stage'
import type { Scene, Whole } from './types'
import { backOff } from '@/api/livestate'
import { keep, way } from '@/webrtc/way'

export function useRoom(door: Door) {
  const phase = ref<Phase>('looking')
  const failure = shallowRef<unknown>()
  // stale is since when, in milliseconds, the room has told nothing new although it was asked; 0: it answers.
  const stale = ref(0)
  const whole = shallowRef<Whole>()
  const scene = shallowRef<Scene>()
  const media = shallowRef<MediaStream>()
  const peer = shallowRef<RoomPeer>()
  const wantsCamera = ref(true)
  const camera = ref(false)
  const quiet = ref(false)
  const hand = ref(false)
  const listens = ref(false)
  const consent = ref(false)
  const cameraTrouble = ref<'' | 'refused' | 'none' | 'taken' | 'insecure'>('')
  const soundTrouble = ref<'' | 'refused' | 'none' | 'taken' | 'insecure'>('')
  let attempt: AbortController | undefined
  let tries = 0
  let unfollow: (() => void) | undefined
  let again: ReturnType<typeof setTimeout> | undefined

  const me = computed(() => scene.value?.people?.find((p) => p.id === scene.value?.you))

  async function look(): Promise<void> {
    try {
      whole.value = await door.look()
      failure.value = undefined
      phase.value = whole.value.state === 'ended' ? 'ended' : 'door'
    } catch (error) {
      failure.value = error
      phase.value = after(error) === 'lost' ? 'failed' : after(error)
    }
  }

  // own opens microphone and camera, each for itself: who has no camera still speaks.
  async function own(): Promise<void> {
    drop()
    cameraTrouble.value = soundTrouble.value = ''
    const devices = navigator.mediaDevices as MediaDevices | undefined
    const tracks: MediaStreamTrack[] = []
    if (!devices) {
      cameraTrouble.value = soundTrouble.value = 'insecure'
    } else {
      try {
        tracks.push(...(await devices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } })).getTracks())
      } catch (error) {
        soundTrouble.value = trouble(error)
      }
      if (wantsCamera.value) {
        try {
          tracks.push(...(await devices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15, max: 20 } } })).getTracks())
        } catch (error) {
          cameraTrouble.value = trouble(error)
        }
      }
    }
    media.value = tracks.length ? new MediaStream(tracks) : undefined
    camera.value = Boolean(media.value?.getVideoTracks().length)
    silence()
  }
  function silence(): void {
    for (const track of media.value?.getAudioTracks() ?? []) track.enabled = !quiet.value
  }
  function drop(): void {
    for (const track of media.value?.getTracks() ?? []) track.stop()
    media.value = undefined
  }

  async function enter(how: { listen: boolean; over?: boolean }): Promise<void> {
    listens.value = how.listen
    phase.value = 'entering'
    tries = 0
    if (how.listen) drop()
    else if (!media.value) await own()
    await connect(how.over ?? false)
  }

  async function connect(over: boolean): Promise<void> {
    hang()
    const mine = new AbortController()
    attempt = mine
    // Who was told in the room that it is recorded, and stayed, comes back to it without being asked again.
    const agreed = consent.value || Boolean(scene.value?.room.recording)
    try {
      const servers = way()
      const opened = await RoomPeer.open(door, media.value, { listen: listens.value, camera: camera.value, over, consent: agreed }, servers, mine.signal)
      if (mine.signal.aborted) return opened.room.close()
      peer.value = opened.room
      scene.value = opened.scene
      stale.value = 0
      unfollow = keep(opened.room.peer, servers, door.relays, { up: standing, lost: lose })
      await sign()
      void follow(mine.signal)
    } catch (error) {
      if (!mine.signal.aborted) judge(error)
    }
  }

  function judge(error: unknown): void {
    failure.value = error
    const next = after(error)
    if (next === 'lost') return lose()
    hang()
    // What a person must decide is decided at the door.
    phase.value = next === 'failed' && (phase.value === 'entering' || phase.value === 'lost') ? 'door' : next
    if (phase.value !== 'door') return drop()
    scene.value = undefined
    void door.look().then((w) => (whole.value = w)).catch(() => undefined)
  }

  function lose(): void {
    hang()
    phase.value = 'lost'
    clearTimeout(again)
    again = setTimeout(() => void connect(false), backOff(tries++, Math.random()))
  }

  function standing(): void {
    tries = 0
    failure.value = undefined
    phase.value = 'in'
  }

  // follow asks for what is new as long as the page is in the room.
  async function follow(signal: AbortSignal): Promise<void> {
    for (let failed = 0; !signal.aborted; ) {
      try {
        const next = await door.news(scene.value?.version ?? 0, signal)
        if (signal.aborted) return
        scene.value = next
        stale.value = 0
        failed = 0
        await new Promise((done) => setTimeout(done, 100))
      } catch (error) {
        if (signal.aborted) return
        stale.value ||= Date.now()
        if (after(error) !== 'lost' || (failed += 1) > 3) return judge(error)
        await new Promise((done) => setTimeout(done, backOff(failed, Math.random())))
      }
    }
  }

  async function sign(): Promise<void> {
    await door.sign({ camera: camera.value, quiet: quiet.value, hand: hand.value }).catch(() => undefined)
  }
  async function setQuiet(on: boolean): Promise<void> {
    quiet.value = on
    silence()
    await sign()
  }
  async function setHand(on: boolean): Promise<void> {
    hand.value = on
    await sign()
  }
  async function setCamera(on: boolean): Promise<void> {
    wantsCamera.value = on
    await own()
    await peer.value?.send(media.value)
    await sign()
  }

  function hang(): void {
    clearTimeout(again)
    attempt?.abort()
    unfollow?.()
    peer.value?.close()
    peer.value = undefined
  }
  async function leave(): Promise<void> {
    hang()
    drop()
    door.leave()
    scene.value = undefined
    await look()
  }

  useEventListener('online', () => (phase.value === 'lost' || stale.value > 0) && void connect(false))
  // A page that is loaded again, or that the browser threw away, finds its place for a while; one that is closed gives
  // it back by the silence of its connection.
  useEventListener('pagehide', hang)
  onScopeDispose(() => {
    hang()
    drop()
  })

  return { phase, failure, whole, scene, me, media, peer, stale, wantsCamera, camera, quiet, hand, listens, consent, cameraTrouble, soundTrouble, look, own, enter, leave, setQuiet, setHand, setCamera }
}
