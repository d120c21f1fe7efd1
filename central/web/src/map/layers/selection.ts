// The ring around what is selected, or the cross where somebody picks a place.
import { useLayer, type MapContext } from '../context'
import type { Place } from '@/api/types'

export function useSelection(context: MapContext, place: () => Place | undefined): void {
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
        paint: { 'circle-radius': 21, 'circle-opacity': 0, 'circle-stroke-color': context.palette.value.focus, 'circle-stroke-width': 2.5 },
      },
    ],
  })
}
