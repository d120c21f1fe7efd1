// Alarms are no drawing but real buttons on the map: they pulse without redrawing it, the keyboard and
// a screen reader reach them, and no bubble swallows them.
import { Marker } from 'maplibre-gl'
import { onScopeDispose, watch } from 'vue'
import type { Alarm, Place } from '@/api/types'
import type { MapContext } from './context'
import type { Spot } from './spots'
import { worst } from './things'
import './markers.css'

// More rings than this would hide the map; the list has them all.
const most = 300

export interface AlarmMark {
  // spot is the key of the spot the ring lies around, device whose alarm is the worst there.
  spot: string
  device: string
  place: Place
  level: number
  // rings: the condition holds, nobody has acknowledged it, and it was learned of in time.
  rings: boolean
  // over: the condition has ended.
  over: boolean
  // gone: nobody judges it any more.
  gone: boolean
  name: string
}

// alarmMarks is one mark for each spot with active alarms, worst first.
export function alarmMarks(alarms: Iterable<Alarm>, spots: readonly Spot[]): AlarmMark[] {
  const mine = new Map<string, Alarm[]>()
  for (const alarm of alarms) {
    if (alarm.state === 'cleared') continue
    mine.set(alarm.device, [...(mine.get(alarm.device) ?? []), alarm])
  }
  const marks: AlarmMark[] = []
  for (const spot of spots) {
    const list = spot.things.flatMap((t) => mine.get(t.id) ?? [])
    const alarm = worst(list)
    if (!alarm) continue
    marks.push({
      spot: spot.key,
      device: alarm.device,
      place: spot.place,
      level: alarm.level,
      rings: list.some((a) => a.state === 'open' && !a.retrospective),
      over: list.every((a) => a.state === 'returned' && !a.rule_gone),
      gone: list.every((a) => a.rule_gone),
      name: spot.things.find((t) => t.id === alarm.device)?.name ?? alarm.device_name,
    })
  }
  return marks.sort((a, b) => a.level - b.level || Number(b.rings) - Number(a.rings)).slice(0, most)
}

interface Shown {
  marker: Marker
  button: HTMLButtonElement
}

export function useAlarmMarkers(context: MapContext, marks: () => AlarmMark[], sentence: () => (mark: AlarmMark) => string, pick: (device: string) => void): void {
  const shown = new Map<string, Shown>()

  function add(mark: AlarmMark): Shown {
    const button = document.createElement('button')
    button.type = 'button'
    button.dataset.testid = 'map-alarm'
    button.append(document.createElement('i'))
    button.addEventListener('click', (e) => {
      e.stopPropagation()
      pick(button.dataset.device ?? '')
    })
    return { button, marker: new Marker({ element: button, anchor: 'center' }).setLngLat([mark.place.lon, mark.place.lat]) }
  }

  function dress({ button, marker }: Shown, mark: AlarmMark, text: string): void {
    // MapLibre keeps its own classes on the element.
    button.classList.add('alarm-mark')
    button.classList.toggle('rings', mark.rings)
    button.classList.toggle('over', mark.over)
    button.dataset.level = String(mark.level)
    button.dataset.device = mark.device
    button.title = text
    button.setAttribute('aria-label', text)
    marker.setLngLat([mark.place.lon, mark.place.lat])
  }

  function clear(): void {
    for (const { marker } of shown.values()) marker.remove()
    shown.clear()
  }

  watch(
    () => ({ map: context.map.value, list: marks(), say: sentence() }),
    ({ map, list, say }, old) => {
      if (map !== old?.map) clear()
      if (!map) return
      const keep = new Set(list.map((m) => m.spot))
      for (const [id, { marker }] of shown) {
        if (keep.has(id)) continue
        marker.remove()
        shown.delete(id)
      }
      for (const mark of list) {
        const known = shown.get(mark.spot)
        const item = known ?? add(mark)
        dress(item, mark, say(mark))
        if (known) continue
        item.marker.addTo(map)
        shown.set(mark.spot, item)
      }
    },
    { immediate: true },
  )
  onScopeDispose(clear)
}
