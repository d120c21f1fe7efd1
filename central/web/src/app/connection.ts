// How live the view is, as one phrase: with words and shape, not by a number alone.
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useLive } from '@/api/live'
import { behind, heartbeatMs, lateMs } from '@/api/livestate'
import { clock } from '@/i18n/time'
import { useNow } from '@/ui/now'

export interface Connection {
  text: string
  // good is false when what is shown may no longer be true.
  good: boolean
}

export function useConnection(): ComputedRef<Connection> {
  const { t } = useI18n()
  const live = useLive()
  const now = useNow()

  return computed(() => {
    void now.value // the silence grows with the clock
    const heard = live.lastMessageAt.value
    if (!heard) return { text: t('frame.connection.connecting'), good: false }
    if (!live.connected.value) return { text: t('frame.connection.stale', { time: clock(new Date(heard)) }), good: false }
    const silent = Date.now() - heard
    const late = behind(live.delayMs.value, silent)
    if (late <= lateMs) return { text: t('frame.connection.live', { s: (late / 1000).toFixed(1) }), good: true }
    if (silent - heartbeatMs >= late) return { text: t('frame.connection.silent', { s: Math.floor(silent / 1000) }), good: false }
    return { text: t('frame.connection.slow', { s: (late / 1000).toFixed(1) }), good: false }
  })
}
