// The offline base map: which files it has, the towns and divisions one can search for.
import type { FeatureCollection, MultiPolygon, Point, Polygon, Position } from 'geojson'

export type Box = [west: number, south: number, east: number, north: number]

export interface Basemap {
  name: string
  name_en: string
  bounds: Box
  home: Box
  land: string
  rivers: string
  places: string
  counties: string
  divisions: string
  counties_schematic: boolean
  credit: string
  credit_en: string
}

export interface TownProperties {
  name: string
  name_en: string
  class: string
  township_code?: string
  county_code?: string
  county_code_inferred?: string
}

export interface CountyProperties {
  code: string
  name: string
  name_en: string
}

export interface Divisions {
  counties: { code: string; name: string; name_en: string }[]
  townships: { code: string; name: string; county: string }[]
  aliases: Record<string, string>
}

export type Towns = FeatureCollection<Point, TownProperties>
export type Counties = FeatureCollection<Polygon | MultiPolygon, CountyProperties>

export interface Atlas {
  map: Basemap
  land: FeatureCollection<Polygon | MultiPolygon>
  towns: Towns
  counties: Counties
  divisions: Divisions
}

export const folder = '/basemap/'

export function file(name: string): string {
  return new URL(folder + name, location.href).href
}

async function read<T>(name: string): Promise<T> {
  const response = await fetch(file(name))
  if (!response.ok) throw new Error(`${name}: ${response.status}`)
  return (await response.json()) as T
}

let loading: { sheet: Promise<Basemap>; atlas: Promise<Atlas> } | undefined

// begin reads the base map once; after a failure the next call tries again.
function begin(): NonNullable<typeof loading> {
  if (loading) return loading
  const sheet = read<Basemap>('basemap.json')
  const atlas = sheet.then(readAtlas)
  loading = { sheet, atlas }
  atlas.catch(() => (loading = undefined))
  return loading
}

// loadSheet is how far the base map reaches, known before what is on it.
export function loadSheet(): Promise<Basemap> {
  return begin().sheet
}

export function loadAtlas(): Promise<Atlas> {
  return begin().atlas
}

async function readAtlas(map: Basemap): Promise<Atlas> {
  const [land, towns, counties, divisions] = await Promise.all([
    read<Atlas['land']>(map.land),
    read<Towns>(map.places),
    read<Counties>(map.counties),
    read<Divisions>(map.divisions),
  ])
  return { map, land, towns, counties, divisions }
}

function rings(geometry: Polygon | MultiPolygon): Position[][] {
  return geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat()
}

// bordersOf are the lines of the counties on land, each once: a line along the coast is no border.
export function bordersOf(counties: Counties, land: Atlas['land']): Position[][] {
  const coast = new Set(land.features.flatMap((f) => rings(f.geometry).flat()).map(String))
  const seen = new Map<string, { line: Position[]; shared: boolean }>()
  for (const county of counties.features) {
    for (const ring of rings(county.geometry)) {
      for (let i = 1; i < ring.length; i++) {
        const line = [ring[i - 1] as Position, ring[i] as Position]
        const key = line.map(String).sort().join(' ')
        seen.set(key, { line, shared: seen.has(key) })
      }
    }
  }
  const ashore = (p: Position) => !coast.has(String(p))
  return chain([...seen.values()].filter((s) => s.shared || s.line.some(ashore)).map((s) => s.line))
}

// chain joins segments that follow one another, so that dashes run on.
function chain(segments: Position[][]): Position[][] {
  const lines: Position[][] = []
  for (const segment of segments) {
    const [from, to] = segment as [Position, Position]
    const before = lines.find((l) => same(l.at(-1), from))
    if (before) before.push(to)
    else lines.push([from, to])
  }
  return lines
}

function same(a: Position | undefined, b: Position): boolean {
  return a !== undefined && a[0] === b[0] && a[1] === b[1]
}

// middle is the centroid of the largest outer ring: where a county's name stands.
export function middle(geometry: Polygon | MultiPolygon): [number, number] {
  const outer = geometry.type === 'Polygon' ? [geometry.coordinates[0]] : geometry.coordinates.map((p) => p[0])
  let best: { area: number; at: [number, number] } = { area: -1, at: [0, 0] }
  for (const ring of outer) {
    const found = centroid(ring ?? [])
    if (found.area > best.area) best = found
  }
  return best.at
}

function centroid(ring: Position[]): { area: number; at: [number, number] } {
  let twice = 0
  let x = 0
  let y = 0
  const [ox = 0, oy = 0] = ring[0] ?? []
  for (let i = 1; i < ring.length; i++) {
    const [ax = 0, ay = 0] = ring[i - 1] ?? []
    const [bx = 0, by = 0] = ring[i] ?? []
    const cross = (ax - ox) * (by - oy) - (bx - ox) * (ay - oy)
    twice += cross
    x += (ax + bx - 2 * ox) * cross
    y += (ay + by - 2 * oy) * cross
  }
  if (twice === 0) return { area: 0, at: [ox, oy] }
  return { area: Math.abs(twice / 2), at: [ox + x / (3 * twice), oy + y / (3 * twice)] }
}
