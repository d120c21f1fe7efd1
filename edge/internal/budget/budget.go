// Package budget counts what the terminal sends and receives over its SIM and says how sparing it must be.
// edge/app wraps every connection to the centre with it; uplink and publisher ask for the level. Rule that
// must never break: an alarm is sent at every level.
package budget

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Kind is what the bytes were for.
type Kind int

// The kinds.
const (
	Messages Kind = iota // MQTT
	Video                // WHIP and WebRTC
	Upgrade              // programs that are fetched
	kinds
)

// Options are the plan of the SIM. The zero value has no limit: bytes are counted and nothing is spared.
type Options struct {
	Limit    int64          // bytes of a month
	ResetDay int            // day of the month on which the count begins anew, 1–28; 0 is 1
	Zone     *time.Location // whose midnight that is; nil: the machine's
	Eco      float64        // share of the limit from which data is spared
	Alarms   float64        // share from which alarms and states alone are sent
}

// Meter counts.
type Meter struct {
	o Options

	mu   sync.Mutex
	used [kinds]int64
	from time.Time // beginning of the period; zero until the clock was set once
	kept [kinds]int64
}

// saved is what is kept over a restart.
type saved struct {
	From int64        `json:"from"` // Unix milliseconds
	Used [kinds]int64 `json:"used"`
}

// New makes a meter that goes on from what Save gave; nil begins at nothing.
func New(o Options, kept []byte) (*Meter, error) {
	m := &Meter{o: o}
	if len(kept) == 0 {
		return m, nil
	}
	var s saved
	if err := json.Unmarshal(kept, &s); err != nil {
		return m, fmt.Errorf("read the kept count of bytes: %w", err)
	}
	m.used, m.kept = s.Used, s.Used
	if s.From != 0 {
		m.from = wire.Time(s.From)
	}
	return m, nil
}

// Count adds bytes, in either direction.
func (m *Meter) Count(kind Kind, n int) {
	if n <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used[kind] += int64(n)
}

// Save is what must be kept over a restart, nil when nothing has been counted since the last time.
func (m *Meter) Save() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used == m.kept {
		return nil, nil
	}
	s := saved{Used: m.used}
	if !m.from.IsZero() {
		s.From = wire.Millis(m.from)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the count of bytes: %w", err)
	}
	m.kept = m.used
	return text, nil
}

// Level is how sparing the terminal must be. now counts only when the clock is set: a terminal that does
// not know the date does not begin a new month.
func (m *Meter) Level(now time.Time, set bool) wire.BudgetLevel {
	return m.State(now, set).Level
}

// State is the level and what led to it.
func (m *Meter) State(now time.Time, set bool) wire.BudgetState {
	m.mu.Lock()
	defer m.mu.Unlock()
	if set {
		if from := m.o.begin(now); from.After(m.from) {
			if !m.from.IsZero() {
				m.used = [kinds]int64{}
			}
			m.from = from
		}
	}
	s := wire.BudgetState{
		Level: wire.BudgetNormal, Limit: uint64(max(m.o.Limit, 0)), //nolint:gosec // not negative
		Messages: uint64(m.used[Messages]), Video: uint64(m.used[Video]), Upgrade: uint64(m.used[Upgrade]), //nolint:gosec // not negative
	}
	if !m.from.IsZero() {
		s.From = wire.Millis(m.from)
		s.Until = wire.Millis(m.o.begin(m.from.AddDate(0, 1, 3)))
	}
	if m.o.Limit <= 0 {
		return s
	}
	switch share := float64(m.used[Messages]+m.used[Video]+m.used[Upgrade]) / float64(m.o.Limit); {
	case share >= m.o.Alarms:
		s.Level = wire.BudgetAlarms
	case share >= m.o.Eco:
		s.Level = wire.BudgetEco
	}
	return s
}

// begin is the last reset day at or before a time.
func (o Options) begin(now time.Time) time.Time {
	if now = now.Local(); o.Zone != nil {
		now = now.In(o.Zone)
	}
	day := max(o.ResetDay, 1)
	from := time.Date(now.Year(), now.Month(), day, 0, 0, 0, 0, now.Location())
	if from.After(now) {
		from = time.Date(now.Year(), now.Month()-1, day, 0, 0, 0, 0, now.Location())
	}
	return from
}
