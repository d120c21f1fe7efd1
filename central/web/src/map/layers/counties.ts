// County borders as dashes and county names; while the borders are schematic, each name says so.
import type { ExpressionSpecification } from 'maplibre-gl'
import { bordersOf, middle, type Atlas } from '../basemap'
import { useLayer, type MapContext } from '../context'
import { textFont } from '../palette'

export interface CountyWords {
  english: boolean
  schematic: string
}

export function useCounties(context: MapContext, atlas: Atlas, shown: () => boolean, words: () => CountyWords): void {
  const names: GeoJSON.FeatureCollection = {
    type: 'FeatureCollection',
    features: atlas.counties.features.map((c) => ({
      type: 'Feature',
      properties: { name: c.properties.name, name_en: c.properties.name_en },
      geometry: { type: 'Point', coordinates: middle(c.geometry) },
    })),
  }
  const borders: GeoJSON.Feature = { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: bordersOf(atlas.counties, atlas.land) } }

  useLayer(context, {
    sources: { borders: { type: 'geojson', data: borders }, 'county-names': { type: 'geojson', data: names } },
    shown,
    layers: () => {
      const p = context.palette.value
      const { english, schematic } = words()
      const name: ExpressionSpecification = ['get', english ? 'name_en' : 'name']
      return [
        {
          id: 'counties:border',
          type: 'line',
          source: 'borders',
          layout: { 'line-join': 'round' },
          paint: { 'line-color': p.faint, 'line-width': 1, 'line-dasharray': [4, 3] },
        },
        {
          id: 'counties:name',
          type: 'symbol',
          source: 'county-names',
          maxzoom: 12,
          layout: {
            'text-field': atlas.map.counties_schematic ? ['format', name, {}, `\n${schematic}`, { 'font-scale': 0.68 }] : name,
            'text-font': textFont,
            'text-size': ['interpolate', ['linear'], ['zoom'], 7, 12, 9, 15, 11, 19],
            'text-letter-spacing': english ? 0.02 : 0.12,
            'text-line-height': 1.15,
            'text-padding': 4,
          },
          paint: { 'text-color': p.muted, 'text-halo-color': p.land, 'text-halo-width': 1.2, 'text-opacity': ['interpolate', ['linear'], ['zoom'], 10.5, 1, 12, 0] },
        },
      ]
    },
  })
}
