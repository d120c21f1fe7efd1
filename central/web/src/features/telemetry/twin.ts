// Two terminals that speak under one identity, as words.
import { useI18n } from 'vue-i18n'
import { useLive } from '@/api/live'

export const twinRule = 'terminal-twin'

export function useTwin() {
  const { t } = useI18n()
  const live = useLive()

  // where names the two by their addresses, as far as they are known.
  function where(terminal: string): string {
    const [a, b] = live.devices.get(terminal)?.agent?.lives ?? []
    const name = (one: { address: string; boot: string }): string => one.address || one.boot
    if (!a) return ''
    return b ? t('twin.where.text', { a: name(a), b: name(b) }) : t('twin.where.one', { a: name(a) })
  }
  // line says that there are two; '' while there is one.
  function line(terminal: string): string {
    for (const alarm of live.alarms.values()) {
      if (alarm.rule === twinRule && alarm.device === terminal && (alarm.state === 'open' || alarm.state === 'acknowledged')) return t('twin.line.text', { where: where(terminal) })
    }
    return ''
  }
  const advice = (): string => t('twin.advice.text')
  return { advice, line, where }
}
