// Incidents to choose from, for what is written, frozen or cut at a scene.
import { answer, api } from '@/api/client'
import { metres } from '@/map/distance'

export interface Choice {
  id: string
  no: string
  title: string
  state: string
  lon?: number
  lat?: number
}

// mostChoices is how many incidents of a state are listed.
export const mostChoices = 100

// incidentsOf are the newest incidents of a state, or of all.
export async function incidentsOf(state?: 'open' | 'closed'): Promise<Choice[]> {
  return (await answer(api.GET('/incidents', { params: { query: { state, limit: mostChoices } } }))).items ?? []
}

// besideMetres is how near to an incident a scene has to stand to be taken for one of it.
const besideMetres = 1000

interface At { lon: number; lat: number }

// beside is the incident that is meant by default at scenes: the nearest to one of them, if it is near.
export function beside<T extends { lon?: number; lat?: number }>(places: readonly At[], incidents: readonly T[]): T | undefined {
  const found = incidents.flatMap((one) => {
    const { lon, lat } = one
    return lon === undefined || lat === undefined ? [] : places.map((p) => ({ one, far: metres(p, { lon, lat }) }))
  })
  return found.filter((f) => f.far <= besideMetres).sort((a, b) => a.far - b.far)[0]?.one
}
