// What is said of a camera beside an alarm: how far it stands from what alarmed, and why the alarm left no picture of it.
import { useI18n } from 'vue-i18n'
import { distance } from '@/i18n/values'

export interface BesideAlarm {
  far: (metres?: number) => string
  why: (why: string) => string
  // other is where the pictures stand that other alarms left of a camera.
  other: (stream: string) => { path: string; query: Record<string, string> }
}

export function useBesideAlarm(): BesideAlarm {
  const { t, te } = useI18n()
  return {
    far: (metres) => (metres === undefined ? t('snapshot.far.unknown') : metres === 0 ? t('snapshot.far.itself') : t('snapshot.far.away', { far: distance(metres) })),
    why: (why) => [`snapshot.missed.${why}`, `device.camera.${why}`].filter((key) => te(key)).map((key) => t(key))[0] ?? t('snapshot.missed.fault'),
    other: (stream) => ({ path: '/video/snapshots', query: { origin: 'alarm', camera: stream } }),
  }
}
