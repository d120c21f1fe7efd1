package tsdb

import (
	"sync"

	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// space watches the room on the disk. Readings are refused while less than the reserve is free, so that
// alarms and everything else the centre keeps still find room.
type space struct {
	reserve int64 // bytes; 0: nothing is refused
	free    func() (int64, error)

	mu      sync.Mutex
	short   bool
	last    int64 // free at the last look
	refused int64
}

// enough is how much of the reserve must be free before readings are taken again, in percent: otherwise the
// state would change with every commit.
const enough = 120

// full looks at the disk and says whether readings must be refused. A disk that cannot be looked at is taken
// as it was.
func (s *space) full() bool {
	free, err := s.free()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.last = free
		need := s.reserve
		if s.short {
			need = s.reserve / 100 * enough
		}
		s.short = s.reserve > 0 && free < need
	}
	return s.short
}

func (s *space) refuse(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused += int64(n)
}

// Health implements telemetry.Store.
func (d *DB) Health() telemetry.Health {
	out := telemetry.Health{State: telemetry.Healthy}
	d.trouble.Lock()
	switch {
	case d.trouble.commit:
		out.State, out.Part = telemetry.Failing, "commit"
	case d.trouble.seal:
		out.State, out.Part = telemetry.Failing, "seal"
	}
	d.trouble.Unlock()
	if state := d.Forwarding().State; out.State == telemetry.Healthy && (state == telemetry.ForwardBehind || state == telemetry.ForwardSetup) {
		out.State, out.Part = telemetry.Behind, string(state)
	}
	if d.space.full() {
		out.State, out.Part = telemetry.DiskFull, ""
	}
	d.space.mu.Lock()
	defer d.space.mu.Unlock()
	out.FreeBytes, out.ReserveBytes, out.Refused = d.space.last, d.space.reserve, d.space.refused
	return out
}

// trouble is what did not work when it was last tried.
type trouble struct {
	sync.Mutex
	commit, seal bool
}

func (t *trouble) note(part *bool, err error) {
	t.Lock()
	defer t.Unlock()
	*part = err != nil
}
