// What is under the pointer, and what a click on the map means.
import type { GeoJSONSource, MapGeoJSONFeature, MapMouseEvent, Map as GlMap, PointLike } from 'maplibre-gl'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import type { Place } from '@/api/types'
import type { MapContext } from './context'

const touchable = /^(signs|values|alarmed|names|bubbles):[a-z]+$/
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

  async function open(map: GlMap, bubble: MapGeoJSONFeature): Promise<void> {
    const source = map.getSource<GeoJSONSource>(bubble.source)
    if (!source || bubble.geometry.type !== 'Point') return
    const zoom = await source.getClusterExpansionZoom(Number(bubble.properties.cluster_id))
    map.easeTo({ center: bubble.geometry.coordinates as [number, number], zoom: Math.min(zoom + 0.3, 17) })
  }

  function click(e: MapMouseEvent): void {
    if (options.picking()) {
      options.pick({ lon: e.lngLat.lng, lat: e.lngLat.lat })
      return
    }
    const hits = under(e.target, e)
    const bubble = hits.find((h) => h.properties.cluster_id !== undefined)
    const things = hits.filter((h) => typeof h.properties.id === 'string').map((h) => String(h.properties.id))
    if (things.length) options.select(nextOf(things, options.selected()))
    else if (bubble) void open(e.target, bubble)
    else options.select('')
  }

  function move(e: MapMouseEvent): void {
    at.value = { lon: e.lngLat.lng, lat: e.lngLat.lat }
    if (options.picking()) return
    const hit = under(e.target, e)[0]
    e.target.getCanvas().style.cursor = hit ? 'pointer' : ''
    hover.value = hit && typeof hit.properties.id === 'string' ? { id: hit.properties.id, x: e.point.x, y: e.point.y } : undefined
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
