// The ring around what is selected, or the cross where somebody picks a place.
import { useLayer, type MapContext } from '../context'
import type { Place } from '@/api/types'

// lift is how many pixels the sign hangs below its place, negative above it.
export function useSelection(context: MapContext, place: () => Place | undefined, lift: () => number): void {
  useLayer(context, {
    sources: { selection: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } } },
    data: {
      selection: () => {
        const at = place()
        return { type: 'FeatureCollection', features: at ? [{ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [at.lon, at.lat] } }] : [] }
      },
    },
    layers: () => [
      {
        id: 'selection:ring',
        type: 'circle',
        source: 'selection',
        paint: { 'circle-radius': lift() ? 17 : 21, 'circle-translate': [0, lift()], 'circle-opacity': 0, 'circle-stroke-color': context.palette.value.focus, 'circle-stroke-width': 2.5 },
      },
    ],
  })
}
