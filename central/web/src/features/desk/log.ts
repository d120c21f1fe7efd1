// The desk's log, made from what the system has recorded: the steps of alarms, lost devices and the audit
// trail. Pure.
import type { AlarmLine, AuditEntry, Device } from '@/api/types'

export type LogKind = AlarmLine['kind'] | 'lost' | 'fault' | 'audit'

export interface LogEntry {
  key: string
  at: string
  kind: LogKind
  line?: AlarmLine
  device?: Device
  audit?: AuditEntry
}

// What a machine did is no entry of a duty log, except what somebody has to know of.
const worthKnowing = new Set(['telemetry.lost', 'session.refused', 'session.locked', 'device.enrolled', 'output.answered_late'])
// A picture that is asked for again within this time is the same watch: links break and tiles retry.
const sameWatchMs = 10 * 60_000

// byPerson tells people, who have ids of their own kind, from terminals and from the centre's own work.
export function byPerson(entry: AuditEntry): boolean {
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.actor)
}

// logOf puts everything into one list, newest first. Alarms of the audit trail are left out: their steps
// say it better. That an alarm is cleared follows from its end and its acknowledgement, and is not said again.
export function logOf(lines: Iterable<AlarmLine>, devices: Iterable<Device>, audit: readonly AuditEntry[], most: number): LogEntry[] {
  const entries: LogEntry[] = []
  for (const line of lines) if (line.kind !== 'cleared') entries.push({ key: `alarm ${line.id}`, at: line.at, kind: line.kind, line })
  for (const device of devices) {
    if (device.state !== 'offline' && device.state !== 'fault') continue
    const at = device.last_seen
    if (at) entries.push({ key: `device ${device.id}`, at, kind: device.state === 'offline' ? 'lost' : 'fault', device })
  }
  for (const entry of watchedOnce(audit)) {
    if (!entry.kind.startsWith('alarm.') && (byPerson(entry) || worthKnowing.has(entry.kind))) entries.push({ key: `audit ${entry.id}`, at: entry.at, kind: 'audit', audit: entry })
  }
  return entries.sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || a.key.localeCompare(b.key)).slice(0, most)
}

// watchedOnce keeps of each watch of a picture its beginning.
function watchedOnce(audit: readonly AuditEntry[]): AuditEntry[] {
  const last = new Map<string, number>()
  return [...audit]
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .filter((entry) => {
      if (entry.kind !== 'stream.watched') return true
      const key = `${entry.actor} ${entry.subject}`
      const at = Date.parse(entry.at)
      const again = at - (last.get(key) ?? -Infinity) < sameWatchMs
      last.set(key, at)
      return !again && !(entry.data as { ended?: boolean } | undefined)?.ended
    })
}

// subjectOf names what an audit entry is about; an id that no person knows is left out.
export function subjectOf(entry: AuditEntry, deviceName: (id: string) => string | undefined): string {
  const data = entry.data
  if (typeof data === 'object' && data !== null) {
    for (const key of ['name', 'username', 'device_name']) {
      const value = (data as Record<string, unknown>)[key]
      if (typeof value === 'string' && value !== '') return value
    }
    // A maintenance window has no name but what it lies over.
    const over = (data as Record<string, unknown>).subject
    if (entry.kind.startsWith('maintenance.') && typeof over === 'string') return deviceName(over) ?? over
  }
  const known = deviceName(entry.subject)
  if (known) return known
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.subject) ? '' : entry.subject
}
