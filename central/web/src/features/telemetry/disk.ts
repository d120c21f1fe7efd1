// The disk of a terminal that does not keep what is measured, as words: beside the terminal, and beside what is behind
// it, whose values are old because of it.
import { useI18n } from 'vue-i18n'
import { useLive } from '@/api/live'
import type { Device, DiskState } from '@/api/types'
import { moment } from '@/i18n/time'
import { useNow } from '@/ui/now'

// diskRule reports whether an alarm of this rule is about the disk of a terminal.
export function diskRule(rule: string): boolean {
  return rule === 'terminal-disk-full' || rule === 'terminal-disk-failing'
}

// withholds reports whether readings do not get through because of the disk.
export function withholds(disk: DiskState | undefined): boolean {
  return disk !== undefined && disk.kind !== 'memory'
}

export function useDisk() {
  const { t, n } = useI18n()
  const live = useLive()
  const now = useNow()

  const known = (disk: DiskState) => (disk.kind === 'full' || disk.kind === 'memory' ? disk.kind : 'failing')

  // of is the trouble of the terminal that the device is or is behind.
  function of(device: Device | undefined): DiskState | undefined {
    return device?.kind === 'edge' ? device.agent?.disk : live.devices.get(device?.parent ?? '')?.agent?.disk
  }
  // name says it in three words.
  const name = (disk: DiskState): string => t(`disk.name.${known(disk)}`)
  // cause is why nothing new of a sensor comes; '' when the disk is not why.
  function cause(device: Device | undefined): string {
    const disk = device?.kind === 'edge' ? undefined : of(device)
    return disk && withholds(disk) ? name(disk) : ''
  }
  // line says since when, and what was lost.
  const line = (disk: DiskState): string => t('disk.line.text', { name: name(disk), time: moment(new Date(disk.since), new Date(now.value)), n: n(disk.lost ?? 0) })
  // where says which disk.
  const where = (disk: DiskState): string => t('disk.line.where', { path: disk.path }) + (disk.error ? t('disk.line.error', { error: disk.error }) : '')
  // advice says what goes on and what to do.
  const advice = (disk: DiskState): string => t(`disk.advice.${known(disk)}`)
  return { advice, cause, line, name, of, where }
}
