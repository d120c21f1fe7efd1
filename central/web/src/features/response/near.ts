// What stands near a place. Pure.
import { metres } from '@/map/distance'

export interface Stood {
  id: string
  place?: { lon: number; lat: number }
}

// nearest are the things with a place, the nearest first, at most so many.
export function nearest<T extends Stood>(things: Iterable<T>, to: { lon: number; lat: number }, most: number): { thing: T; metres: number }[] {
  return [...things]
    .flatMap((thing) => (thing.place ? [{ thing, metres: metres(to, thing.place) }] : []))
    .sort((a, b) => a.metres - b.metres || a.thing.id.localeCompare(b.thing.id))
    .slice(0, most)
}

// camerasNear are two cameras: those that are tied to the incident, as a phone by its link, then the nearest to its place;
// without a place the first of the division.
export function camerasNear<T extends Stood & { kind: string; state: string; division?: string }>(things: Iterable<T>, at: { lon?: number; lat?: number; division: string }, tied: ReadonlySet<string> = new Set()): T[] {
  const standing = [...things].filter((d) => d.state !== 'revoked')
  const near = at.lon !== undefined && at.lat !== undefined
    ? nearest(standing, { lon: at.lon, lat: at.lat }, 40).map((n) => n.thing)
    : standing.filter((d) => d.division === at.division)
  return [...standing.filter((d) => tied.has(d.id)), ...near.filter((d) => !tied.has(d.id))].filter((d) => d.kind === 'camera').slice(0, 2)
}
