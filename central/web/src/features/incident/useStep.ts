// What a line of the timeline says in the reader's language: what was done, the words, and by whom.
import { useI18n } from 'vue-i18n'
import { bySystem, correctedOf, levelsOf } from './step'
import type { Step } from './types'
import { useCategories } from './useCategories'
import { full } from '@/i18n/time'
import { useDivisions } from '@/ui/divisions'

export function useStep() {
  const { t, te } = useI18n()
  const divisions = useDivisions()
  const categories = useCategories()

  function what(s: Step): string {
    const levels = levelsOf(s)
    const words = s.kind === 'graded' ? 'incident.level' : 'incident.response'
    const own = `incident.act.${s.kind}_${s.act}` // where the same word means another thing
    const act = levels ? `${t(`${words}.${levels.from}`)} → ${t(`${words}.${levels.to}`)}` : te(own) ? t(own) : s.act && te(`incident.act.${s.act}`) ? t(`incident.act.${s.act}`) : s.act
    return [t(`incident.step.${s.kind}`), act].filter(Boolean).join(' · ')
  }
  function value(act: string, text: string): string {
    if (!text) return '—'
    if (act === 'category') return categories.nameOf(text)
    if (act === 'division') return divisions.nameOf(text)
    if (act === 'occurred_at') return full(new Date(text))
    return act === 'sensitive' ? t(`incident.sensitive.${text}`) : text
  }
  function text(s: Step): string {
    const v = correctedOf(s)
    return v ? `${value(s.act, v.from)} → ${value(s.act, v.to)}${v.why ? `（${v.why}）` : ''}` : s.text
  }
  const who = (s: Step): string => (bySystem(s) ? t('handover.log.desk') : [s.org_name, s.by_name].filter(Boolean).join(' · '))
  return { what, text, who }
}
