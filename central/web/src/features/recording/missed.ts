// Why an alarm left no picture of a camera, and how far that stands from what alarmed.
import { useI18n } from 'vue-i18n'

export interface MissedWords {
  far: (metres?: number) => string
  why: (why: string) => string
  // other is where the pictures stand that other alarms left of a camera.
  other: (stream: string) => { path: string; query: Record<string, string> }
}

export function useMissed(): MissedWords {
  const { t, te } = useI18n()
  return {
    far: (metres) => (metres === undefined ? t('snapshot.far.unknown') : metres === 0 ? t('snapshot.far.itself') : metres < 1000 ? t('snapshot.far.metres', { n: metres }) : t('snapshot.far.km', { n: (metres / 1000).toFixed(1) })),
    why: (why) => [`snapshot.missed.${why}`, `device.camera.${why}`].filter((key) => te(key)).map((key) => t(key))[0] ?? t('snapshot.missed.fault'),
    other: (stream) => ({ path: '/video/snapshots', query: { origin: 'alarm', camera: stream } }),
  }
}
