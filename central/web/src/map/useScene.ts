// The things on the map, made from the live view: at once while there are few, with pauses when there
// are tens of thousands.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { useLive } from '@/api/live'
import { latestKey } from '@/api/livestate'
import { useSay } from '@/i18n/say'
import { clock } from '@/i18n/time'
import { useBelow } from '@/ui/below'
import { fixFrom, pointsTo } from './fix'
import { sceneOf, settled, type Scene } from './things'
import { extend, type Step } from './track'

// A rebuild may take this share of the time, as far as the bounds of the pause allow.
const share = 0.15
const soonest = 200
// longest keeps a large county from standing still: its build may take a second by itself.
const longest = 1000
const staleCheckMs = 10_000

export interface LiveScene {
  scene: ShallowRef<Scene>
  // tracks of what moves, newest step last.
  tracks: ShallowRef<ReadonlyMap<string, Step[]>>
  // ways are where it points, in degrees from north, of what tells it; the others go by their track.
  ways: ShallowRef<ReadonlyMap<string, number>>
  // seed puts the past of a track before what has been seen since.
  seed: (device: string, past: Step[]) => void
}

export function useScene(): LiveScene {
  const live = useLive()
  const say = useSay()
  const below = useBelow()
  const words = () => ({ now: live.now(), clock: (at: Date) => clock(at, false), called: say.called, below })
  const scene = shallowRef(sceneOf(live, words()))
  const tracks = shallowRef<ReadonlyMap<string, Step[]>>(new Map())
  const ways = shallowRef<ReadonlyMap<string, number>>(new Map())
  let pause: ReturnType<typeof setTimeout> | undefined
  let rest = soonest

  // While a large snapshot comes in parts, the crowd stands for them: to build anew with each would hold up both.
  const partial = () => live.crowd.value !== undefined

  function build(): void {
    pause = undefined
    const started = performance.now()
    scene.value = settled(scene.value, sceneOf(live, words()))
    follow()
    rest = Math.min(longest, Math.max(soonest, (performance.now() - started) / share))
  }

  // follow adds a step to the track of everything that has moved on.
  function follow(): void {
    const next = new Map(tracks.value)
    const points = new Map<string, number>()
    for (const { properties } of scene.value.kinds.mobile.features) {
      const latest = live.latest.get(latestKey(properties.id, 'lon'))
      const place = scene.value.placed.get(properties.id)
      if (!latest || !place) continue
      const fix = fixFrom(properties.id, (d, p) => live.latest.get(latestKey(d, p)))
      const way = fix && pointsTo(fix)
      if (way !== undefined) points.set(properties.id, way)
      const steps = next.get(properties.id) ?? []
      const at = Date.parse(latest.at)
      if (at > (steps.at(-1)?.at ?? 0)) next.set(properties.id, extend(steps, { at, ...place }))
    }
    tracks.value = next
    ways.value = points
  }

  function seed(device: string, past: Step[]): void {
    const since = tracks.value.get(device) ?? []
    const first = since[0]?.at ?? Infinity
    tracks.value = new Map(tracks.value).set(device, [...past.filter((s) => s.at < first), ...since])
  }

  watch(
    // size tells Vue that anything in the map may change; the object makes every change count.
    () => ({ n: live.devices.size + live.latest.size + live.alarms.size + live.streams.size }),
    () => {
      if (!partial()) pause ??= setTimeout(build, scene.value.placed.size ? rest : 0)
    },
  )
  watch([live.crowd, live.ready], () => {
    clearTimeout(pause)
    pause = setTimeout(build, 0)
  })
  follow()
  const timer = setInterval(() => {
    if (!partial()) pause ??= setTimeout(build, 0)
  }, staleCheckMs)
  onScopeDispose(() => {
    clearTimeout(pause)
    clearInterval(timer)
  })
  return { scene, tracks, ways, seed }
}
