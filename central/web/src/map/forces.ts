// Those who help, and what they bring: teams, warehouses, crews on their way, and the place of an incident. They are
// real buttons like alarms, so that keyboard and screen reader reach them; what is not near the middle of the map is a
// dot until somebody looks there. Where they would cover each other or a device they stand aside, with a line to their
// place, and the words of sensors make room for theirs.
import { Marker, type Map as GlMap } from 'maplibre-gl'
import { onScopeDispose, watch } from 'vue'
import { useLayer, type MapContext, type Taken } from './context'
import { layout, type Box, type Item, type Sign } from './layout'
import { spread, type Aside } from './spread'
import type { Padding } from './useView'
import type { Place } from '@/api/types'
import './forces.css'

export type ForceKind = 'scene' | 'crew' | 'team' | 'house'

export interface Force {
  id: string
  kind: ForceKind
  place: Place
  name: string
  // state is what it is doing, in the words of the reader; empty: it only stands there.
  state: string
  // busy: it is on its way, there, resting or out of service.
  busy: boolean
}

// More buttons than this hide the map.
export const most = 120
const source = 'forces'

// buttonsOf are those that become buttons: what an incident is about first, then the nearest to the middle.
export function buttonsOf(list: readonly Force[], inside: (p: Place) => boolean, middle: Place): Force[] {
  const rank = { scene: 0, crew: 1, team: 2, house: 2 }
  const far = (f: Force) => Math.hypot(f.place.lon - middle.lon, f.place.lat - middle.lat)
  return list.filter((f) => inside(f.place)).sort((a, b) => rank[a.kind] - rank[b.kind] || far(a) - far(b)).slice(0, most)
}

interface Shown {
  marker: Marker
  button: HTMLButtonElement
}

export interface ForceOptions {
  list: () => readonly Force[]
  selected: () => string
  covered: () => Padding
  pick: (id: string) => void
}

