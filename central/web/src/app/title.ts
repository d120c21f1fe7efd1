// The window's title: the page, and while an alarm is unacknowledged, in turn the number of alarms.
import { useIntervalFn } from '@vueuse/core'
import { ref, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'
import { waits } from '@/features/telemetry/alarm'
import { useBelow } from '@/ui/below'
import { useLive } from '@/api/live'

export function useTitle(): void {
  const { t } = useI18n()
  const route = useRoute()
  const live = useLive()
  const isBelow = useBelow()
  const flash = ref(false)

  useIntervalFn(() => {
    flash.value = !flash.value
  }, 1000)

  watchEffect(() => {
    const waiting = [...live.alarms.values()].filter((a) => waits(a) && !isBelow(a)).length
    const page = route.meta.title ? `${t(route.meta.title)} · ${t('frame.product.name')}` : t('frame.product.name')
    document.title = waiting && flash.value ? t('frame.title.alarms', { n: waiting }) : page
  })
}
