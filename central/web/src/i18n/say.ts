// Failures and times as sentences in the reader's language.
import { useI18n } from 'vue-i18n'
import { spoken, titled, watchNamed } from './spoken'
import { ago, longer, elapsed, until, type Wording } from './time'
import { ApiError, sentenceOf } from '@/api/errors'
import { NoCodec } from '@/webrtc/codec'

export function useSay() {
  const { t, te, locale } = useI18n()

  // named picks the Chinese or English name of a thing.
  function named(zh: string, en?: string): string {
    return locale.value === 'en' && en ? en : zh
  }

  function failure(error: unknown): string {
    if (error instanceof ApiError && error.status === 0 && !navigator.onLine) return t('error.no_network')
    if (error instanceof NoCodec) return t('video.reason.no_codec')
    const { key, params } = sentenceOf(error, te)
    return t(key, params)
  }
  function word(wording: Wording): string {
    return t(wording.key, { n: wording.n, m: wording.m })
  }
  // why is what keeps a device or a picture from working: in the reader's language where it has a name, else as its
  // terminal put it.
  function why(of: { error?: string; fault?: { kind: string; has?: string } }): string {
    const key = `device.camera.${of.fault?.kind}${of.fault?.has ? '_has' : ''}`
    return of.fault && te(key) ? t(key, { has: of.fault.has }) : (of.error ?? '')
  }
  return {
    failure,
    why,
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
