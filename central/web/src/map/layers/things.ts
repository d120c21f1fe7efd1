// Sensors, cameras and terminals: a sign at the place, the value or name beside it, many as one bubble.
import type { DataDrivenPropertyValueSpecification, ExpressionSpecification, FilterSpecification, LayerSpecification, SymbolLayerSpecification } from 'maplibre-gl'
import { computed } from 'vue'
import { empty, useLayer, type MapContext } from '../context'
import { boldFont, numberFont, textFont, type Palette } from '../palette'
import type { Things } from '../things'

export interface ThingWords {
  since: string
  noValue: string
}

const single: FilterSpecification = ['!', ['has', 'point_count']]
const bundled: FilterSpecification = ['has', 'point_count']
const image: ExpressionSpecification = ['concat', 'sign-', ['get', 'shape'], '-', ['get', 'tone']]
const isOld: ExpressionSpecification = ['!=', ['get', 'tone'], 'fresh']
// Alarms are placed first, then what is fresh.
const first: ExpressionSpecification = ['case', ['>', ['get', 'level'], 0], ['get', 'level'], isOld, 8, 6]

// Hundreds of points close together become one bubble; a handful stays as it is, with its values.
const bundle = { cluster: true, clusterRadius: 44, clusterMinPoints: 6, clusterMaxZoom: 14, clusterProperties: { level: ['min', ['case', ['>', ['get', 'level'], 0], ['get', 'level'], 9]] } }

function bubbles(source: string, p: Palette): LayerSpecification[] {
  return [
    {
      id: `bubbles:${source}`,
      type: 'circle',
      source,
      filter: bundled,
      paint: {
        'circle-color': p.panel,
        'circle-radius': ['interpolate', ['linear'], ['get', 'point_count'], 6, 13, 100, 18, 5000, 28],
        'circle-stroke-width': ['case', ['<', ['get', 'level'], 9], 3, 1.5],
        'circle-stroke-color': ['match', ['get', 'level'], 1, p.levels[0], 2, p.levels[1], 3, p.levels[2], 4, p.levels[3], source === 'cameras' ? p.accent : p.muted],
      },
    },
    {
      id: `bubbles:${source}-count`,
      type: 'symbol',
      source,
      filter: bundled,
      layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-font': numberFont, 'text-size': 12, 'text-allow-overlap': true },
      paint: { 'text-color': p.text },
    },
  ]
}

function valueField(words: ThingWords, p: Palette): DataDrivenPropertyValueSpecification<string> {
  const value: ExpressionSpecification = ['case', ['==', ['get', 'value'], ''], words.noValue, ['get', 'value']]
  const colour: ExpressionSpecification = ['case', isOld, p.muted, p.text]
  const since: ExpressionSpecification = ['case', ['==', ['get', 'since'], ''], '', ['concat', '  ', words.since, ' ', ['get', 'since']]]
  const number: Record<string, unknown> = { 'text-font': ['literal', numberFont], 'text-color': colour }
  const small: Record<string, unknown> = { 'font-scale': 0.82, 'text-color': p.muted }
  return ['step', ['zoom'], ['format', value, number, since, small], 10.2, ['format', value, number, since, small, '\n', {}, ['get', 'name'], small]] as unknown as ExpressionSpecification
}

// The word of an alarm's level stands left of its ring, so its value goes anywhere but there.
const right = ['left', [1.75, 0], 'top-left', [1.3, 1], 'bottom-left', [1.3, -1], 'top', [0, 1.7], 'bottom', [0, -1.7], 'top', [0, 3.8], 'bottom', [0, -3.8]]
const besides: SymbolLayerSpecification['layout'] = {
  'text-variable-anchor-offset': ['case', ['>', ['get', 'level'], 0], ['literal', right], ['literal', [...right, 'right', [-1.75, 0]]]] as unknown as ExpressionSpecification,
  'text-justify': 'auto',
}