export function useForces(context: MapContext, { list, selected, covered, pick }: ForceOptions): void {
  const shown = new Map<string, Shown>()
  let next = 0

  useLayer(context, {
    sources: { [source]: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } },
    data: {
      [source]: () => ({
        type: 'FeatureCollection',
        features: list().map((f) => ({ type: 'Feature' as const, properties: {}, geometry: { type: 'Point' as const, coordinates: [f.place.lon, f.place.lat] } })),
      }),
    },
    layers: () => [{ id: 'signs:forces', type: 'circle', source, paint: { 'circle-radius': 3, 'circle-color': context.palette.value.accent, 'circle-stroke-color': context.palette.value.panel, 'circle-stroke-width': 1 } }],
  })

  function make(map: GlMap, force: Force): Shown {
    const button = document.createElement('button')
    button.type = 'button'
    button.dataset.testid = 'map-force'
    button.append(document.createElement('em'), document.createElement('i'), document.createElement('span'))
    button.addEventListener('click', (e) => {
      e.stopPropagation()
      pick(button.dataset.id ?? '')
    })
    return { button, marker: new Marker({ element: button, anchor: 'center' }).setLngLat([force.place.lon, force.place.lat]).addTo(map) }
  }
  function dress({ button, marker }: Shown, force: Force): void {
    const said = force.state ? `${force.name} · ${force.state}` : force.name
    button.classList.add('force')
    button.dataset.id = force.id
    button.dataset.kind = force.kind
    button.toggleAttribute('data-busy', force.busy)
    button.setAttribute('aria-pressed', String(force.id === selected()))
    button.setAttribute('aria-label', said)
    button.title = said
    const name = button.lastElementChild
    if (name) name.textContent = force.kind === 'crew' ? said : force.name
    marker.setLngLat([force.place.lon, force.place.lat])
  }
  function arrange(): void {
    next = 0
    const map = context.map.value
    if (!map) return
    const bounds = map.getBounds()
    const { lng, lat } = map.getCenter()
    const wanted = buttonsOf(list(), (p) => bounds.contains([p.lon, p.lat]), { lon: lng, lat })
    const keep = new Set(wanted.map((f) => f.id))
    for (const [id, { marker }] of shown) {
      if (keep.has(id)) continue
      marker.remove()
      shown.delete(id)
    }
    for (const force of wanted) {
      const item = shown.get(force.id) ?? make(map, force)
      shown.set(force.id, item)
      dress(item, force)
    }
    settle(map, wanted)
  }
  // settle moves signs aside, then puts each name where it covers nothing. A crew and the place itself are named always.
  function settle(map: GlMap, wanted: readonly Force[]): void {
    const pixel = (p: Place) => {
      const { x, y } = map.project([p.lon, p.lat])
      return { x, y }
    }
    const devices = context.devices.value.map((d): Sign => ({ key: d.key, ...pixel(d.place), r: d.r }))
    const own = wanted.map((f): Sign => ({ key: f.id, ...pixel(f.place), r: radius }))
    const aside = spread(own, devices)
    const moved = own.map((s): Sign => ({ ...s, x: s.x + at(aside, s.key).dx, y: s.y + at(aside, s.key).dy }))
    const always = (f: Force) => f.kind === 'crew' || f.kind === 'scene' || f.id === selected()
    const named = wanted.filter((f) => always(f) || map.getZoom() >= namesZoom)
    for (const f of wanted) shown.get(f.id)?.button.toggleAttribute('data-named', named.includes(f))
    const { clientWidth, clientHeight } = map.getContainer()
    const pad = covered()
    const field: Box = { x: pad.left, y: pad.top, w: clientWidth - pad.left - pad.right, h: clientHeight - pad.top - pad.bottom }
    const items = named.map((f): Item => {
      const span = shown.get(f.id)?.button.lastElementChild as HTMLElement | undefined
      return { ...(moved[wanted.indexOf(f)] as Sign), must: false, forms: [{ w: span?.offsetWidth ?? 0, h: span?.offsetHeight ?? 0 }] }
    })
    const words = layout(items, [...moved, ...devices], field, moved.map((s) => ({ x: s.x - s.r, y: s.y - s.r, w: 2 * s.r, h: 2 * s.r })))
    const taken: Taken[] = []
    for (const f of wanted) {
      const { dx, dy } = at(aside, f.id)
      const item = items.find((i) => i.key === f.id)
      const where = words.get(f.id) ?? (item && always(f) ? { dx: radius, dy: -(item.forms[0]?.h ?? 0) / 2 } : undefined)
      taken.push({ place: f.place, dx: dx - radius, dy: dy - radius, w: 2 * radius, h: 2 * radius })
      if (item?.forms[0] && where) taken.push({ place: f.place, dx: dx + where.dx, dy: dy + where.dy, ...item.forms[0] })
      put(shown.get(f.id), { dx, dy }, where)
    }
    context.forces.value = taken
  }
  function put(item: Shown | undefined, { dx, dy }: Aside, words: Aside | undefined): void {
    if (!item) return
    const [line, , name] = item.button.children as unknown as [HTMLElement, HTMLElement, HTMLElement]
    item.marker.setOffset([dx, dy])
    line.style.cssText = dx || dy ? `width:${Math.hypot(dx, dy)}px;transform:rotate(${Math.atan2(-dy, -dx)}rad)` : 'display:none'
    if (!words) item.button.removeAttribute('data-named')
    // Who points at one without room for its name reads it beside its sign.
    name.style.cssText = words ? `left:${half + words.dx}px;top:${half + words.dy}px` : ''
  }
  function soon(): void {
    next ||= requestAnimationFrame(arrange)
  }
  function clear(): void {
    for (const { marker } of shown.values()) marker.remove()
    shown.clear()
    context.forces.value = []
  }
  watch(context.map, (map, old) => {
    old?.off('moveend', soon).off('resize', soon)
    if (map !== old) clear()
    map?.on('moveend', soon)
    map?.on('resize', soon)
    soon()
  }, { immediate: true })
  watch([list, selected, covered, context.devices], soon)
  onScopeDispose(() => {
    cancelAnimationFrame(next)
    context.map.value?.off('moveend', soon).off('resize', soon)
    clear()
  })
}

const namesZoom = 11
const radius = 11
const half = 12 // of a button

const at = (aside: ReadonlyMap<string, Aside>, key: string): Aside => aside.get(key) ?? { dx: 0, dy: 0 }
