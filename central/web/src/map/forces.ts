// Those who help, and what they bring: teams, warehouses, crews on their way, and the place of an incident. They are
// real buttons like alarms, so that keyboard and screen reader reach them; what is not near the middle of the map is a
// dot until somebody looks there.
import { Marker, type Map as GlMap } from 'maplibre-gl'
import { onScopeDispose, watch } from 'vue'
import { useLayer, type MapContext } from './context'
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

export function useForces(context: MapContext, list: () => readonly Force[], selected: () => string, pick: (id: string) => void): void {
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
    button.append(document.createElement('i'), document.createElement('span'))
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
      // A name stands beside its sign where it can be read without covering others.
      item.button.toggleAttribute('data-named', force.kind === 'crew' || force.id === selected() || map.getZoom() >= namesZoom)
    }
  }
  function soon(): void {
    next ||= requestAnimationFrame(arrange)
  }
  function clear(): void {
    for (const { marker } of shown.values()) marker.remove()
    shown.clear()
  }
  watch(context.map, (map, old) => {
    old?.off('moveend', soon)
    if (map !== old) clear()
    map?.on('moveend', soon)
    soon()
  }, { immediate: true })
  watch([list, selected], soon)
  onScopeDispose(() => {
    cancelAnimationFrame(next)
    context.map.value?.off('moveend', soon)
    clear()
  })
}

const namesZoom = 11
