// Things that share a spot of the screen: nearer to each other than two signs have room. They stand as one
// number with a line for each; very many become a bubble that says only how many. Pure.
import type { Crowd as Waiting, Place } from '@/api/types'
import type { Thing, ThingKind, Things } from './things'

export interface Spot {
  // key is the id of its first thing.
  key: string
  place: Place
  // things, worst first; more of them in alarm than have a line are counted in more.
  things: Thing[]
  more: number
}

export interface Crowd {
  place: Place
  ids: string[]
}

export interface Spots {
  spots: Spot[]
  crowds: Crowd[]
}

// Many is how many things stand around a place of which no more is known yet.
export interface Many {
  place: Place
  count: number
}

// Signs nearer than this many pixels cannot be told apart.
export const apartPx = 34
// A bubble with its number wants so many.
const roomPx = 2 * apartPx
// More lines than this are no longer read.
export const mostLines = 6
const tile = 512

interface Point {
  x: number
  y: number
  place: Place
  thing: Thing
}

// worldOf is a place in pixels of the whole Web Mercator world.
export function worldOf(place: Place, zoom: number): { x: number; y: number } {
  const size = tile * 2 ** zoom
  const sin = Math.sin((place.lat * Math.PI) / 180)
  return { x: ((place.lon + 180) / 360) * size, y: (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * size }
}

// What stands still comes first, so that a spot keeps its place when something passes.
const kinds: readonly ThingKind[] = ['sensor', 'camera', 'terminal', 'mobile']

function before(a: Thing, b: Thing): number {
  return (a.level || 9) - (b.level || 9) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.id < b.id ? -1 : 1)
}

// spotsOf gathers what is too near to be told apart at a zoom. What is in alarm never vanishes in a bubble.
export function spotsOf(things: readonly Things[], zoom: number): Spots {
  const points = things.flatMap((t) => t.features).map((f): Point => {
    const place = { lon: f.geometry.coordinates[0] ?? 0, lat: f.geometry.coordinates[1] ?? 0 }
    return { ...worldOf(place, zoom), place, thing: f.properties }
  }).sort((a, b) => before(a.thing, b.thing))
  const grid = gridOf(points)
  const found: Spots = { spots: [], crowds: [] }
  const taken = new Set<Point>()
  for (const point of points) {
    if (taken.has(point)) continue
    const near = around(grid, point).filter((p) => !taken.has(p))
    near.sort((a, b) => before(a.thing, b.thing))
    for (const p of near) taken.add(p)
    if (near.length <= mostLines) found.spots.push(spotOf(near, 0))
    else divide(near, found)
  }
  return found
}

function divide(near: Point[], into: Spots): void {
  const alarmed = near.filter((p) => p.thing.level > 0)
  const calm = near.filter((p) => !p.thing.level)
  if (alarmed.length) into.spots.push(spotOf(alarmed.slice(0, mostLines), Math.max(0, alarmed.length - mostLines)))
  if (calm.length) into.crowds.push({ place: (calm[0] as Point).place, ids: calm.map((p) => p.thing.id) })
}

function spotOf(points: Point[], more: number): Spot {
  const first = points[0] as Point
  return { key: first.thing.id, place: first.place, things: points.map((p) => p.thing), more }
}

// manyOf gathers what is still to come into as many bubbles as have room at a zoom.
export function manyOf({ lon, lat, count }: Waiting, zoom: number): Many[] {
  const cells = new Map<string, { lon: number; lat: number; count: number }>()
  count.forEach((n, i) => {
    const place = { lon: lon[i] ?? 0, lat: lat[i] ?? 0 }
    const { x, y } = worldOf(place, zoom)
    const key = `${Math.floor(x / roomPx)},${Math.floor(y / roomPx)}`
    const sum = cells.get(key) ?? { lon: 0, lat: 0, count: 0 }
    cells.set(key, { lon: sum.lon + place.lon * n, lat: sum.lat + place.lat * n, count: sum.count + n })
  })
  return [...cells.values()].map((c) => ({ place: { lon: c.lon / c.count, lat: c.lat / c.count }, count: c.count }))
}

type Grid = Map<string, Point[]>

function cell(v: number): number {
  return Math.floor(v / apartPx)
}

function gridOf(points: Point[]): Grid {
  const grid: Grid = new Map()
  for (const p of points) {
    const key = `${cell(p.x)},${cell(p.y)}`
    const list = grid.get(key)
    if (list) list.push(p)
    else grid.set(key, [p])
  }
  return grid
}

function around(grid: Grid, { x, y }: Point): Point[] {
  const found: Point[] = []
  for (let i = -1; i <= 1; i++) {
    for (let j = -1; j <= 1; j++) {
      for (const p of grid.get(`${cell(x) + i},${cell(y) + j}`) ?? []) if (Math.hypot(p.x - x, p.y - y) < apartPx) found.push(p)
    }
  }
  return found
}
