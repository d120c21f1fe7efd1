// Town names: the seat of the city first, then the counties', then the towns as one comes closer.
import type { Atlas } from '../basemap'
import { useLayer, type MapContext } from '../context'
import { textFont } from '../palette'

export function useTowns(context: MapContext, atlas: Atlas, shown: () => boolean, english: () => boolean): void {
  useLayer(context, {
    sources: { towns: { type: 'geojson', data: atlas.towns } },
    shown,
    layers: () => {
      const p = context.palette.value
      return [
        {
          id: 'places:name',
          type: 'symbol',
          source: 'towns',
          filter: ['step', ['zoom'], ['==', ['get', 'class'], 'PPLA2'], 8.6, ['!=', ['get', 'class'], 'PPLA4'], 9.6, true],
          layout: {
            'text-field': ['get', english() ? 'name_en' : 'name'],
            'text-font': textFont,
            'text-size': ['match', ['get', 'class'], 'PPLA2', 15, 'PPLA3', 13, 12],
            'text-anchor': 'left',
            'text-offset': [0.6, 0],
            'text-padding': 10,
            'symbol-sort-key': ['match', ['get', 'class'], 'PPLA2', 0, 'PPLA3', 1, 2],
            'icon-image': 'dot',
            'icon-optional': false,
          },
          paint: { 'text-color': p.muted, 'text-halo-color': p.land, 'text-halo-width': 1.4, 'text-opacity': 0.95 },
        },
      ]
    },
  })
}
