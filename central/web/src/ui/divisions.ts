// Names of administrative divisions by code, from the base map's list.
import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'

interface Named {
  name: string
  name_en: string
}

interface Listed {
  counties: { code: string; name: string; name_en: string }[]
  townships: { code: string; name: string; county: string }[]
}

const names = shallowRef<Map<string, Named>>(new Map())
const counties = shallowRef<Listed['counties']>([])
const townships = shallowRef<Listed['townships']>([])
let asked = false

async function load(): Promise<void> {
  try {
    const response = await fetch('/basemap/divisions.json')
    if (!response.ok) return
    const listed = (await response.json()) as Listed
    const found = new Map<string, Named>([['320600', { name: '南通市', name_en: 'Nantong' }]])
    for (const c of listed.counties) found.set(c.code, c)
    for (const t of listed.townships) found.set(t.code, { name: t.name, name_en: t.name })
    names.value = found
    counties.value = listed.counties
    townships.value = listed.townships
  } catch {
    // Without the list the codes themselves are shown.
    asked = false
  }
}

export function useDivisions() {
  const { locale } = useI18n()
  if (!asked) {
    asked = true
    void load()
  }
  return {
    counties,
    townships,
    // nameOf is the name of a code, or the code itself when the list does not have it.
    nameOf(code: string | undefined): string {
      if (!code) return ''
      const named = names.value.get(code)
      return named ? (locale.value === 'en' ? named.name_en : named.name) : code
    },
  }
}
