// Which things stand on the map and what they say, from the live state alone. Pure: the words for
// times come from outside.
import type { Feature, FeatureCollection, Point } from 'geojson'
import type { LiveState } from '@/api/livestate'
import { workOn } from '@/api/maintenance'
import type { Alarm, Device, Latest, Level, Place, Series, StreamState } from '@/api/types'
import { valueText } from '@/i18n/values'

export type ThingKind = 'sensor' | 'terminal' | 'camera' | 'mobile'
export type Shape = 'level' | 'gas' | 'mobile' | 'camera' | 'terminal' | 'point'
export type Tone = 'fresh' | 'stale' | 'never'

export interface Thing {
  id: string
  kind: ThingKind
  shape: Shape
  name: string
  tone: Tone
  // value with its unit; empty when there is none.
  value: string
  // since is the time of the last value of a stale thing.
  since: string
  // level of the worst alarm, 0 without.
  level: Level | 0
  stream: StreamState | ''
  // work: somebody works on it, and its alarms are silent.
  work: boolean
  // below: a desk below here handles its gravest alarm first.
  below: boolean
}

export type Things = FeatureCollection<Point, Thing>

// A value older than this is told as old, whatever else the device does.
export const staleMs = 5 * 60_000

export interface Reading {
  series: Series
  latest: Latest
}

export function kindOf(device: Device): ThingKind {
  if (device.kind === 'edge') return 'terminal'
  if (device.kind === 'camera') return 'camera'
  return device.class === 'position' ? 'mobile' : 'sensor'
}

const shapes: Record<string, Shape> = { water_level: 'level', gas: 'gas' }

function shapeOf(device: Device): Shape {
  const kind = kindOf(device)
  return kind === 'sensor' ? (shapes[device.class ?? ''] ?? 'point') : kind
}

// ByDevice holds what belongs to each device, so that one pass over the state serves all.
export interface ByDevice {
  latest: Map<string, Latest[]>
  alarms: Map<string, Alarm[]>
}

export function byDevice(state: Pick<LiveState, 'latest' | 'alarms'>): ByDevice {
  const found: ByDevice = { latest: new Map(), alarms: new Map() }
  for (const latest of state.latest.values()) put(found.latest, latest.device, latest)
  for (const alarm of state.alarms.values()) put(found.alarms, alarm.device, alarm)
  return found
}

function put<T>(into: Map<string, T[]>, key: string, item: T): void {
  const list = into.get(key)
  if (list) list.push(item)
  else into.set(key, [item])
}

// worst is the alarm that counts: the highest level, of those the newest.
export function worst(alarms: readonly Alarm[]): Alarm | undefined {
  return [...alarms].sort((a, b) => a.level - b.level || b.opened_at.localeCompare(a.opened_at))[0]
}

// readings of a device in the order of its series; coordinates are no value to read.
export function readings(device: Device, latest: readonly Latest[]): Reading[] {
  const shown = latest.filter((l) => l.property !== 'lon' && l.property !== 'lat')
  const order = new Map((device.series ?? []).map((s, i) => [s.property, { s, i }]))
  return shown
    .map((l) => ({ series: order.get(l.property)?.s ?? unnamed(l.property), latest: l, i: order.get(l.property)?.i ?? 99 }))
    .sort((a, b) => a.i - b.i || a.latest.property.localeCompare(b.latest.property))
    .map(({ series, latest: l }) => ({ series, latest: l }))
}

function unnamed(property: string): Series {
  return { property, name: property, name_en: property, unit: '', digits: -1 }
}

export function isStale(device: Device, latest: Latest | undefined, now: number): boolean {
  if (device.state !== 'online') return true
  return latest !== undefined && (latest.quality > 1 || now - Date.parse(latest.at) > staleMs)
}

