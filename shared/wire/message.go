package wire

import "encoding/json"

// Range is a run of sequence numbers, both ends included.
type Range [2]uint64

// LaneRanges are the ranges of one lane.
type LaneRanges struct {
	Lane   Lane    `json:"lane"`
	Ranges []Range `json:"ranges"`
}

// Ack tells an edge what is committed. Hello is set on the answer to a Hello, which then lists
// everything the centre holds of the epoch: the edge takes these as acked and sends the rest, even what
// it believed acked before.
type Ack struct {
	Epoch  uint64       `json:"epoch"`
	Hello  bool         `json:"hello,omitempty"`
	Lanes  []LaneRanges `json:"lanes"`
	Time   int64        `json:"time"`            // the centre's clock, Unix milliseconds
	Window int          `json:"window"`          // how many batches may be unacked
	Means  bool         `json:"means,omitempty"` // of a hello: this centre reads means with their count (Reading.Count)

	Boot string `json:"boot,omitempty"` // of a hello: whose it answers; another terminal may speak under the same identity
	Fork bool   `json:"fork,omitempty"` // of a hello: another terminal uses this epoch; begin a new one and greet again
}

// MaxBoots is how many earlier starts a Hello names.
const MaxBoots = 64

// ShortBoot is the id of a start as Hello.Boots has it.
func ShortBoot(boot string) string { return boot[:min(len(boot), 8)] }

// Hello greets the centre after each connect.
type Hello struct {
	Version  int              `json:"version"`           // of this protocol
	Agent    string           `json:"agent"`             // version of the program
	Boot     string           `json:"boot"`              // id of this start of the agent
	Boots    []string         `json:"boots,omitempty"`   // ShortBoot of the starts before it from the same outbox, newest first, at most MaxBoots
	Address  string           `json:"address,omitempty"` // its own end of the connection, and that of the network card
	Epoch    uint64           `json:"epoch"`
	Time     int64            `json:"time"` // the edge's clock, Unix milliseconds
	Synced   bool             `json:"synced"`
	Lanes    []LaneHello      `json:"lanes"`
	Place    *Place           `json:"place,omitempty"`
	Name     string           `json:"name,omitempty"`
	NameEN   string           `json:"name_en,omitempty"`  // shown in English
	Division string           `json:"division,omitempty"` // GB/T 2260, of the terminal itself
	Sensors  []SensorDeclared `json:"sensors"`
	Cameras  []CameraDeclared `json:"cameras"`
	Applied  *ConfigState     `json:"applied,omitempty"` // the configuration that runs
	Clock    string           `json:"clock,omitempty"`   // where its time comes from, as ClockState.Source

	Maintenance string `json:"maintenance,omitempty"` // Hash of the MaintenanceSet that it holds
}

// LaneHello is what an edge still holds of a lane: numbers First to Next-1.
type LaneHello struct {
	Lane  Lane   `json:"lane"`
	First uint64 `json:"first"`
	Next  uint64 `json:"next"`
}

// Place is where something stands: WGS 84 degrees, longitude first in the name of the map.
type Place struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

// OnEarth reports whether the degrees are of a place on earth: ±180 and ±90.
func (p Place) OnEarth() bool {
	return p.Lon >= -180 && p.Lon <= 180 && p.Lat >= -90 && p.Lat <= 90
}

// SensorDeclared is a device behind the edge with the series it sends. Readings of other series are
// refused.
type SensorDeclared struct {
	ID       string           `json:"id"`
	Name     string           `json:"name"`
	NameEN   string           `json:"name_en,omitempty"` // shown in English
	Class    string           `json:"class"`             // vocabulary: water_level, gas, position, …
	Profile  string           `json:"profile"`           // profile that reads it
	Division string           `json:"division,omitempty"`
	Place    *Place           `json:"place,omitempty"`
	Demo     bool             `json:"demo,omitempty"`
	Series   []SeriesDeclared `json:"series"`
}

