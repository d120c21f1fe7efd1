// What a line of the log says, for the page and for paper.
import { useI18n } from 'vue-i18n'
import { actOf, lateOf } from './book'
import type { Entry } from './types'
import { clock } from '@/i18n/time'

export function useWords(): (entry: Entry) => string {
  const { t } = useI18n()
  return (entry) => {
    const done = actOf(entry)
    if (done) return done.text ? t('handover.act.said', { act: t(`handover.did.${done.act}`), text: done.text }) : t(`handover.did.${done.act}`)
    if (entry.kind !== 'late') return entry.text
    const { due, to, names } = lateOf(entry)
    return t('handover.late.text', { time: clock(due, false), org: entry.party, to: t(`handover.to.${to}`), names })
  }
}
