// The kinds of incidents, loaded once.
import { shallowRef } from 'vue'
import type { Category } from './types'
import { answer, api } from '@/api/client'
import { useSay } from '@/i18n/say'

const list = shallowRef<Category[]>([])
let asked = false

async function load(): Promise<void> {
  try {
    list.value = (await answer(api.GET('/incidents/categories'))).items ?? []
  } catch {
    asked = false // without them the ids themselves are shown
  }
}

export function useCategories() {
  const say = useSay()
  if (!asked) {
    asked = true
    void load()
  }
  return {
    list,
    nameOf(id: string): string {
      const found = list.value.find((c) => c.id === id)
      return found ? say.named(found.name, found.name_en) : id
    },
    // depth is how far a category is indented below its group.
    depth: (c: Category) => c.id.split('.').length - 1,
  }
}