// SeriesDeclared is one observed property.
type SeriesDeclared struct {
	Property string `json:"property"`
	Name     string `json:"name"`    // Chinese label
	NameEN   string `json:"name_en"` // English label
	Unit     string `json:"unit"`    // UCUM
	Digits   int    `json:"digits"`  // decimals to show
}

// CameraDeclared is a camera behind the edge.
type CameraDeclared struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	NameEN   string `json:"name_en,omitempty"` // shown in English
	Division string `json:"division,omitempty"`
	Place    *Place `json:"place,omitempty"`
	Demo     bool   `json:"demo,omitempty"`
}

// Status is the retained state of an edge. The last will is Status{State: "offline"}.
type Status struct {
	State    string        `json:"state"` // online, offline
	Boot     string        `json:"boot,omitempty"`
	Time     int64         `json:"time,omitempty"`
	Synced   bool          `json:"synced,omitempty"`
	Backlog  Backlog       `json:"backlog"`
	Refused  uint64        `json:"refused,omitempty"` // readings the agent itself could not take
	Lost     uint64        `json:"lost,omitempty"`    // readings dropped because the disk was full
	Sensors  []SensorState `json:"sensors,omitempty"`
	Cameras  []CameraState `json:"cameras,omitempty"`
	Outputs  []OutputState `json:"outputs,omitempty"`
	RSSBytes uint64        `json:"rss_bytes,omitempty"`

	Trouble     string       `json:"trouble,omitempty"` // why the disk keeps nothing, or alarms only
	Disk        *DiskState   `json:"disk,omitempty"`    // the same for programs; left out while the disk keeps everything
	Budget      *BudgetState `json:"budget,omitempty"`
	Clock       *ClockState  `json:"clock,omitempty"`
	KeepAlive   int          `json:"keep_alive_s,omitempty"`  // a silent link is probed after so many seconds
	Config      string       `json:"config,omitempty"`        // beginning of the SHA-256 of edge.yml
	Applied     *ConfigState `json:"applied,omitempty"`       // the configuration that runs
	Certificate int64        `json:"certificate,omitempty"`   // it is valid until, Unix milliseconds
	Agent       string       `json:"agent_version,omitempty"` // version of the program

	Ring        []RingState   `json:"ring,omitempty"`        // what it records by itself
	Speaker     *SpeakerState `json:"speaker,omitempty"`     // left out: it has none
	Upgrade     *UpgradeState `json:"upgrade,omitempty"`     // programs that it has, and the one that it is to have
	Maintenance string        `json:"maintenance,omitempty"` // Hash of the MaintenanceSet that it holds
}

// DiskKind is what is wrong with a disk.
type DiskKind string

// The kinds.
const (
	DiskFull    DiskKind = "full"    // only alarms and states are kept
	DiskFailing DiskKind = "failing" // it refuses what is written
	DiskMemory  DiskKind = "memory"  // it could not be used at the start: all is kept in memory and dies with the agent
)

// DiskState is the disk of an edge while it does not keep what is measured.
type DiskState struct {
	Kind  DiskKind `json:"kind"`
	Path  string   `json:"path"`            // folder on it that the edge writes to
	Since int64    `json:"since"`           // Unix milliseconds
	Lost  uint64   `json:"lost,omitempty"`  // readings that were not kept since then
	Error string   `json:"error,omitempty"` // what the system said
}

// BudgetLevel is how sparing an edge is with the data of its SIM.
type BudgetLevel string

// The levels.
const (
	BudgetNormal BudgetLevel = "normal"
	BudgetEco    BudgetLevel = "eco"    // readings are sent in long batches, the backlog waits
	BudgetAlarms BudgetLevel = "alarms" // lanes 0 and 1 only; pictures only when forced with a reason
)

