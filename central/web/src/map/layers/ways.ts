// Where crews, phones and terminals of an incident went: a line for each, with the time at its bends and its name at the end.
import { empty, useLayer, type MapContext } from '../context'
import { textFont } from '../palette'

export interface Way {
  id: string
  kind: 'phone' | 'terminal' | 'crew'
  name: string
  spots: readonly { at: string; lon: number; lat: number }[]
}

// most words on one way: the rest of its times would cover each other.
const words = 6

// marksOf are the spots of a way that carry a word: some of its times, and at the end its name as well.
export function marksOf(way: Way, clock: (at: string) => string): { lon: number; lat: number; word: string; last: boolean }[] {
  const n = way.spots.length
  const every = Math.max(1, Math.ceil((n - 1) / words))
  return way.spots.flatMap((s, i) => {
    const last = i === n - 1
    if (!last && (i % every || n - 1 - i < every / 2)) return []
    return [{ lon: s.lon, lat: s.lat, word: last ? `${way.name} ${clock(s.at)}` : clock(s.at), last }]
  })
}

export function useWays(context: MapContext, ways: () => readonly Way[], clock: (at: string) => string): void {
  useLayer(context, {
    sources: { ways: { type: 'geojson', data: empty }, 'way-marks': { type: 'geojson', data: empty } },
    shown: () => ways().length > 0,
    data: {
      ways: () => ({
        type: 'FeatureCollection',
        features: ways().filter((w) => w.spots.length > 1).map((w) => ({ type: 'Feature' as const, properties: { kind: w.kind }, geometry: { type: 'LineString' as const, coordinates: w.spots.map((s) => [s.lon, s.lat]) } })),
      }),
      'way-marks': () => ({
        type: 'FeatureCollection',
        features: ways().flatMap((w) => marksOf(w, clock)).map((m) => ({ type: 'Feature' as const, properties: { word: m.word, last: m.last }, geometry: { type: 'Point' as const, coordinates: [m.lon, m.lat] } })),
      }),
    },
    layers: () => {
      const p = context.palette.value
      return [
        { id: 'tracks:ways-rim', type: 'line', source: 'ways', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-width': 6, 'line-color': p.land, 'line-opacity': 0.8 } },
        { id: 'tracks:ways', type: 'line', source: 'ways', layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-width': 3, 'line-color': ['match', ['get', 'kind'], 'crew', p.accent, 'phone', p.text, p.muted] } },
        { id: 'tracks:ways-spot', type: 'circle', source: 'way-marks', paint: { 'circle-radius': ['case', ['get', 'last'], 5, 3], 'circle-color': p.panel, 'circle-stroke-color': p.text, 'circle-stroke-width': 1.5 } },
        {
          id: 'tracks:ways-word', type: 'symbol', source: 'way-marks',
          layout: { 'text-field': ['get', 'word'], 'text-font': textFont, 'text-size': 12, 'text-anchor': 'top', 'text-offset': [0, 0.5], 'text-padding': 4, 'symbol-sort-key': ['case', ['get', 'last'], 0, 1] },
          paint: { 'text-color': p.text, 'text-halo-color': p.land, 'text-halo-width': 1.6 },
        },
      ]
    },
  })
}
