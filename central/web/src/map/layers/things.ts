// A sign for each thing that stands alone, a bubble with a number where several share a spot. What they
// measure and are called is written beside them by the callouts.
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import { empty, useLayer, type MapContext } from '../context'
import { numberFont } from '../palette'
import type { Many, Spot, Spots } from '../spots'

function feature(place: { lon: number; lat: number }, properties: Record<string, unknown>): GeoJSON.Feature {
  return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: [place.lon, place.lat] } }
}

function collection(features: GeoJSON.Feature[]): GeoJSON.FeatureCollection {
  return { type: 'FeatureCollection', features }
}

// alone: what moves has its own layer, which turns its sign.
function alone(spot: Spot): boolean {
  return spot.things.length === 1 && spot.things[0]?.kind !== 'mobile'
}

function signs({ spots }: Spots): GeoJSON.FeatureCollection {
  return collection(spots.filter(alone).map((s) => feature(s.place, { ids: s.key, shape: s.things[0]?.shape, tone: s.things[0]?.tone })))
}

function bubbles({ spots, crowds }: Spots, coming: readonly Many[]): GeoJSON.FeatureCollection {
  const shared = spots.filter((s) => s.things.length > 1).map((s) => feature(s.place, { ids: s.things.map((t) => t.id).join(), count: s.things.length + s.more }))
  return collection([...crowds.map((c) => feature(c.place, { ids: c.ids.join(), count: c.ids.length, crowd: true })), ...coming.map((m) => feature(m.place, { ids: '', count: m.count, crowd: true })), ...shared])
}

const radius: ExpressionSpecification = ['interpolate', ['linear'], ['get', 'count'], 6, 12, 100, 18, 5000, 28]

// coming are things that the centre has counted and not yet told one by one.
export function useThings(context: MapContext, spots: () => Spots, coming: () => readonly Many[]): void {
  useLayer(context, {
    sources: { bubbles: { type: 'geojson', data: empty }, things: { type: 'geojson', data: empty } },
    data: { bubbles: () => bubbles(spots(), coming()), things: () => signs(spots()) },
    layers: (): LayerSpecification[] => {
      const p = context.palette.value
      return [
        { id: 'bubbles:things', type: 'circle', source: 'bubbles', paint: { 'circle-color': p.panel, 'circle-radius': radius, 'circle-stroke-width': 1.8, 'circle-stroke-color': p.text } },
        {
          id: 'bubbles:count',
          type: 'symbol',
          source: 'bubbles',
          layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': numberFont, 'text-size': 12, 'text-allow-overlap': true },
          paint: { 'text-color': p.text },
        },
        {
          id: 'signs:things',
          type: 'symbol',
          source: 'things',
          layout: { 'icon-image': ['concat', 'sign-', ['get', 'shape'], '-', ['get', 'tone']], 'icon-allow-overlap': true, 'icon-padding': 0 },
        },
      ]
    },
  })
}
