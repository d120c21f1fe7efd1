// The shapes of boards as the console knows them.
import type { components } from '@/api/schema'

type S = components['schemas']

export type Station = S['Station']
export type Spot = S['Spot']
export type TileKind = S['Tile']['kind']
export type Tile = Omit<S['Tile'], 'series' | 'stations' | 'spots'> & { series?: string[]; stations?: Station[]; spots?: Spot[] }
export type Board = Omit<S['Board'], 'tiles'> & { tiles: Tile[] }

// boardOf takes what the centre said; a board of its list has no tiles.
export function boardOf(said: S['Board']): Board {
  return { ...said, tiles: (said.tiles ?? []).map((t) => ({ ...t, series: t.series ?? undefined, stations: t.stations ?? undefined, spots: t.spots ?? undefined })) }
}
