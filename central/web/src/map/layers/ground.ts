// Sea, land and rivers: the quiet ground everything else stands on.
import type { SourceSpecification } from 'maplibre-gl'
import { file, type Atlas, type Box } from '../basemap'
import { useLayer, type MapContext } from '../context'

function rectangle([west, south, east, north]: Box): GeoJSON.Feature {
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] } }
}

// rim is all the world but the sheet: rivers do not run on where there is no land.
function rim(box: Box): GeoJSON.Feature {
  const [hole] = (rectangle(box).geometry as GeoJSON.Polygon).coordinates
  const [world] = (rectangle([-180, -85, 180, 85]).geometry as GeoJSON.Polygon).coordinates
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [world ?? [], (hole ?? []).toReversed()] } }
}

function lines(url: string): SourceSpecification {
  return { type: 'geojson', data: url }
}

// The sheet ends where the data ends; beyond it the map shows nothing rather than sea.
export function useGround(context: MapContext, atlas: Atlas, shown: { rivers: () => boolean }): void {
  useLayer(context, {
    sources: { sheet: { type: 'geojson', data: rectangle(atlas.map.bounds) }, rim: { type: 'geojson', data: rim(atlas.map.bounds) }, land: { type: 'geojson', data: atlas.land, tolerance: 0.2 } },
    layers: () => {
      const p = context.palette.value
      return [
        { id: 'ground:sea', type: 'fill', source: 'sheet', paint: { 'fill-color': p.sea, 'fill-antialias': false } },
        { id: 'ground:land', type: 'fill', source: 'land', paint: { 'fill-color': p.land, 'fill-antialias': false } },
        { id: 'ground:coast', type: 'line', source: 'land', paint: { 'line-color': p.river, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.6, 13, 1.4] } },
        { id: 'rim:outside', type: 'fill', source: 'rim', paint: { 'fill-color': p.outside, 'fill-antialias': false } },
      ]
    },
  })
  useLayer(context, {
    sources: { rivers: lines(file(atlas.map.rivers)) },
    shown: shown.rivers,
    layers: () => [
      {
        id: 'ground:rivers',
        type: 'line',
        source: 'rivers',
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': context.palette.value.river, 'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.8, 12, 2.4, 15, 5] },
      },
    ],
  })
}
