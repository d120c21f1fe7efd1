// What is under the pointer, and what a click on the map means.
import type { MapGeoJSONFeature, MapMouseEvent, Map as GlMap, PointLike } from 'maplibre-gl'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import type { Place } from '@/api/types'
import type { MapContext } from './context'

const touchable = /^(signs|bubbles):[a-z]+$/
// Closer than this a bubble does not come apart any more.
const deepest = 16
const reach = 5

export interface Hover {
  id: string
  x: number
  y: number
}

export interface Pointing {
  hover: ShallowRef<Hover | undefined>
  // at is where the pointer is on the earth.
  at: ShallowRef<Place | undefined>
}

export interface PointingOptions {
  picking: () => boolean
  selected: () => string
  select: (id: string) => void
  pick: (place: Place) => void
}

// nextOf cycles through things that lie on each other: each click takes the next.
export function nextOf(ids: readonly string[], selected: string): string {
  const unique = [...new Set(ids)]
  return unique[(unique.indexOf(selected) + 1) % unique.length] ?? ''
}

export function usePointing(context: MapContext, options: PointingOptions): Pointing {
  const hover = shallowRef<Hover>()
  const at = shallowRef<Place>()

  function under(map: GlMap, e: MapMouseEvent): MapGeoJSONFeature[] {
    const layers = map.getLayersOrder().filter((id) => touchable.test(id))
    const around: [PointLike, PointLike] = [[e.point.x - reach, e.point.y - reach], [e.point.x + reach, e.point.y + reach]]
    return layers.length ? map.queryRenderedFeatures(around, { layers }) : []
  }

  function idsOf(hits: readonly MapGeoJSONFeature[]): string[] {
    return hits.flatMap((h) => String(h.properties.ids ?? '').split(',')).filter(Boolean)
  }

  function click(e: MapMouseEvent): void {
    if (options.picking()) {
      options.pick({ lon: e.lngLat.lng, lat: e.lngLat.lat })
      return
    }
    const hits = under(e.target, e)
    const crowd = hits.find((h) => h.properties.crowd === true)
    if (crowd && e.target.getZoom() < deepest) e.target.easeTo({ center: e.lngLat, zoom: Math.min(e.target.getZoom() + 2, deepest) })
    else if (hits.length) options.select(nextOf(idsOf(hits), options.selected()))
    else options.select('')
  }

  function move(e: MapMouseEvent): void {
    at.value = { lon: e.lngLat.lng, lat: e.lngLat.lat }
    if (options.picking()) return
    const ids = idsOf(under(e.target, e))
    e.target.getCanvas().style.cursor = ids.length ? 'pointer' : ''
    hover.value = ids.length === 1 ? { id: ids[0] as string, x: e.point.x, y: e.point.y } : undefined
  }

  function out(): void {
    hover.value = undefined
    at.value = undefined
  }

  watch(context.map, (map, old) => {
    detach(old)
    map?.on('click', click)
    map?.on('mousemove', move)
    map?.on('mouseout', out)
    map?.on('movestart', out)
    if (map && options.picking()) map.getCanvas().style.cursor = 'crosshair'
  }, { immediate: true })
  function detach(map: GlMap | undefined): void {
    map?.off('click', click).off('mousemove', move).off('mouseout', out).off('movestart', out)
  }
  onScopeDispose(() => detach(context.map.value))
  return { hover, at }
}
