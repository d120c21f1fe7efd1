// The window's title: the page, and in turn with it how many alarms are unacknowledged and how many consultations ask
// the desk in.
import { useIntervalFn } from '@vueuse/core'
import { ref, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'
import { useWork } from '@/features/desk/useWork'
import { waits } from '@/features/telemetry/alarm'
import { useBelow } from '@/ui/below'
import { useLive } from '@/api/live'

export function useTitle(): void {
  const { t } = useI18n()
  const route = useRoute()
  const live = useLive()
  const isBelow = useBelow()
  const work = useWork()
  const flash = ref(false)

  useIntervalFn(() => {
    flash.value = !flash.value
  }, 1000)

  watchEffect(() => {
    const waiting = [...live.alarms.values()].filter((a) => waits(a) && !isBelow(a)).length
    const page = route.meta.title ? `${t(route.meta.title)} · ${t('frame.product.name')}` : t('frame.product.name')
    const rooms = work.value.rooms.length
    const asks = [waiting ? t('frame.title.alarms', { n: waiting }) : '', rooms ? t('frame.title.rooms', { n: rooms }) : ''].filter(Boolean).join(' ')
    document.title = (flash.value && asks) || page
  })
}
