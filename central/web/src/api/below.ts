// Which alarms a desk below handles first. Pure.
import { covers } from './maintenance'
import type { Alarm } from './types'

// below reports whether a desk below here handles the alarm first: the centre says that it may, somebody there hears
// it, it was not passed on from there, and the time that passes it on has not come. In every doubt it is false:
// then the alarm rings here.
export function below(alarm: Alarm, here: string, desks: readonly string[], now: number): boolean {
  if (!alarm.below_first || !(Date.parse(alarm.escalate_at ?? '') > now)) return false
  const asked = alarm.escalation?.desk.division ?? alarm.division
  const under = (d: string) => covers(here, d) && !covers(d, here)
  return under(asked) && desks.some((d) => under(d) && covers(d, asked))
}
