// The shapes of the centre's API. They come from the generated document (schema.d.ts); here they get short
// names, and words and levels are narrowed to those that exist. What the document says differently
// from what the console uses does not compile.
import type { components } from './schema'

export type S = components['schemas']
type Narrow<T, N extends { [K in keyof N]: K extends keyof T ? unknown : never }> = Omit<T, keyof N> & N

export interface Page<T> {
  items: T[]
  next?: string
}

export type Place = S['Place']

export type DeviceKind = 'edge' | 'sensor' | 'camera'
export type DeviceState = 'never' | 'online' | 'offline' | 'fault' | 'revoked'
export type Series = S['Series']
export type Agent = S['Agent']
export type Certificate = S['Certificate']
export type Device = Narrow<S['Device'], { kind: DeviceKind; state: DeviceState; series?: Series[] }>
export type Enrolment = S['Enrolment']
export type Pass = S['Pass']
export type NewDevice = S['DeviceNew']
export type DeviceChange = S['DeviceChange']
export type Enrolled = Narrow<S['DeviceAdded'], { device: Device }>

export type EdgeStatus = S['Status']
export type Loss = S['Loss']
export type ConfigVersion = S['Version']
export type Release = S['Release']
export type ReleaseTrust = S['ReleaseTrust']['trust']
export type Rollout = S['Rollout']
export type Upgrade = S['Upgrade']
// What a terminal may be asked about itself, and what became of a question.
export type DiagnosisName = 'status' | 'log' | 'network' | 'clock' | 'disk' | 'outbox' | 'driver' | 'camera' | 'goroutines' | 'heap'
type QuestionState = 'asked' | 'answered' | 'refused' | 'silent' | 'unknown'
export type Diagnosis = Narrow<S['Diagnosis'], { name: DiagnosisName; about?: 'sensor' | 'camera' }>
export type Question = Narrow<S['Question'], { name: DiagnosisName; state: QuestionState }>
export type DiagnosisAnswer = Narrow<S['Answer'], { name: DiagnosisName; state: QuestionState }>

// A roll-out gives parts of the configuration, or a program of a version, to many terminals.
export type RolloutMember = S['Member']

export type Level = 1 | 2 | 3 | 4
export type AlarmState = 'open' | 'acknowledged' | 'returned' | 'cleared'
export type Alarm = Narrow<S['Alarm'], { level: Level; state: AlarmState }>

export type AlarmStepKind = 'opened' | 'reopened' | 'rang' | 'returned' | 'acknowledged' | 'cleared' | 'commented' | 'shelved' | 'unshelved' | 'escalated' | 'maintained' | 'live' | 'rule_gone'
export type AlarmStep = Narrow<S['Step'], { kind: AlarmStepKind }>
// A line of the log: a step with its alarm as it stands now.
export type AlarmLine = Narrow<S['Line'], { kind: AlarmStepKind; alarm: Alarm }>

// What somebody works on, and when.
export type MaintenanceTarget = 'device' | 'terminal' | 'class' | 'rule'
export type Maintenance = Narrow<S['Window'], { target: MaintenanceTarget; state: 'now' | 'coming' | 'past' }>
export type MaintenancePlan = S['PlanBody']
export type MaintenanceLimits = S['Limits']
// When alarms that nobody acknowledges are passed on.
export type Desk = S['Desk']
export type EscalationEntry = Narrow<S['Escalates'], { level: Level }>
export type EscalationPolicy = Narrow<S['Policy'], { entries: EscalationEntry[] }>

export type Rule = Narrow<S['Rule'], { level: Level }>
export type RuleState = 'draft' | 'published' | 'withdrawn'
interface RuleTexts { state: RuleState; rule: Rule; offer?: Rule; draft?: Narrow<S['Draft'], { rule: Rule }> }
// KeptRule is a rule of the book, BookRule its line in the list, RuleDetail all of it.
export type KeptRule = Narrow<S['Kept'], RuleTexts>
export type BookRule = Narrow<S['BookLine'], RuleTexts>
export type RuleOverride = S['RuleOverride']
// An exception by which a rule is off or weaker.
export type StandingException = Narrow<S['Standing'], { body: Rule }>
export type TerminalRules = Narrow<S['TerminalRules'], { state: 'own' | 'waiting' | 'applied' | 'failed' }>
export type RuleDetail = Narrow<S['RuleDetail'], RuleTexts & { holding: RuleOverride[]; terminals: TerminalRules[]; units: string[] }>
export type RuleVersion = Narrow<S['RuleVersion'], { body: Rule; origin: 'shipped' | 'person' }>
export type RuleDifference = S['Difference']
// Trial is what a rule would have raised on one device.
export type Trial = Narrow<S['Trial'], { alarms: S['TrialAlarm'][] }>

// Quality of a reading; 0 is good.
export type Quality = number
export type Latest = S['Latest']
export type Bucket = S['Bucket']
export type SeriesData = Narrow<S['Chart'], { buckets: Bucket[] }>

