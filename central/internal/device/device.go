// Package device is the register of what the centre knows in the field: edge agents, the sensors and
// cameras behind them, and simple sensors that speak plain MQTT. It enrols them, says which are alive
// and what they may send. Technicians and the duty desk use it. Rule that must never break: a device
// publishes only under its own name, and a revoked one not at all.
package device

import (
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Kind of device.
type Kind string

// The kinds.
const (
	Edge   Kind = "edge"   // an agent on a terminal, with certificate
	Sensor Kind = "sensor" // behind an edge (Parent set) or simple (Parent empty, with token)
	Camera Kind = "camera" // behind an edge, or outside (Parent empty): somebody sends it by a link
)

// State is whether the device is heard of.
type State string

// The states.
const (
	Never   State = "never"   // registered, not heard of yet
	Online  State = "online"  // connected, or its data is fresh
	Offline State = "offline" // was online; LastSeen says until when
	Fault   State = "fault"   // its edge is online, but the device does not answer; Error says why
	Revoked State = "revoked"
)

// Device is one registered thing. Its JSON is the API's and the live view's.
type Device struct {
	ID       string      `json:"id"`
	Kind     Kind        `json:"kind"`
	Parent   string      `json:"parent,omitempty"` // the edge it is behind
	Name     string      `json:"name"`
	NameEN   string      `json:"name_en,omitempty"` // shown in English; empty: Name
	Class    string      `json:"class,omitempty"`   // vocabulary: water_level, gas, position, video, terminal
	Profile  string      `json:"profile,omitempty"`
	Division string      `json:"division,omitempty"` // GB/T 2260 or township code
	Place    *wire.Place `json:"place,omitempty"`
	Demo     bool        `json:"demo"`
	State    State       `json:"state"`
	Error    string      `json:"error,omitempty"`

	Fault *wire.CameraFault `json:"fault,omitempty"` // names Error of a camera

	LastSeen  *time.Time   `json:"last_seen,omitempty"`
	Series    []Series     `json:"series,omitempty"`
	Agent     *Agent       `json:"agent,omitempty"` // edges only
	Cert      *Certificate `json:"certificate,omitempty"`
	Refused   uint64       `json:"refused"` // messages and readings refused since the start of the centre
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// Series is one observed property of a sensor.
type Series struct {
	Property string `json:"property"`
	Name     string `json:"name"`
	NameEN   string `json:"name_en"`
	Unit     string `json:"unit"`
	Digits   int    `json:"digits"`
}

// Agent is what an edge says of itself.
type Agent struct {
	Version  string       `json:"version"`
	Boot     string       `json:"boot"`
	Synced   bool         `json:"synced"`
	Offset   int64        `json:"clock_offset_ms"` // edge clock minus centre clock at the last message
	Backlog  wire.Backlog `json:"backlog"`
	Lost     uint64       `json:"lost"`
	Refused  uint64       `json:"refused"` // readings the agent itself could not take
	RSSBytes uint64       `json:"rss_bytes"`

	Budget  wire.BudgetLevel  `json:"budget,omitempty"`  // how sparing it is with the data of its SIM
	Applied *wire.ConfigState `json:"applied,omitempty"` // the configuration that runs; older agents do not say

	Upgrade *wire.UpgradeState `json:"upgrade,omitempty"` // programs that it has; older agents do not say

	// Lives are the outboxes that have spoken as this edge, the one that spoke last first: two that take turns are
	// two terminals.
	Lives []Life `json:"lives,omitempty"`

	Disk *wire.DiskState `json:"disk,omitempty"` // why it does not keep what it measures; nil while it does

	Maintenance string `json:"maintenance,omitempty"` // wire.MaintenanceSet.Hash of what it keeps its outputs still for
}

// Life is one outbox of an edge: an epoch, and the start of the agent that greeted with it last.
type Life struct {
	Epoch   string    `json:"epoch"` // hexadecimal
	Boot    string    `json:"boot"`  // wire.ShortBoot
	Address string    `json:"address"`
	At      time.Time `json:"at"`
}

// Reported is the last status of an edge and when it came.
type Reported struct {
	At     time.Time   `json:"at"`
	Status wire.Status `json:"status"`
	Faults []BadInput  `json:"faults"` // of what is behind it, the newest first
}

// Certificate is the valid certificate of an edge.
type Certificate struct {
	Serial    string     `json:"serial"`
	NotBefore time.Time  `json:"not_before"`
	NotAfter  time.Time  `json:"not_after"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}
