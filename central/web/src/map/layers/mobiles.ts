// What moves: an arrow that points where it goes, and the way it came.
import { empty, useLayer, type MapContext } from '../context'
import type { Things } from '../things'
import { heading, lineOf, type Step } from '../track'

function lines(tracks: ReadonlyMap<string, Step[]>): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: [...tracks]
      .filter(([, steps]) => steps.length > 1)
      .map(([id, steps]) => ({ type: 'Feature', properties: { id }, geometry: { type: 'LineString', coordinates: lineOf(steps) } })),
  }
}

function turned(things: Things, tracks: ReadonlyMap<string, Step[]>, ways: ReadonlyMap<string, number>): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: things.features.map((f) => ({ ...f, properties: { ids: f.properties.id, tone: f.properties.tone, heading: ways.get(f.properties.id) ?? heading(tracks.get(f.properties.id) ?? []) ?? 0 } })),
  }
}

export function useMobiles(context: MapContext, things: () => Things, tracks: () => ReadonlyMap<string, Step[]>, ways: () => ReadonlyMap<string, number>, shown: () => boolean): void {
  useLayer(context, {
    sources: { tracks: { type: 'geojson', data: empty, lineMetrics: true } },
    shown,
    data: { tracks: () => lines(tracks()) },
    layers: () => {
      const p = context.palette.value
      return [
        {
          id: 'tracks:line',
          type: 'line',
          source: 'tracks',
          layout: { 'line-cap': 'round', 'line-join': 'round' },
          paint: { 'line-width': 2.5, 'line-gradient': ['interpolate', ['linear'], ['line-progress'], 0, `${p.text}11`, 1, `${p.text}cc`] },
        },
      ]
    },
  })
  useLayer(context, {
    sources: { mobiles: { type: 'geojson', data: empty } },
    shown,
    data: { mobiles: () => turned(things(), tracks(), ways()) },
    layers: () => [
      {
        id: 'signs:mobiles',
        type: 'symbol',
        source: 'mobiles',
        layout: { 'icon-image': ['concat', 'sign-mobile-', ['get', 'tone']], 'icon-rotate': ['get', 'heading'], 'icon-rotation-alignment': 'map', 'icon-allow-overlap': true },
      },
    ],
  })
}
