// What every layer needs: the map once its style stands, the palette, and how a layer comes and goes.
import type { GeoJSONSource, LayerSpecification, Map as GlMap, SourceSpecification } from 'maplibre-gl'
import { onScopeDispose, watch, type ShallowRef } from 'vue'
import type { Place } from '@/api/types'
import type { Size } from './layout'
import { above } from './order'
import type { Palette } from './palette'

export interface MapContext {
  map: ShallowRef<GlMap | undefined>
  palette: ShallowRef<Palette>
  // devices are the signs that stand, forces what those who help take up: each makes room for the other.
  devices: ShallowRef<readonly Standing[]>
  forces: ShallowRef<readonly Taken[]>
}

// Standing is a sign at its place, r pixels around.
export interface Standing {
  key: string
  place: Place
  r: number
}

// Taken is a box whose upper left corner is so many pixels from a place.
export interface Taken extends Size {
  place: Place
  dx: number
  dy: number
}

type Data = Parameters<GeoJSONSource['setData']>[0]

export interface LayerPlan {
  sources: Record<string, SourceSpecification>
  // layers may read the palette and texts; they are made anew when those change. The group in a layer's id
  // says what it lies over.
  layers: () => LayerSpecification[]
  shown?: () => boolean
  // data of sources that begin empty.
  data?: Record<string, () => Data>
}

const lookMs = 80
const patienceMs = 20_000
const restShare = 2
const longestRestMs = 4000
const fewPoints = 2000

// useLayer adds the sources and layers of a plan, keeps their data, and removes them in the end.
export function useLayer(context: MapContext, plan: LayerPlan): void {
  let here: GlMap | undefined
  let ids: string[] = []

  function drop(): void {
    for (const id of ids) if (here?.getLayer(id)) here.removeLayer(id)
    ids = []
  }
  function leave(): void {
    drop()
    for (const id of Object.keys(plan.sources)) if (here?.getSource(id)) here.removeSource(id)
    here = undefined
  }

  watch(
    () => ({ map: context.map.value, layers: (plan.shown?.() ?? true) ? plan.layers() : [] }),
    ({ map, layers }) => {
      if (map !== here) leave()
      if (!map) return
      if (!here) for (const [id, source] of Object.entries(plan.sources)) map.addSource(id, source)
      here = map
      drop()
      for (const layer of layers) map.addLayer(layer, above(layer.id, map.getLayersOrder()))
      ids = layers.map((l) => l.id)
    },
    { immediate: true },
  )
  const feeds = Object.entries(plan.data ?? {}).map(([id, data]) => {
    const feed = new Feed(id)
    watch([context.map, data], ([map, value]) => feed.offer(map, value), { immediate: true })
    return feed
  })
  onScopeDispose(() => {
    for (const feed of feeds) feed.end()
    try {
      leave()
    } catch {
      // The map itself is gone already, and its layers with it.
    }
  })
}

// Feed gives a source its newest data, but never before the last was drawn, and when there are many points
// after a rest: tens of thousands of them must not keep the map from ever finishing.
class Feed {
  private waiting: Data | undefined
  private map: GlMap | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private givenAt = 0
  private busy = false
  private many = false
  private given = false

  constructor(private readonly id: string) {}

  offer(map: GlMap | undefined, data: Data): void {
    if (map !== this.map) this.end()
    this.map = map
    this.waiting = data
    if (!this.busy) this.give()
  }

  end(): void {
    clearTimeout(this.timer)
    this.busy = false
    this.waiting = undefined
    this.map = undefined
    this.given = false
  }

  private give(): void {
    const source = this.map?.getSource<GeoJSONSource>(this.id)
    if (!source || !this.waiting) return
    // The source began empty; to say so again would cut and draw every tile of it anew.
    if (!this.given && isEmpty(this.waiting)) {
      this.waiting = undefined
      return
    }
    this.given = true
    this.busy = true
    this.many = typeof this.waiting === 'object' && 'features' in this.waiting && this.waiting.features.length > fewPoints
    this.givenAt = performance.now()
    source.setData(this.waiting)
    this.waiting = undefined
    this.timer = setTimeout(() => this.look(), lookMs)
  }

  private look(): void {
    if (!this.map?.getSource(this.id)) {
      this.busy = false
      return
    }
    const took = performance.now() - this.givenAt
    if (!this.map.isSourceLoaded(this.id) && took < patienceMs) {
      this.timer = setTimeout(() => this.look(), lookMs)
      return
    }
    this.timer = setTimeout(() => {
      this.busy = false
      this.give()
    }, this.many ? Math.min(took * restShare, longestRestMs) : 0)
  }
}

function isEmpty(data: Data): boolean {
  return typeof data === 'object' && 'features' in data && data.features.length === 0
}

export const empty: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