export type Compared = S['Compared']
export type Comparison = S['Comparison']
// What was heard and lost of terminals, of simple sensors and of what is behind a terminal.
export type Contact = Narrow<S['Contact'], { kind: 'started' | 'lost' | 'back' | 'fault' | 'well' }>
// A reading as the centre stores it.
export type StoredReading = S['Row']
export type DiskState = S['DiskState']
export type Reported = S['Reported']
// How the store of readings does.
export type Health = S['Health']
// What is kept apart because its time cannot be true, by device, and one by one.
export type Apart = S['Apart']
export type ApartRow = S['ApartRow']
export type Acted = S['Acted']
export type Hold = S['Hold']
export type Rejection = S['Rejection']
export type StoreStats = S['Stats']
export type QualityChoice = Comparison['quality']

export type Output = S['Output']
export type Switching = S['Switching']

export type StreamState = 'idle' | 'starting' | 'live' | 'frozen'
export type Sent = S['Sent']
export type Stream = Narrow<S['Stream'], { state: StreamState }>
export type Ticket = S['Ticket']
export type SavedWall = S['Wall']

export type User = Narrow<S['User'], { roles: string[] }>
export type NewUser = Narrow<S['NewUser'], { user: User }>
export type UserInput = S['UserCreateBody']
export type UserChange = S['UserChangeBody']
export type Session = Narrow<S['SessionView'], { user: User; permissions: string[] }>
export type Org = S['Org']
export type Role = Narrow<S['Role'], { permissions: string[] }>
export type About = S['About']
export type AuditEntry = S['AuditView']
export type Problem = Partial<S['Problem']>

// Sharper names the shapes of the document that the console knows more exactly than the document says.
interface Sharper {
  Alarm: Alarm
  BookLine: BookRule
  Kept: KeptRule
  RuleDetail: RuleDetail
  RuleVersion: RuleVersion
  Contact: Contact
  Line: AlarmLine
  Step: AlarmStep
  Chart: SeriesData
  Device: Device
  DeviceAdded: Enrolled
  NewUser: NewUser
  Role: Role
  Rule: Rule
  SessionView: Session
  Stream: Stream
  Trial: Trial
  User: User
}
type Sharpened<T> = { [K in keyof Sharper]: [T] extends [S[K]] ? ([S[K]] extends [T] ? Sharper[K] : never) : never }[keyof Sharper]

// Sharp is a shape of the document as the console knows it, in lists as well.
export type Sharp<T> = [Sharpened<T>] extends [never] ? (T extends { items: (infer I)[] | null } ? Omit<T, 'items' | '$schema'> & { items: Sharp<I>[] } : T) : Sharpened<T>

// The live view is a socket and not part of the document.
export interface LiveMessage {
  type: 'snapshot' | 'part' | 'update'
  seq: number
  time: string
  devices?: Device[]
  latest?: Latest[]
  alarms?: Alarm[]
  streams?: Stream[]
  // sent is what pictures of this user are sent as.
  sent?: Sent[]
  rules?: string
  steer?: string
  talk?: string
  crew?: string
  rooms?: string
  unkept?: boolean
  cases?: string
  desks?: string[]
  windows?: Maintenance[]
  health?: Health
  desk?: string
  duty?: string
  removed?: { devices?: string[] }
  // more: there is another part of the snapshot, which is to be asked for.
  more?: boolean
  // crowd: where the devices stand that come in the later parts of a large snapshot.
  crowd?: Crowd
}

// Crowd is how many devices stand around each of some places, in columns.
export interface Crowd {
  lon: number[]
  lat: number[]
  count: number[]
}

// What is kept of pictures.
export type RecordingMode = 'off' | 'always' | 'alarm'
export type RecordedCamera = Narrow<S['RecordingCamera'], { mode: RecordingMode }>
export type RecordedSegment = Narrow<S['RecordingSegment'], { source: 'live' | 'edge'; sound?: 'opus' | 'flac' }>
export type RecordedSpan = Narrow<S['RecordingSpan'], { source: 'live' | 'edge' }>
export type RecordingSitting = S['RecordingSitting']
export type RecordingBucket = S['RecordingBucket']
export type RecordingMark = S['RecordingMark']
export type RecordingClip = Narrow<S['RecordingClip'], { state: 'making' | 'made' | 'failed'; trouble?: 'nothing' | 'room' | 'burn' | 'bucket' | 'disk' }>
export type Snapshot = Narrow<S['RecordingSnapshot'], { origin: 'live' | 'replay' | 'alarm'; type: 'image/jpeg' | 'image/png' | 'video/mp4' }>
export type RecordingHold = S['RecordingHold']
export type SceneList = S['RecordingSceneList']
export type IncidentScene = Narrow<S['RecordingScene'], { why?: 'closed' | 'stopped' }>
export type RecordingCost = S['RecordingCost']

// TalkListener is a scene that can be spoken to; Heard is what became of one in a call.
export type TalkListener = S['Listener']
export type Heard = S['Heard']

// CrewMessage is a short order to the people at a scene.
export type CrewMessage = S['CrewMessage']

// SteerHead is a camera that turns.
export type SteerHead = S['Head']
