// What a line of the log says, for the page and for paper.
import { useI18n } from 'vue-i18n'
import { lateOf } from './book'
import type { Entry } from './types'
import { clock } from '@/i18n/time'

export function useWords(): (entry: Entry) => string {
  const { t } = useI18n()
  return (entry) => {
    if (entry.kind !== 'late') return entry.text
    const { due, to, names } = lateOf(entry)
    return t('handover.late.text', { time: clock(due, false), org: entry.party, to: t(`handover.to.${to}`), names })
  }
}
