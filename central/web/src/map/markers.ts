// Alarms are no drawing but real buttons on the map: they pulse without redrawing it, the keyboard and
// a screen reader reach them, and no bubble swallows them.
import { Marker } from 'maplibre-gl'
import { onScopeDispose, watch } from 'vue'
import type { Alarm, Place } from '@/api/types'
import type { MapContext } from './context'
import { worst } from './things'
import './markers.css'

// More rings than this would hide the map; the list has them all.
const most = 300

export interface AlarmMark {
  device: string
  place: Place
  level: number
  // rings: the condition holds, nobody has acknowledged it, and it was learned of in time.
  rings: boolean
  // over: the condition has ended.
  over: boolean
  name: string
  more: number
}

// alarmMarks is one mark for each device with active alarms, worst first.
export function alarmMarks(alarms: Iterable<Alarm>, placed: ReadonlyMap<string, Place>): AlarmMark[] {
  const mine = new Map<string, Alarm[]>()
  for (const alarm of alarms) {
    if (alarm.state === 'cleared') continue
    mine.set(alarm.device, [...(mine.get(alarm.device) ?? []), alarm])
  }
  const marks: AlarmMark[] = []
  for (const [device, list] of mine) {
    const place = placed.get(device)
    const alarm = worst(list)
    if (!place || !alarm) continue
    marks.push({
      device,
      place,
      level: alarm.level,
      rings: list.some((a) => a.state === 'open' && !a.retrospective),
      over: list.every((a) => a.state === 'returned'),
      name: alarm.device_name || device,
      more: list.length - 1,
    })
  }
  return marks.sort((a, b) => a.level - b.level || Number(b.rings) - Number(a.rings)).slice(0, most)
}

export interface MarkWords {
  // word is the one character or letter of the level.
  word: (level: number) => string
  // sentence is read out and shown when the pointer rests.
  sentence: (mark: AlarmMark) => string
}

interface Shown {
  marker: Marker
  button: HTMLButtonElement
}

export function useAlarmMarkers(context: MapContext, marks: () => AlarmMark[], words: () => MarkWords, pick: (device: string) => void): void {
  const shown = new Map<string, Shown>()

  function add(mark: AlarmMark): Shown {
    const button = document.createElement('button')
    button.type = 'button'
    button.dataset.testid = 'map-alarm'
    button.dataset.device = mark.device
    button.append(document.createElement('i'), document.createElement('b'))
    button.addEventListener('click', (e) => {
      e.stopPropagation()
      pick(mark.device)
    })
    return { button, marker: new Marker({ element: button, anchor: 'center' }).setLngLat([mark.place.lon, mark.place.lat]) }
  }

  function dress({ button, marker }: Shown, mark: AlarmMark, w: MarkWords): void {
    // MapLibre keeps its own classes on the element.
    button.classList.add('alarm-mark')
    button.classList.toggle('rings', mark.rings)
    button.classList.toggle('over', mark.over)
    button.dataset.level = String(mark.level)
    const label = button.lastElementChild
    if (label) label.textContent = w.word(mark.level)
    button.title = w.sentence(mark)
    button.setAttribute('aria-label', w.sentence(mark))
    marker.setLngLat([mark.place.lon, mark.place.lat])
  }

  function clear(): void {
    for (const { marker } of shown.values()) marker.remove()
    shown.clear()
  }

  watch(
    () => ({ map: context.map.value, list: marks(), w: words() }),
    ({ map, list, w }, old) => {
      if (map !== old?.map) clear()
      if (!map) return
      const keep = new Set(list.map((m) => m.device))
      for (const [id, { marker }] of shown) {
        if (keep.has(id)) continue
        marker.remove()
        shown.delete(id)
      }
      for (const mark of list) {
        const known = shown.get(mark.device)
        const item = known ?? add(mark)
        dress(item, mark, w)
        if (known) continue
        item.marker.addTo(map)
        shown.set(mark.device, item)
      }
    },
    { immediate: true },
  )
  onScopeDispose(clear)
}
