package wire

import "encoding/json"

// Config is a desired configuration, on ConfigTopic. The edge checks it, tries it, and keeps it only when
// it reaches the centre with it; the outcome is an EventResult whose Command is ID, and stands in
// ConfigState.Last. Sent again, it is not tried again.
type Config struct {
	ID       string          `json:"id"`       // UUIDv7
	Version  uint64          `json:"version"`  // the centre's number, from 1
	Hash     string          `json:"hash"`     // SHA-256 of the canonical document (shared/desired), hexadecimal
	Document json.RawMessage `json:"document"` // whole: what it leaves out has its default
}

// ConfigState is the configuration that an edge runs, in Hello and Status.
type ConfigState struct {
	Version uint64         `json:"version"`          // 0: that of edge.yml
	Hash    string         `json:"hash"`             // of its canonical document
	Trial   bool           `json:"trial,omitempty"`  // not confirmed yet: it may go back to the one before
	Edited  bool           `json:"edited,omitempty"` // edge.yml has been edited since, and that has no effect
	Last    *ConfigOutcome `json:"last,omitempty"`   // of the newest version that the centre sent
}

// ConfigOutcome is what became of a version.
type ConfigOutcome struct {
	Version uint64 `json:"version"`
	Hash    string `json:"hash"`
	OK      bool   `json:"ok,omitempty"`
	Error   string `json:"error,omitempty"` // why it was refused or rolled back
	At      int64  `json:"at"`              // Unix milliseconds
}

// ConfigTold answers CommandConfigTell as an EventConfig in lane 1.
type ConfigTold struct {
	Hash     string          `json:"hash"`
	Document json.RawMessage `json:"document"`
}
