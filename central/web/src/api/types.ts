// The shapes of the centre's API, as docs and Go types name them. Times are RFC 3339 strings.

export interface Page<T> {
  items: T[]
  next?: string
}

export interface Place {
  lon: number
  lat: number
}

export type DeviceKind = 'edge' | 'sensor' | 'camera'
export type DeviceState = 'never' | 'online' | 'offline' | 'fault' | 'revoked'

export interface Series {
  property: string
  name: string
  name_en: string
  unit: string
  digits: number
}

export interface Agent {
  version: string
  boot: string
  synced: boolean
  clock_offset_ms: number
  backlog: { records: number; bytes: number; oldest?: number }
  lost: number
  rss_bytes: number
}

export interface Certificate {
  serial: string
  not_before: string
  not_after: string
  revoked_at?: string
}

export interface Device {
  id: string
  kind: DeviceKind
  parent?: string
  name: string
  class?: string
  profile?: string
  division?: string
  place?: Place
  demo: boolean
  state: DeviceState
  error?: string
  last_seen?: string
  series?: Series[]
  agent?: Agent
  certificate?: Certificate
  refused: number
  created_at: string
  updated_at: string
}

export interface Enrolment {
  token: string
  command: string
  uri: string
  expires: string
}

export interface NewDevice {
  id: string
  kind: DeviceKind
  name: string
  division?: string
  place?: Place
  class?: string
}

export interface Enrolled {
  device: Device
  enrol?: Enrolment
  token?: string
}

export type Level = 1 | 2 | 3 | 4
export type AlarmState = 'open' | 'acknowledged' | 'returned' | 'cleared'

export interface Alarm {
  id: string
  rule: string
  rule_name: string
  rule_name_en: string
  source: string
  device: string
  device_name: string
  property: string
  unit: string
  division: string
  level: Level
  state: AlarmState
  value: number
  peak: number
  limit: number
  origin: string
  retrospective: boolean
  demo: boolean
  opened_at: string
  received_at: string
  acked_at?: string
  acked_by?: string
  acked_by_name?: string
  ack_note?: string
  returned_at?: string
  cleared_at?: string
  updated_at: string
}

// Quality of a reading; 0 is good.
export type Quality = number

export interface Latest {
  device: string
  property: string
  at: string
  received_at: string
  value: number
  quality: Quality
}

export interface Bucket {
  at: string
  min: number
  max: number
  mean: number
  last: number
  count: number
}

export interface SeriesData {
  device: string
  property: string
  unit: string
  from: string
  to: string
  step_ms: number
  buckets: Bucket[]
}

export type StreamState = 'idle' | 'starting' | 'live' | 'frozen'

export interface Stream {
  id: string
  state: StreamState
  viewers: number
  since?: string
  frozen_since?: string
  bitrate: number
  error?: string
}

export interface Ticket {
  stream: string
  whep: string
  token: string
  expires: string
}

export interface User {
  id: string
  username: string
  name: string
  org_id: string
  org_name: string
  division: string
  roles: string[]
  disabled: boolean
  must_change_password: boolean
  last_login_at?: string
  created_at: string
}

export interface Session {
  user: User
  permissions: string[]
  must_change_password: boolean
  expires_at: string
}

export interface Org {
  id: string
  parent_id?: string
  name: string
  name_en: string
  division: string
}

export interface Role {
  id: string
  name: string
  name_en: string
  permissions: string[]
}

export interface About {
  name: string
  name_en: string
  version: string
  demo: boolean
  division: string
  division_name: string
}

export interface AuditEntry {
  id: string
  at: string
  actor: string
  actor_name: string
  kind: string
  subject: string
  division: string
  data?: unknown
}

export interface LiveMessage {
  type: 'snapshot' | 'update'
  seq: number
  time: string
  devices?: Device[]
  latest?: Latest[]
  alarms?: Alarm[]
  streams?: Stream[]
  removed?: { devices?: string[]; alarms?: string[]; streams?: string[] }
}
