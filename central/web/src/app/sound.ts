// The alarm sound: rings for a new alarm and again while one is unacknowledged. Browsers give sound only
// after the person has touched the page; until then the state says that it is blocked.
import { useEventListener } from '@vueuse/core'
import { computed, onScopeDispose, ref, watch, watchEffect, type ComputedRef, type InjectionKey } from 'vue'
import { mayAnswer } from '@/features/rollcall/board'
import { useCalls } from '@/features/rollcall/useCalls'
import { arrivals } from '@/features/desk/need'
import { useWork } from '@/features/desk/useWork'
import { useReports } from '@/features/report/useReports'
import { rings, tier } from '@/features/telemetry/alarm'
import { useBelow } from '@/ui/below'
import { useLive } from '@/api/live'
import { useNow } from '@/ui/now'
import { useSession } from '@/stores/session'
import { useSettings } from '@/stores/settings'

export type SoundState = 'on' | 'muted' | 'blocked' | 'missing'

export interface AlarmSound {
  state: ComputedRef<SoundState>
  // press mutes for a while, unmutes, or asks the browser to allow sound, whichever makes sense now.
  press: () => void
}

export const alarmSoundKey: InjectionKey<AlarmSound> = Symbol('alarm sound')

const againMs = 10_000

// beep plays two tones, higher and more often the graver the level (1 red … 4 blue), and louder when the alarm
// was passed on.
function beep(context: AudioContext, level: number, passed: boolean): void {
  const times = (level <= 2 ? 3 : 2) + (passed ? 1 : 0)
  for (let i = 0; i < times * 2; i++) {
    const at = context.currentTime + i * 0.22
    const tone = context.createOscillator()
    const volume = context.createGain()
    tone.frequency.value = (i % 2 === 0 ? 880 : 660) * (level <= 2 ? 1.2 : 1)
    volume.gain.setValueAtTime(0, at)
    volume.gain.linearRampToValueAtTime(passed ? 0.6 : 0.25, at + 0.02)
    volume.gain.linearRampToValueAtTime(0, at + 0.18)
    tone.connect(volume).connect(context.destination)
    tone.start(at)
    tone.stop(at + 0.2)
  }
}

export function useAlarmSound(): AlarmSound {
  const live = useLive()
  const settings = useSettings()
  const isBelow = useBelow()
  const now = useNow()
  const work = useWork()
  const { desk } = useReports()
  const { posts: calls } = useCalls()
  const session = useSession()
  const supported = typeof AudioContext !== 'undefined'
  const context = supported ? new AudioContext() : undefined
  let rang = 0
  const running = ref(context?.state === 'running')

  const state = computed<SoundState>(() => {
    if (!supported) return 'missing'
    if (settings.mutedUntil > now.value) return 'muted'
    return running.value ? 'on' : 'blocked'
  })

  watchEffect(() => live.hears(state.value === 'on'))

  async function unlock(): Promise<void> {
    if (context && context.state !== 'running') await context.resume()
    running.value = context?.state === 'running'
  }
  function ring(level: number, passed: boolean): void {
    if (!context || state.value !== 'on') return
    beep(context, level, passed)
    rang = Date.now()
  }
  const unwritten = () => work.value.returned.filter((h) => !desk.value?.drafts?.some((d) => d.incident_id === h.incident_id))
  function press(): void {
    if (state.value === 'on') settings.mute(now.value)
    else {
      settings.unmute()
      void unlock()
    }
  }

  if (context) {
    context.onstatechange = () => {
      running.value = context.state === 'running'
    }
    useEventListener(['pointerdown', 'keydown'], () => void unlock())
  }
  const off = live.onNewAlarm((alarm) => {
    if (rings(alarm) && !isBelow(alarm)) ring(alarm.level, tier(alarm) > 0)
  })
  // What comes to the desk without an alarm is heard once; what lay there when the page was opened is not.
  watch(work, (here, before) => {
    const known = new Set(arrivals(before))
    if (before.loaded && here.loaded && arrivals(here).some((key) => !known.has(key))) ring(3, false)
  })
  // The repetition keeps its distance from the tone of a new alarm.
  const again = setInterval(() => {
    if (Date.now() - rang < againMs) return
    // A roll-call that waits rings over everything that is due.
    if (calls.value.some((p) => p.state === 'waiting' && mayAnswer(p, session.user?.name))) return ring(2, false)
    const waiting = [...live.alarms.values()].filter((a) => rings(a) && !isBelow(a))
    // What is late at the desk rings like a yellow alarm, louder when it has climbed here.
    // A report that nobody here has opened rings by its level until somebody does, one that came back until somebody
    // writes it again.
    const unopened = [...work.value.hops.filter((h) => !h.opened_at), ...unwritten()]
    if (!waiting.length && unopened.length) ring(Math.min(...unopened.map((h) => h.level || 3)), false)
    const late = work.value.clocks.filter((c) => c.passed_at && Date.parse(c.due_at) < now.value)
    if (!waiting.length && !unopened.length && late.length) ring(3, late.some((c) => c.org_id !== c.asked?.org_id))
    if (waiting.length) ring(Math.min(...waiting.map((a) => a.level)), waiting.some((a) => tier(a) > 0))
  }, 1000)
  onScopeDispose(() => {
    off()
    live.hears(false)
    clearInterval(again)
    void context?.close()
  })

  return { state, press }
}
