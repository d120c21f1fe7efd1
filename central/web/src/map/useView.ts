// Where the map looks, and the ways to make it look elsewhere.
import type { LngLatBoundsLike, Map as GlMap } from 'maplibre-gl'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import type { Place } from '@/api/types'
import type { View } from './address'
import type { Box } from './basemap'
import type { MapContext } from './context'

export interface Padding {
  top: number
  right: number
  bottom: number
  left: number
}

export interface Looking {
  view: ShallowRef<View | undefined>
  fly: (place: Place, zoom?: number) => void
  fit: () => void
  zoomBy: (steps: number) => void
  // show looks there at once; project is where a place stands in the map's box.
  show: (view: View) => void
  project: (place: Place) => { x: number; y: number } | undefined
}

// boxOf is the smallest box around the places, never smaller than a few kilometres.
export function boxOf(places: readonly Place[]): Box | undefined {
  if (!places.length) return undefined
  const lons = places.map((p) => p.lon)
  const lats = places.map((p) => p.lat)
  const least = 0.03
  const box: Box = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
  return [box[0] - least, box[1] - least, box[2] + least, box[3] + least]
}

export function useView(context: MapContext, all: () => Place[], home: () => Box | undefined, padding: () => Padding): Looking {
  const view = shallowRef<View>()

  function read(): void {
    const map = context.map.value
    if (!map) return
    const { lng, lat } = map.getCenter()
    view.value = { lon: lng, lat, zoom: map.getZoom() }
  }
  function fly(place: Place, zoom = 13): void {
    const map = context.map.value
    map?.flyTo({ center: [place.lon, place.lat], zoom: Math.max(map.getZoom(), zoom), duration: 900, padding: padding() })
  }
  function fit(): void {
    const box = boxOf(all()) ?? home()
    const p = padding()
    // The room is for signs, values and names, which stand above and right of their places.
    if (box) context.map.value?.fitBounds(box as LngLatBoundsLike, { padding: { top: p.top + 64, right: p.right + 120, bottom: p.bottom + 50, left: p.left + 50 }, maxZoom: 13, duration: 700 })
  }
  function zoomBy(steps: number): void {
    const map = context.map.value
    map?.easeTo({ zoom: map.getZoom() + steps, duration: 200 })
  }

  function show(view: View): void {
    context.map.value?.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom })
  }
  const project = (place: Place) => context.map.value?.project([place.lon, place.lat])

  watch(context.map, (map: GlMap | undefined, old) => {
    old?.off('move', read)
    map?.on('move', read)
    read()
  }, { immediate: true })
  onScopeDispose(() => context.map.value?.off('move', read))
  return { view, fly, fit, zoomBy, show, project }
}
