// The desk's log, made from what the system has recorded: the steps of alarms, devices that were lost and
// came back, and the audit trail. Pure.
import type { AlarmLine, AuditEntry, Contact } from '@/api/types'
import type { Entry } from '@/features/handover/types'

export type LogKind = AlarmLine['kind'] | Contact['kind'] | 'audit' | 'book'

export interface LogEntry {
  key: string
  at: string
  kind: LogKind
  line?: AlarmLine
  contact?: Contact
  audit?: AuditEntry
  book?: Entry // what the officer wrote into the book of the desk
}

// What a machine did is no entry of a duty log, except what somebody has to know of.
const worthKnowing = new Set(['telemetry.lost', 'session.refused', 'session.locked', 'device.enrolled', 'output.answered_late'])
// A picture that is asked for again within this time is the same watch: links break and tiles retry.
const sameWatchMs = 10 * 60_000
const blinkMs = 5_000

// byPerson tells people, who have ids of their own kind, from terminals and from the centre's own work.
export function byPerson(entry: AuditEntry): boolean {
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(entry.actor)
}

// logOf puts everything into one list, newest first. Alarms of the audit trail are left out: their steps
// say it better, and so does the book of what it has a line of. That an alarm is cleared follows from its end and its acknowledgement, and is not said again.
export function logOf(lines: Iterable<AlarmLine>, contacts: Iterable<Contact>, audit: readonly AuditEntry[], most: number, book: readonly Entry[] = []): LogEntry[] {
  const entries: LogEntry[] = []
  for (const line of lines) if (line.kind !== 'cleared') entries.push({ key: `alarm ${line.id}`, at: line.at, kind: line.kind, line })
  for (const contact of withoutBlinks([...contacts])) entries.push({ key: `contact ${contact.id}`, at: contact.at, kind: contact.kind, contact })
  for (const entry of watchedOnce(audit)) {
    if (!entry.kind.startsWith('alarm.') && !booked(entry, book) && (byPerson(entry) || worthKnowing.has(entry.kind))) entries.push({ key: `audit ${entry.id}`, at: entry.at, kind: 'audit', audit: entry })
  }
  for (const entry of book) if (!entry.corrected && !['alarm', 'late'].includes(entry.kind)) entries.push({ key: `book ${entry.id}`, at: entry.at, kind: 'book', book: entry })
  return entries.sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || a.key.localeCompare(b.key)).slice(0, most)
}

// booked reports whether the book has a line of what the trail records: reports, instructions, roll-calls, the inbox.
function booked(entry: AuditEntry, book: readonly Entry[]): boolean {
  return /^(report|intake|rollcall)\./.test(entry.kind) && book.some((line) => line.source.split(' ').includes(entry.subject))
}

// withoutBlinks leaves out links that were away no longer than a terminal needs to begin anew with another
// configuration: nobody missed anything. The record of contacts keeps the pair.
function withoutBlinks(contacts: readonly Contact[]): Contact[] {
  const blinks = contacts.filter((c) => c.kind === 'back' && missingFor(c) < blinkMs)
  return contacts.filter((c) => !blinks.some((b) => b === c || (c.kind === 'lost' && c.device === b.device && c.at === b.since)))
}

// heardBefore is when a lost device was heard last, where that is not the moment at which it was lost.
export function heardBefore(contact: Contact): Date | undefined {
  if (contact.kind !== 'lost' || !contact.since) return undefined
  return Date.parse(contact.at) - Date.parse(contact.since) > 60_000 ? new Date(contact.since) : undefined
}

// missingFor is how long a device that is back was lost or did not answer.
export function missingFor(contact: Contact): number {
  return contact.since ? Date.parse(contact.at) - Date.parse(contact.since) : 0
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
export function subjectOf(entry: AuditEntry, deviceName: (id: string) => string | undefined, english = false): string {
  const data = entry.data
  if (typeof data === 'object' && data !== null) {
    if (entry.kind.startsWith('duty.swap_')) {
      const swap = data as { from_name?: string; to_name?: string; cell?: { day?: string } }
      if (swap.from_name && swap.to_name) return `${swap.from_name} → ${swap.to_name} ${swap.cell?.day ?? ''}`.trim()
    }
    if (entry.kind.startsWith('rule.overrid')) {
      const o = data as { name?: string; name_en?: string; device?: string; division?: string }
      const what = (english && o.name_en) || o.name
      if (what) return [what, o.device ? (deviceName(o.device) ?? o.device) : (o.division ?? '')].filter(Boolean).join(' · ')
    }
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
