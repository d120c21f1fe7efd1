// What a series is called, how it stands now, and which there are to choose from.
import { useLive } from '@/api/live'
import type { Alarm, Device, Latest, Series } from '@/api/types'
import { readingsOf } from '@/features/telemetry/readings'
import { useSay } from '@/i18n/say'
import { valueText } from '@/i18n/values'
import { isStale, worst } from '@/map/things'
import { useNow } from '@/ui/now'

export interface Known {
  key: string
  device: Device | undefined
  series: Series | undefined
  latest: Latest | undefined
  // stale says that what is shown is not of now.
  stale: boolean
  alarm: Alarm | undefined
  name: string
  // value is the newest value with its unit, or a dash.
  value: string
}

const offeredMost = 60

export function useSeries() {
  const live = useLive()
  const now = useNow()
  const say = useSay()

  function text(series: Series | undefined, v: number): string {
    return valueText(v, series?.unit ?? '', series && series.digits >= 0 ? series.digits : undefined)
  }
  function known(key: string): Known {
    const [id = '', property = ''] = key.split('/')
    const device = live.devices.get(id)
    const series = device?.series?.find((s) => s.property === property)
    const latest = live.latest.get(key)
    return {
      key, device, series, latest,
      stale: !device || !live.connected.value || isStale(device, latest, now.value),
      alarm: worst([...live.alarms.values()].filter((a) => a.device === id && a.property === property)),
      name: say.called(device, id),
      value: latest ? text(series, latest.value) : '–',
    }
  }
  // full is the name of a series beside others of the same device.
  function full(key: string): string {
    const k = known(key)
    return k.series ? `${k.name} ${say.named(k.series.name, k.series.name_en)}` : key
  }
  function offered(query: string, without: readonly string[]): { key: string; name: string }[] {
    return readingsOf(live.devices.values(), live.latest, query).filter((r) => !without.includes(r.key)).slice(0, offeredMost).map((r) => ({ key: r.key, name: full(r.key) }))
  }
  return { known, full, offered, text }
}
