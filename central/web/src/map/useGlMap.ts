// The map itself: made when its box and base map are there, taken down with its component.
import { useMutationObserver, useTimeoutFn } from '@vueuse/core'
import { Map as GlMap, prewarm, setWorkerUrl, type LngLatBoundsLike, type MapOptions } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import type { Box } from './basemap'
import { addImages } from './images'
import type { Palette } from './palette'
import 'maplibre-gl/dist/maplibre-gl.css'

setWorkerUrl(workerUrl)
// Its worker starts while the page is still being put together.
prewarm()

// With no base map to be had, the view starts here.
const somewhere: Box = [120.15, 31.55, 122.0, 32.78]

export interface GlOptions {
  palette: ShallowRef<Palette>
  bounds: () => Box | undefined
  home: () => Box | undefined
  start: () => Pick<MapOptions, 'center' | 'zoom'> | undefined
  padding: () => number
  // beyond is how many degrees past the sheet one may look.
  beyond: number
  title: string
}

export interface Gl {
  map: ShallowRef<GlMap | undefined>
  // unable is why this browser draws no map; empty when it does.
  unable: ShallowRef<string>
  begin: () => void
}

export function wider([west, south, east, north]: Box, by: number): LngLatBoundsLike {
  return [west - by, south - by, east + by, north + by]
}

export function useGlMap(box: Readonly<ShallowRef<HTMLElement | null>>, options: GlOptions): Gl {
  const map = shallowRef<GlMap>()
  const unable = shallowRef('')
  let made: GlMap | undefined

  function begin(): void {
    if (made || !box.value) return
    try {
      made = create(box.value)
    } catch (failure) {
      unable.value = failure instanceof Error ? failure.message : String(failure)
      return
    }
    const mine = made
    mine.touchZoomRotate.disableRotation()
    mine.keyboard.disableRotation()
    mine.once('style.load', () => {
      const bounds = options.bounds()
      if (bounds) mine.setMaxBounds(wider(bounds, options.beyond))
      addImages(mine, options.palette.value)
      map.value = mine
    })
  }

  function create(container: HTMLElement): GlMap {
    const bounds = options.bounds()
    const start = options.start()
    const view: Partial<MapOptions> = start ?? { bounds: options.home() ?? somewhere, fitBoundsOptions: { padding: options.padding() } }
    return new GlMap({
      container,
      // No glyphs and no sprite: letters and signs are drawn from this computer's fonts and the palette.
      style: { version: 8, sources: {}, layers: [{ id: 'outside', type: 'background', paint: { 'background-color': options.palette.value.outside } }] },
      ...view,
      // The first look stays on the sheet; afterwards one may look past it.
      ...(bounds ? { maxBounds: bounds } : {}),
      minZoom: 6,
      maxZoom: 17,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      // Values change every second; a label that fades would never be quite there.
      fadeDuration: 0,
      locale: { 'Map.Title': options.title },
    })
  }

  // The wall enlarges the whole page; the map draws finer so that it stays sharp.
  const { start: sharpen } = useTimeoutFn(() => {
    const enlarged = Number(getComputedStyle(document.documentElement).zoom) || 1
    map.value?.setPixelRatio(devicePixelRatio * enlarged)
  }, 50)
  useMutationObserver(document.documentElement, sharpen, { attributes: true, attributeFilter: ['data-wall'] })
  watch(map, (ready) => ready && document.documentElement.hasAttribute('data-wall') && sharpen())
  watch(options.palette, (p) => {
    if (!map.value) return
    map.value.setPaintProperty('outside', 'background-color', p.outside)
    addImages(map.value, p)
  })
  onScopeDispose(() => {
    map.value = undefined
    made?.remove()
  })
  return { map, unable, begin }
}
