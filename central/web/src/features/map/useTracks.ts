// The way moving things came before this page was opened.
import { onMounted, watch } from 'vue'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { kindOf } from '@/map/things'
import { joinTrack, trackMs, type Step } from '@/map/track'

// More tracks than this are not asked for at once.
const most = 50

export function useTracks(seed: (device: string, past: Step[]) => void): void {
  const live = useLive()
  const asked = new Set<string>()

  async function load(id: string): Promise<void> {
    const to = live.now()
    const query = { from: new Date(to - trackMs).toISOString(), to: new Date(to).toISOString(), points: 900 }
    try {
      const of = (property: string) => answer(api.GET('/telemetry/series/{device}/{property}', { params: { path: { device: id, property }, query } }))
      const [lon, lat] = await Promise.all([of('lon'), of('lat')])
      seed(id, joinTrack(lon.buckets ?? [], lat.buckets ?? []))
    } catch {
      // Without its past the track begins now.
    }
  }

  onMounted(() => {
    watch(() => live.devices.size, () => {
      for (const d of live.devices.values()) {
        if (kindOf(d) !== 'mobile' || asked.has(d.id) || asked.size >= most) continue
        asked.add(d.id)
        void load(d.id)
      }
    }, { immediate: true })
  })
}
