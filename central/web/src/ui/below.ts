// Which alarms a desk below handles first, as seen from here.
import { below } from '@/api/below'
import { useLive } from '@/api/live'
import type { Alarm } from '@/api/types'
import { useSession } from '@/stores/session'
import { useNow } from './now'

export function useBelow(): (alarm: Alarm) => boolean {
  const live = useLive()
  const session = useSession()
  const now = useNow()
  // Without the centre nobody knows whether the desks below still hear.
  return (alarm) => live.connected.value && live.desks.value.length > 0 && below(alarm, session.user?.division ?? '', live.desks.value, now.value)
}
