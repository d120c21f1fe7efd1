// What can be measured, by name, unit and digits: the series of the profiles that the centre ships.
import { shallowRef } from 'vue'
import { answer, api } from '@/api/client'
import type { components } from '@/api/schema'

type Kind = components['schemas']['DeviceKind']
type Measured = NonNullable<Kind['series']>[number]

const kinds = shallowRef<Kind[]>([])
let asked = false

async function load(): Promise<void> {
  try {
    kinds.value = (await answer(api.GET('/device-kinds'))).items ?? []
  } catch {
    asked = false // without the profiles the ids themselves are shown
  }
}

export function useProperties() {
  if (!asked) {
    asked = true
    void load()
  }
  // of lists what devices of a class measure, of every class without one.
  const of = (deviceClass?: string): Measured[] => kinds.value.filter((k) => !deviceClass || k.class === deviceClass).flatMap((k) => k.series ?? [])
  return {
    of,
    classes: () => kinds.value.filter((k) => k.series?.length).map((k) => k.class),
    named: (property: string) => of().find((s) => s.property === property),
  }
}
