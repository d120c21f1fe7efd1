// Failures and times as sentences in the reader's language.
import { useI18n } from 'vue-i18n'
import { spoken, titled, watchNamed } from './spoken'
import { ago, longer, elapsed, until, type Wording } from './time'
import { ApiError, sentenceOf } from '@/api/errors'

export function useSay() {
  const { t, te, locale } = useI18n()

  // named picks the Chinese or English name of a thing.
  function named(zh: string, en?: string): string {
    return locale.value === 'en' && en ? en : zh
  }

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
    named,
    // listed puts names beside each other.
    listed: (names: readonly string[]) => names.join(locale.value === 'en' ? ', ' : '、'),
    // source is where a figure comes from, in the reader's language.
    source: (text: string) => spoken(text, locale.value),
    // report is the title of a report, and watch what a shift is called.
    report: (title: string) => titled(title, locale.value),
    watch: (name: string) => watchNamed(name, locale.value),
    // called is the name of a device; of one that is not known what else there is, such as its id.
    called: (device: { name: string; name_en?: string } | undefined, otherwise = '') => (device ? named(device.name, device.name_en) : otherwise),
  }
}
