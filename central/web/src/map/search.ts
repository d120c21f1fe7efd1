// Finding a place, a township, a coordinate or a device by what somebody typed.
import type { Device, Place } from '@/api/types'
import { middle, type Atlas } from './basemap'
import { kindOf, type ThingKind } from './things'

export interface Hit {
  key: string
  what: 'device' | 'town' | 'township' | 'county' | 'coordinate'
  kind?: ThingKind
  name: string
  name_en: string
  // within names the county a place is in.
  within: string
  within_en: string
  place: Place
  // rough: the place itself is not known, the middle of its county is shown.
  rough: boolean
  device?: string
}

const most = 12

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[\s'’]/g, '')
}

// rank: 0 the same, 1 begins with, 2 contains, -1 no.
function rank(query: string, names: readonly string[]): number {
  let best = -1
  for (const name of names) {
    const at = plain(name).indexOf(query)
    if (at < 0) continue
    const found = plain(name) === query ? 0 : at === 0 ? 1 : 2
    if (best < 0 || found < best) best = found
  }
  return best
}

// coordinateIn reads "32.53 120.94" in either order, as long as only one order is possible on the map.
export function coordinateIn(text: string): Place | undefined {
  const numbers = text.match(/-?\d+(\.\d+)?/g)?.map(Number)
  if (numbers?.length !== 2 || /[a-z\u4e00-\u9fff]/i.test(text.replaceAll(/[NEne°]/g, ''))) return undefined
  const [a = NaN, b = NaN] = numbers
  if (Math.abs(a) <= 85 && Math.abs(b) > 85 && Math.abs(b) <= 180) return { lat: a, lon: b }
  if (Math.abs(b) <= 85 && Math.abs(a) > 85 && Math.abs(a) <= 180) return { lat: b, lon: a }
  return undefined
}

// gazetteer lists every place of the base map that can be found.
export function gazetteer(atlas: Atlas): Hit[] {
  const county = new Map(atlas.divisions.counties.map((c) => [c.code, c]))
  const centre = new Map(atlas.counties.features.map((f) => [f.properties.code, middle(f.geometry)]))
  const hits: Hit[] = []
  const placed = new Set<string>()
  for (const c of atlas.counties.features) {
    const [lon, lat] = middle(c.geometry)
    hits.push({ key: `county ${c.properties.code}`, what: 'county', name: c.properties.name, name_en: c.properties.name_en, within: '', within_en: '', place: { lon, lat }, rough: true })
  }
  for (const t of atlas.towns.features) {
    const [lon = 0, lat = 0] = t.geometry.coordinates
    const within = county.get(t.properties.county_code ?? t.properties.county_code_inferred ?? '')
    if (t.properties.township_code) placed.add(t.properties.township_code)
    hits.push({ key: `town ${hits.length}`, what: 'town', name: t.properties.name, name_en: t.properties.name_en, within: within?.name ?? '', within_en: within?.name_en ?? '', place: { lon, lat }, rough: false })
  }
  for (const t of atlas.divisions.townships) {
    const at = centre.get(t.county)
    if (placed.has(t.code) || !at) continue
    const within = county.get(t.county)
    hits.push({ key: `township ${t.code}`, what: 'township', name: t.name, name_en: t.name, within: within?.name ?? '', within_en: within?.name_en ?? '', place: { lon: at[0], lat: at[1] }, rough: true })
  }
  return hits
}

// deviceHits are the devices that stand on the map.
export function deviceHits(devices: Iterable<Device>, placed: ReadonlyMap<string, Place>): Hit[] {
  const hits: Hit[] = []
  for (const d of devices) {
    const place = placed.get(d.id)
    if (place) hits.push({ key: `device ${d.id}`, what: 'device', kind: kindOf(d), name: d.name, name_en: d.name_en || d.name, within: d.id, within_en: d.id, place, rough: false, device: d.id })
  }
  return hits
}

// find ranks hits: exact before beginning before containing, and devices first among equals.
export function find(text: string, hits: readonly Hit[]): Hit[] {
  const query = plain(text)
  if (query === '') return []
  const at = coordinateIn(text)
  const point: Hit[] = at ? [{ key: 'coordinate', what: 'coordinate', name: text.trim(), name_en: text.trim(), within: '', within_en: '', place: at, rough: false }] : []
  const ranked = hits
    .map((hit, i) => ({ hit, i, r: rank(query, [hit.name, hit.name_en, ...(hit.device ? [hit.device] : [])]) }))
    .filter((x) => x.r >= 0)
    .sort((a, b) => a.r - b.r || a.i - b.i)
  return [...point, ...ranked.map((x) => x.hit)].slice(0, most)
}
