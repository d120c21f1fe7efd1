package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// MaxSpans is how many times a MaintenanceSet holds.
const MaxSpans = 500

// MaintenanceSet is the body of CommandMaintenance: every time in which what is behind an edge is worked on,
// in place of what it was given before. Alarms of that time are recorded and sent, and switch no output.
type MaintenanceSet struct {
	Spans []MaintenanceSpan `json:"spans"`
}

// MaintenanceSpan holds from From until before To, Unix milliseconds, without a word of the centre between.
type MaintenanceSpan struct {
	From    int64    `json:"from"`
	To      int64    `json:"to"`
	Rule    string   `json:"rule,omitempty"` // only this rule
	Devices []string `json:"devices"`        // on these devices
}

// ParseMaintenance reads the body of a command.
func ParseMaintenance(body []byte) (MaintenanceSet, error) {
	var m MaintenanceSet
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("read maintenance: %w", err)
	}
	if len(m.Spans) > MaxSpans {
		return m, fmt.Errorf("read maintenance: %d times are more than %d", len(m.Spans), MaxSpans)
	}
	for i, s := range m.Spans {
		if s.From >= s.To || (s.Rule != "" && !ValidID(s.Rule)) || len(s.Devices) == 0 {
			return m, fmt.Errorf("read maintenance: spans.%d: from, to, rule or devices are not sound", i)
		}
		for _, d := range s.Devices {
			if !ValidID(d) {
				return m, fmt.Errorf("read maintenance: spans.%d.devices: %.64q is not a device id", i, d)
			}
		}
	}
	return m, nil
}

// Hash tells two sets apart: the SHA-256 in hexadecimal, empty for one without any time.
func (m MaintenanceSet) Hash() string {
	if len(m.Spans) == 0 {
		return ""
	}
	text, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
