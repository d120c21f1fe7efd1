// What every layer needs: the map once its style stands, the palette, and how a layer comes and goes.
import type { GeoJSONSource, LayerSpecification, Map as GlMap, SourceSpecification } from 'maplibre-gl'
import { onScopeDispose, watch, type ShallowRef } from 'vue'
import { above, type Group } from './order'
import type { Palette } from './palette'

export interface MapContext {
  map: ShallowRef<GlMap | undefined>
  palette: ShallowRef<Palette>
}

type Data = Parameters<GeoJSONSource['setData']>[0]

export interface LayerPlan {
  group: Group
  sources: Record<string, SourceSpecification>
  // layers may read the palette and texts; they are made anew when those change.
  layers: () => LayerSpecification[]
  shown?: () => boolean
  data?: Record<string, () => Data>
}

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
      const before = above(plan.group, map.getLayersOrder())
      for (const layer of layers) map.addLayer(layer, before)
      ids = layers.map((l) => l.id)
    },
    { immediate: true },
  )
  for (const [id, data] of Object.entries(plan.data ?? {})) {
    watch([context.map, data], ([map, value]) => map?.getSource<GeoJSONSource>(id)?.setData(value), { immediate: true })
  }
  onScopeDispose(() => {
    try {
      leave()
    } catch {
      // The map itself is gone already, and its layers with it.
    }
  })
}

export const empty: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
