// A township that words name, as a first look at the map. Pure.
import type { Towns } from './basemap'
import type { Place } from '@/api/types'

// townIn is where the township lies whose name stands in the words; the longest name holds, undefined without one.
export function townIn(said: string, towns: Towns): Place | undefined {
  const bare = (name: string) => (name.length > 2 ? name.replace(/(镇|乡|街道)$/, '') : name)
  const [best] = towns.features.filter((f) => f.properties.name && said.includes(bare(f.properties.name))).sort((a, b) => b.properties.name.length - a.properties.name.length)
  const [lon, lat] = best?.geometry.coordinates ?? []
  return lon === undefined || lat === undefined ? undefined : { lon, lat }
}
