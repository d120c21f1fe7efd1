// The limits of the rules: lines in a chart. Read once and kept for a while.
import { shallowRef, watch, type ShallowRef } from 'vue'
import { api } from '@/api/client'
import type { Device, Level, Page } from '@/api/types'

export interface Rule {
  id: string
  name: string
  name_en: string
  class: string
  property: string
  devices?: string[] | null
  condition: string
  limit: number
  level: Level
  source: string
  unverified: boolean
}

// rulesFor picks the rules of one series: those for its class, or for just this device.
export function rulesFor(rules: readonly Rule[], device: Device, property: string): Rule[] {
  const mine = rules.filter((r) => r.property === property && (!r.class || r.class === device.class))
  const own = mine.filter((r) => r.devices?.includes(device.id))
  return own.length ? own : mine.filter((r) => !r.devices?.length)
}

export function useRules(device: () => Device, property: () => string): ShallowRef<Rule[]> {
  const all = shallowRef<Rule[]>([])
  const mine = shallowRef<Rule[]>([])
  async function load(): Promise<void> {
    try {
      all.value = (await api.get<Page<Rule>>('/rules')).items ?? []
    } catch {
      // A chart without its limit line is still a chart; the alarm itself names the limit.
      all.value = []
    }
  }
  void load()
  watch([all, device, property], () => (mine.value = rulesFor(all.value, device(), property())), { immediate: true })
  return mine
}