// BudgetState is what an edge has sent and received since From, counted at its connections.
type BudgetState struct {
	Level    BudgetLevel `json:"level"`
	Limit    uint64      `json:"limit,omitempty"`   // bytes of a month, 0: none
	Messages uint64      `json:"messages"`          // bytes of MQTT
	Video    uint64      `json:"video"`             // bytes of WHIP and WebRTC
	Upgrade  uint64      `json:"upgrade,omitempty"` // bytes of programs
	From     int64       `json:"from,omitempty"`    // Unix milliseconds
	Until    int64       `json:"until,omitempty"`
}

// ClockState is where the time of an edge comes from.
type ClockState struct {
	Source string `json:"source"`            // system, centre, gnss, none
	Jumps  uint64 `json:"jumps,omitempty"`   // steps of the machine's clock since the start
	Jump   int64  `json:"jump_ms,omitempty"` // the last of them
}

// Backlog is what an edge holds that the centre has not committed.
type Backlog struct {
	Records uint64 `json:"records"`
	Bytes   uint64 `json:"bytes"`
	Oldest  int64  `json:"oldest,omitempty"`  // Unix milliseconds
	Drain   int64  `json:"drain_s,omitempty"` // estimated seconds until it is sent, from the pace of the last minutes
}

// SensorState says whether a device behind the edge answers. Neither OK nor an Error: it was not asked yet.
type SensorState struct {
	ID    string `json:"id"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	At    int64  `json:"at,omitempty"`    // last good answer, Unix milliseconds
	Taken uint64 `json:"taken,omitempty"` // answers since the start of the agent that its death does not lose

	Faults    map[string]uint64 `json:"faults,omitempty"` // since the start of the agent, by kind
	LastFault *SensorFault      `json:"last_fault,omitempty"`
}

// SensorFault is a frame of a device that was refused, or an answer that did not come.
type SensorFault struct {
	Kind string `json:"kind"` // unreachable, timeout, exception, checksum, short, oversized, malformed, unit, denied, unread, range, duplicate, reordered, late, clock, too_fast, panic
	At   int64  `json:"at"`   // Unix milliseconds
	Text string `json:"text"`
	Raw  string `json:"raw,omitempty"` // the frame in hexadecimal, at most 256 bytes of it
}

// CameraState says whether a camera answers and whether it is being sent.
type CameraState struct {
	ID      string `json:"id"`
	OK      bool   `json:"ok"`
	Sending bool   `json:"sending"`
	Error   string `json:"error,omitempty"`

	Fault *CameraFault `json:"fault,omitempty"` // names Error, where it has a name
	Steer *SteerState  `json:"steer,omitempty"` // left out: it cannot be turned
	Sound *SoundState  `json:"sound,omitempty"` // left out: its sound is not switched on
	Sub   *SubState    `json:"sub,omitempty"`   // left out: it has no smaller picture
}

// CameraFault names why a camera gives no picture.
type CameraFault struct {
	Kind string `json:"kind"`          // CameraUnreachable, ...; a newer agent may know others
	Has  string `json:"has,omitempty"` // of CameraCodec: the codecs that it sends instead, such as H265
}

// Kinds of faults of a camera.
const (
	CameraUnreachable = "unreachable" // it does not answer
	CameraPassword    = "password"    //nolint:gosec // the kind of a fault: it refuses the user or password
	CameraPath        = "path"        // it does not know the path of the picture
	CameraCodec       = "codec"       // it sends no H.264
	CameraBFrames     = "b_frames"    // it sends pictures out of order, which browsers do not get by WebRTC
	CameraStalled     = "stalled"     // it stopped sending
	CameraSource      = "source"      // of the terminal itself: its program or file gives nothing
)

// SubState is the smaller picture of a camera.
type SubState struct {
	Sending bool   `json:"sending"`
	Error   string `json:"error,omitempty"` // why it did not come when it was wanted last
}

// SoundState is the sound of a camera that is switched on. Neither a codec nor an error: nobody has looked yet.
type SoundState struct {
	Codec string `json:"codec,omitempty"` // opus, pcma
	Has   string `json:"has,omitempty"`   // the codec that the camera has instead and that is not passed on
	Error string `json:"error,omitempty"` // why there is none
}

// OutputState says how a siren or a relay stands. Its device is one of the sensors.
type OutputState struct {
	Device string   `json:"device"`
	Output string   `json:"output"`
	Name   string   `json:"name"`            // Chinese label
	NameEN string   `json:"name_en"`         // English label
	MaxOn  int      `json:"max_on"`          // seconds away from its safe state at a stretch, at most
	Safe   bool     `json:"safe"`            // whether its safe state is on
	On     *bool    `json:"on,omitempty"`    // as the device confirmed; left out: not known
	At     int64    `json:"at,omitempty"`    // when it was confirmed, Unix milliseconds
	Until  int64    `json:"until,omitempty"` // when it goes back to its safe state, Unix milliseconds
	Why    []string `json:"why,omitempty"`   // "command", or "rule device property" of an alarm
	Error  string   `json:"error,omitempty"`
}

// Command asks an edge to do something. A command past Expires is not done.
type Command struct {
	ID      string          `json:"id"` // UUIDv7
	Kind    string          `json:"kind"`
	Expires int64           `json:"expires"` // Unix milliseconds of the centre's clock
	Body    json.RawMessage `json:"body,omitempty"`
}

// Kinds of commands.
const (
	CommandMediaStart = "media/start" // Body is MediaStart
	CommandMediaStop  = "media/stop"  // Body is MediaStop
	CommandRenew      = "cert/renew"  // no body: renew the certificate now
	CommandOutputSet  = "output/set"  // Body is OutputSet
	CommandConfigTell = "config/tell" // no body: send the configuration that runs as an EventConfig

	CommandMaintenance = "maintenance/set" // Body is MaintenanceSet
)

// CommandResult is the outcome of a command, sent as an EventResult in lane 1.
type CommandResult struct {
	Command string `json:"command"` // ID of the command
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
	Code    string `json:"code,omitempty"`   // why it is not OK, for programs: CodeUnknown, CodeBusy
	Answer  []byte `json:"answer,omitempty"` // UTF-8 text, zstd; at most MaxAnswer
}

// MediaStart asks for a stream and leases it: the edge stops LeaseSeconds after the last MediaStart.
type MediaStart struct {
	Camera       string `json:"camera"`
	Stream       string `json:"stream"`
	WHIP         string `json:"whip"`  // URL to publish to; a path is meant on the host of the centre's URL
	Token        string `json:"token"` // bearer token for that URL
	LeaseSeconds int    `json:"lease_seconds"`
	Reason       string `json:"reason,omitempty"` // why although the data budget is used up: forces it
	Layer        string `json:"layer,omitempty"`  // LayerSub, or empty: the large picture
}

// LayerSub asks for the smaller picture of a camera. It is a stream of its own, beside the large one.
const LayerSub = "sub"

// RefusedBudget is what an edge answers to a MediaStart without a reason when its data budget is used up.
const RefusedBudget = "the data budget of this terminal is used up; give a reason to force the picture"

// RefusedNotEnrolled is what an edge answers to CommandRenew when its certificate did not come by enrolment.
const RefusedNotEnrolled = "the certificate of this terminal did not come by enrolment"

// MediaStop ends a lease at once.
type MediaStop struct {
	Stream string `json:"stream"`
}

// OutputSet switches a siren or a relay. Away from its safe state it is for Seconds (0: as long as the
// output allows), never longer than its max_on; switching to the safe state ends alarms' hold of it, too.
type OutputSet struct {
	Device  string `json:"device"`
	Output  string `json:"output"`
	On      bool   `json:"on"`
	Seconds int    `json:"seconds,omitempty"`
}
