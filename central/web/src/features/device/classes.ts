// The classes that a device may have: those of the centre's rules and of the devices that are here already.
import { computed, shallowRef, type ComputedRef } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'

export function useClasses(): ComputedRef<string[]> {
  const live = useLive()
  const ofRules = shallowRef<string[]>([])

  async function load(): Promise<void> {
    try {
      ofRules.value = ((await answer(api.GET('/rules'))).items ?? []).map((r) => r.class)
    } catch {
      // Without the rules the classes of the devices are offered.
    }
  }
  void load()
  return computed(() => [...new Set([...ofRules.value, ...[...live.devices.values()].map((d) => d.class ?? '')])].filter((c) => c && c !== 'terminal').sort())
}