// What is in alarm stands apart: no bubble may swallow it, whatever is around it.
function part(things: Things, alarmed: boolean): Things {
  return { type: 'FeatureCollection', features: things.features.filter((f) => f.properties.level > 0 === alarmed) }
}

function values(group: 'values' | 'alarmed', source: string, words: ThingWords, p: Palette): LayerSpecification[] {
  return [
    {
      id: `${group}:${source}`,
      type: 'symbol',
      source,
      filter: single,
      layout: {
        ...besides,
        'text-field': valueField(words, p),
        'text-font': textFont,
        'text-size': 14,
        'text-line-height': 1.25,
        'text-max-width': 18,
        'icon-image': ['concat', 'chip-', ['case', ['>', ['get', 'level'], 0], ['to-string', ['get', 'level']], ['get', 'tone']]],
        'icon-text-fit': 'both',
        'icon-text-fit-padding': [1, 3, 1, 3],
        // A value in alarm is shown even where there is no room for it.
        'text-allow-overlap': group === 'alarmed',
        'icon-allow-overlap': group === 'alarmed',
        'symbol-sort-key': first,
      },
    },
    sign(source, first),
  ]
}

export function useSensors(context: MapContext, things: () => Things, shown: () => boolean, words: () => ThingWords): void {
  const calm = computed(() => part(things(), false))
  const alarmed = computed(() => part(things(), true))
  useLayer(context, {
    sources: { sensors: { type: 'geojson', data: empty, ...bundle } },
    shown,
    data: { sensors: () => calm.value },
    layers: () => [...bubbles('sensors', context.palette.value), ...values('values', 'sensors', words(), context.palette.value)],
  })
  useLayer(context, {
    sources: { alarmed: { type: 'geojson', data: empty } },
    data: { alarmed: () => alarmed.value },
    layers: () => values('alarmed', 'alarmed', words(), context.palette.value),
  })
}

function sign(source: string, key: ExpressionSpecification, anchor: 'center' | 'bottom' | 'top' = 'center'): LayerSpecification {
  return {
    id: `signs:${source}`,
    type: 'symbol',
    source,
    filter: single,
    layout: { 'icon-image': image, 'icon-anchor': anchor, 'icon-allow-overlap': true, 'icon-padding': 0, 'symbol-sort-key': ['-', 0, key] },
  }
}

function names(source: string, p: Palette, where: SymbolLayerSpecification['layout']): LayerSpecification {
  return {
    id: `names:${source}`,
    type: 'symbol',
    source,
    minzoom: 11,
    filter: single,
    layout: { 'text-field': ['get', 'name'], 'text-font': boldFont, 'text-size': 12, 'text-max-width': 18, 'symbol-sort-key': first, ...where },
    paint: { 'text-color': ['case', isOld, p.muted, p.text], 'text-halo-color': p.land, 'text-halo-width': 1.6 },
  }
}

// A camera's sign stands on a stalk over its place, a terminal's hangs under it: where a sensor is at the
// same place, all three show.
export function useCameras(context: MapContext, things: () => Things, shown: () => boolean): void {
  useLayer(context, {
    sources: { cameras: { type: 'geojson', data: empty, ...bundle } },
    shown,
    data: { cameras: things },
    layers: () => {
      const p = context.palette.value
      return [...bubbles('cameras', p), names('cameras', p, { 'text-anchor': 'bottom', 'text-offset': [0, -4] }), sign('cameras', first, 'bottom')]
    },
  })
}

export function useTerminals(context: MapContext, things: () => Things, shown: () => boolean): void {
  useLayer(context, {
    sources: { terminals: { type: 'geojson', data: empty, ...bundle } },
    shown,
    data: { terminals: things },
    layers: () => {
      const p = context.palette.value
      return [...bubbles('terminals', p), names('terminals', p, { 'text-anchor': 'top', 'text-offset': [0, 4] }), sign('terminals', first, 'top')]
    },
  })
}
