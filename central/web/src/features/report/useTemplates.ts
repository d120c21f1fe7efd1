// What reports must say, loaded once.
import { shallowRef } from 'vue'
import type { Report, Templates } from './types'
import { answer, api } from '@/api/client'
import { figureKinds } from '@/features/incident/types'
import { useSay } from '@/i18n/say'

const all = shallowRef<Templates>()
let asked = false

async function load(): Promise<void> {
  try {
    all.value = await answer(api.GET('/reports/templates'))
  } catch {
    asked = false // the ids themselves are shown
  }
}

export function useTemplates() {
  const say = useSay()
  if (!asked) {
    asked = true
    void load()
  }
  const element = (id: string) => all.value?.elements?.find((e) => e.id === id)
  return {
    all,
    element,
    nameOf(id: string): string {
      const e = element(id)
      return e ? say.named(e.name, e.name_en) : id
    },
    // fieldsOf are the elements of a version in their order: what it must have, then what was filled in besides.
    fieldsOf(r: Pick<Report, 'template' | 'kind' | 'values'>): string[] {
      const t = all.value?.templates?.find((one) => one.id === r.template)
      const wanted = r.kind === 'final' ? [...(t?.first ?? []), ...(t?.final ?? [])] : [...(t?.first ?? []), 'requests']
      return [...new Set([...wanted, ...Object.keys(r.values ?? {}).filter((k) => !k.startsWith('figure.'))])].filter((id) => element(id))
    },
    figuresOf(r: Pick<Report, 'template' | 'values'>): string[] {
      const t = all.value?.templates?.find((one) => one.id === r.template)
      return figureKinds.filter((k) => t?.figures?.includes(k) || r.values?.['figure.' + k]).map((k) => 'figure.' + k)
    },
  }
}
