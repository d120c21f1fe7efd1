// The desk's log, made from what the system has recorded: alarms, lost devices and the audit trail. Pure.
import type { Alarm, AuditEntry, Device } from '@/api/types'

export type LogKind = 'opened' | 'acknowledged' | 'returned' | 'lost' | 'fault' | 'audit'

export interface LogEntry {
  key: string
  at: string
  kind: LogKind
  alarm?: Alarm
  device?: Device
  audit?: AuditEntry
}

// What a machine did is no entry of a duty log, except what somebody has to know of.
const worthKnowing = new Set(['telemetry.lost', 'session.refused', 'session.locked', 'device.enrolled'])

// byPerson tells people, who have ids of their own kind, from terminals and from the centre's own work.
export function byPerson(entry: AuditEntry): boolean {
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.actor)
}

// logOf puts everything into one list, newest first. Alarms of the audit trail are left out: the alarms
// themselves say it better.
export function logOf(alarms: Iterable<Alarm>, devices: Iterable<Device>, audit: readonly AuditEntry[], most: number): LogEntry[] {
  const entries: LogEntry[] = []
  for (const alarm of alarms) entries.push(...ofAlarm(alarm))
  for (const device of devices) {
    if (device.state !== 'offline' && device.state !== 'fault') continue
    const at = device.last_seen
    if (at) entries.push({ key: `device ${device.id}`, at, kind: device.state === 'offline' ? 'lost' : 'fault', device })
  }
  for (const entry of audit) {
    if (!entry.kind.startsWith('alarm.') && (byPerson(entry) || worthKnowing.has(entry.kind))) entries.push({ key: `audit ${entry.id}`, at: entry.at, kind: 'audit', audit: entry })
  }
  return entries.sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || a.key.localeCompare(b.key)).slice(0, most)
}

// subjectOf names what an audit entry is about; an id that no person knows is left out.
export function subjectOf(entry: AuditEntry, deviceName: (id: string) => string | undefined): string {
  const data = entry.data
  if (typeof data === 'object' && data !== null) {
    for (const key of ['name', 'username', 'device_name']) {
      const value = (data as Record<string, unknown>)[key]
      if (typeof value === 'string' && value !== '') return value
    }
  }
  const known = deviceName(entry.subject)
  if (known) return known
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.subject) ? '' : entry.subject
}

function ofAlarm(alarm: Alarm): LogEntry[] {
  const entries: LogEntry[] = [{ key: `opened ${alarm.id}`, at: alarm.opened_at, kind: 'opened', alarm }]
  if (alarm.acked_at) entries.push({ key: `acknowledged ${alarm.id}`, at: alarm.acked_at, kind: 'acknowledged', alarm })
  if (alarm.returned_at) entries.push({ key: `returned ${alarm.id}`, at: alarm.returned_at, kind: 'returned', alarm })
  return entries
}
