// Failures and times as sentences in the reader's language.
import { useI18n } from 'vue-i18n'
import { ago, longer, elapsed, until, type Wording } from './time'
import { ApiError, sentenceOf } from '@/api/errors'

export function useSay() {
  const { t, te, locale } = useI18n()

  function failure(error: unknown): string {
    if (error instanceof ApiError && error.status === 0 && !navigator.onLine) return t('error.no_network')
    const { key, params } = sentenceOf(error, te)
    return t(key, params)
  }
  function word(wording: Wording): string {
    return t(wording.key, { n: wording.n, m: wording.m })
  }
  return {
    failure,
    ago: (ms: number) => word(ago(ms)),
    elapsed: (ms: number) => {
      const days = longer(ms)
      return days ? word(days) : elapsed(ms)
    },
    left: (ms: number) => {
      const wording = until(ms)
      return wording ? word(wording) : t('time.over')
    },
    // named picks the Chinese or English name of a thing.
    named: (zh: string, en?: string) => (locale.value === 'en' && en ? en : zh),
  }
}