// placeOf is where the device is: a moving one where it last said, any other where it was entered.
export function placeOf(device: Device, latest: readonly Latest[]): Place | undefined {
  const lon = latest.find((l) => l.property === 'lon')
  const lat = latest.find((l) => l.property === 'lat')
  if (lon && lat && Number.isFinite(lon.value) && Number.isFinite(lat.value)) return { lon: lon.value, lat: lat.value }
  return device.place
}

export interface Words {
  now: number
  clock: (at: Date) => string
  // called is the name of a device in the reader's language.
  called: (device: Device) => string
  // below reports whether a desk below here handles an alarm first.
  below: (alarm: Alarm) => boolean
}

export function thingOf(device: Device, state: LiveState, mine: ByDevice, words: Words): Thing {
  const latest = mine.latest.get(device.id) ?? []
  const alarm = worst(mine.alarms.get(device.id) ?? [])
  const all = readings(device, latest)
  const shown = all.find((r) => r.latest.property === alarm?.property) ?? all[0]
  const newest = shown?.latest ?? latest[0]
  const stale = isStale(device, newest, words.now)
  const at = newest?.at ?? device.last_seen
  return {
    id: device.id,
    kind: kindOf(device),
    shape: shapeOf(device),
    name: words.called(device),
    tone: device.state === 'never' ? 'never' : stale ? 'stale' : 'fresh',
    value: shown ? valueText(shown.latest.value, shown.series.unit, shown.series.digits < 0 ? undefined : shown.series.digits) : '',
    since: stale && at && device.state !== 'never' ? words.clock(new Date(at)) : '',
    level: alarm?.level ?? 0,
    stream: state.streams.get(device.id)?.state ?? '',
    work: state.windows.size > 0 && workOn(state.windows.values(), device, words.now) !== undefined,
    below: alarm !== undefined && words.below(alarm),
  }
}

export interface Scene {
  kinds: Record<ThingKind, Things>
  // placed is where each device stands.
  placed: Map<string, Place>
  // homeless counts the devices nobody has given a place.
  homeless: number
}

export function sceneOf(state: LiveState, words: Words): Scene {
  const mine = byDevice(state)
  const kinds: Scene['kinds'] = { sensor: none(), terminal: none(), camera: none(), mobile: none() }
  const placed = new Map<string, Place>()
  let homeless = 0
  for (const device of state.devices.values()) {
    if (device.state === 'revoked') continue
    const place = placeOf(device, mine.latest.get(device.id) ?? [])
    if (!place) {
      homeless += 1
      continue
    }
    placed.set(device.id, place)
    const thing = thingOf(device, state, mine, words)
    kinds[thing.kind].features.push(pointOf(thing, place))
  }
  return { kinds, placed, homeless }
}

function none(): Things {
  return { type: 'FeatureCollection', features: [] }
}

function pointOf(thing: Thing, place: Place): Feature<Point, Thing> {
  return { type: 'Feature', properties: thing, geometry: { type: 'Point', coordinates: [place.lon, place.lat] } }
}

// settled keeps the old collections where nothing in them has changed, so that they are not drawn again.
export function settled(old: Scene | undefined, next: Scene): Scene {
  if (!old) return next
  const kinds = { ...next.kinds }
  for (const kind of Object.keys(kinds) as ThingKind[]) if (sameThings(old.kinds[kind], kinds[kind])) kinds[kind] = old.kinds[kind]
  return { ...next, kinds }
}

function sameThings(a: Things, b: Things): boolean {
  return a.features.length === b.features.length && a.features.every((f, i) => sameFeature(f, b.features[i] as Feature<Point, Thing>))
}

function sameFeature(a: Feature<Point, Thing>, b: Feature<Point, Thing>): boolean {
  const [x, y] = a.geometry.coordinates
  if (x !== b.geometry.coordinates[0] || y !== b.geometry.coordinates[1]) return false
  return (Object.keys(a.properties) as (keyof Thing)[]).every((k) => a.properties[k] === b.properties[k])
}
