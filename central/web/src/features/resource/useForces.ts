// Teams and warehouses as they stand on a map, and the crews of one incident where they told to be.
import { computed, type ComputedRef, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Dispatch, Team, Warehouse } from './types'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { Force } from '@/map/forces'
import { useSession } from '@/stores/session'

const everyMs = 60_000
const mostPages = 20

export interface Known {
  forces: ComputedRef<Force[]>
  teams: ComputedRef<Team[]>
  houses: ComputedRef<Warehouse[]>
  // failure is why the registers could not be read; what was read before stays.
  failure: ShallowRef<unknown>
}

// placed is where a team is: where it told to be, else its station.
export function placed(team: Pick<Team, 'seen' | 'lon' | 'lat'>): { lon: number; lat: number } | undefined {
  if (team.seen) return { lon: team.seen.lon, lat: team.seen.lat }
  return team.lon !== undefined && team.lat !== undefined ? { lon: team.lon, lat: team.lat } : undefined
}

// under way are those of whom the commander wants to know where they are.
export const underWay = (d: Pick<Dispatch, 'kind' | 'state'>): boolean => d.kind === 'team' && ['sent', 'en_route', 'on_site'].includes(d.state)

async function read(signal: AbortSignal): Promise<{ teams: Team[]; houses: Warehouse[] }> {
  const teams: Team[] = []
  let after = ''
  for (let page = 0; page < mostPages; page++) {
    const list = await answer(api.GET('/teams', { params: { query: { limit: 500, ...(after ? { after } : {}) } }, signal }))
    teams.push(...(list.items ?? []))
    after = list.next ?? ''
    if (!after) break
  }
  return { teams, houses: (await answer(api.GET('/warehouses', { signal }))).items ?? [] }
}

export function useForces(): Known {
  const { t } = useI18n()
  const live = useLive()
  const session = useSession()
  const { value, failure } = useAsk(() => (session.can('resource.read') ? 'forces' : ''), read, { tick: () => live.cases.value, everyMs })
  const teams = computed(() => value.value?.teams ?? [])
  const houses = computed(() => value.value?.houses ?? [])

  const forces = computed<Force[]>(() => [
    ...teams.value.flatMap((team): Force[] => {
      const place = placed(team)
      const crew = ['assigned', 'en_route', 'on_site'].includes(team.status)
      return place ? [{ id: team.id, kind: crew ? 'crew' : 'team', place, name: team.name, state: t(`resource.status.${team.status}`), busy: team.status !== 'ready' }] : []
    }),
    ...houses.value.flatMap((house): Force[] => (house.lon !== undefined && house.lat !== undefined ? [{ id: house.id, kind: 'house', place: { lon: house.lon, lat: house.lat }, name: house.name, state: '', busy: false }] : [])),
  ])
  return { forces, teams, houses, failure }
}

// useCrews reads what was sent for an incident, anew with every news of incidents.
export function useCrews(incident: () => string): { crews: ComputedRef<Force[]>; dispatches: ComputedRef<Dispatch[]> } {
  const { t } = useI18n()
  const live = useLive()
  const session = useSession()
  // The panel beside the map reads the same and says why it cannot.
  const { value: board } = useAsk(() => (session.can('resource.read') ? incident() : ''), (signal) => answer(api.GET('/incidents/{id}/resources', { params: { path: { id: incident() } }, signal })), { tick: () => live.cases.value })
  const dispatches = computed(() => board.value?.dispatches ?? [])
  const crews = computed(() => dispatches.value.filter(underWay).flatMap((d): Force[] => (d.lon !== undefined && d.lat !== undefined ? [{ id: d.id, kind: 'crew', place: { lon: d.lon, lat: d.lat }, name: d.name, state: t(`resource.state.${d.state}`), busy: true }] : [])))
  return { crews, dispatches }
}
