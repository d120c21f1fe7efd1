package device

import (
	"context"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// register is every device in memory: what is stored and what is only heard.
type register struct {
	mu     sync.RWMutex
	loaded bool
	synced time.Time
	all    map[string]*entry
	behind map[string]map[string]struct{} // edge → what is behind it
	missed map[string]time.Time           // ids that are not in the database either

	started   time.Time // of Run
	contacts  []Contact // not written yet
	unwritten uint64    // contacts for which there was no room
}

// entry is one device. Its fields are guarded by the register.
type entry struct {
	rec       Record
	series    map[string]struct{}
	state     State // never Revoked; view decides that
	fault     string
	named     *wire.CameraFault // the fault's name, of a camera
	connected bool              // an edge with a session
	seen      *time.Time
	agent     *Agent
	reported  *Reported // of an edge, since the start of the centre
	refused   uint64
	dirty     bool // seen or agent is not written yet
	missing   missing
}

// view is the device as everybody sees it.
func (e *entry) view() Device {
	d := e.rec.Device
	d.State, d.Error, d.Refused, d.LastSeen, d.Agent = e.state, e.fault, e.refused, e.seen, e.agent
	if e.state == Fault {
		d.Fault = e.named
	}
	if e.rec.RevokedAt != nil {
		d.Fault = nil
		d.State, d.Error = Revoked, ""
	}
	return d
}

func (e *entry) removed() bool { return e.rec.RemovedAt != nil }

// hears notes a sign of life. The pointer is new each time: views handed out keep theirs.
func (e *entry) hears(at time.Time) {
	at = event.Stamp(at)
	e.seen, e.dirty = &at, true
}

// Load reads every device into memory; the use cases call it when nobody has.
func (s *Service) Load(ctx context.Context) error {
	s.reg.mu.RLock()
	loaded := s.reg.loaded
	s.reg.mu.RUnlock()
	if loaded {
		return nil
	}
	return s.sync(ctx)
}

// overlap is how far sync looks back beyond its last look: another program may commit late.
const overlap = 30 * time.Second

// sync takes over what another program (the command line) has changed, and ends the sessions of what it
// has revoked.
func (s *Service) sync(ctx context.Context) error {
	s.reg.mu.RLock()
	since, loaded := s.reg.synced, s.reg.loaded
	s.reg.mu.RUnlock()
	now := time.Now()
	if loaded {
		since = since.Add(-overlap)
	}
	records, err := s.Store.Devices(ctx, since)
	if err != nil {
		return err
	}
	for _, r := range records {
		s.adopt(ctx, r, loaded)
	}
	if !loaded {
		if err := s.recall(ctx); err != nil {
			return err
		}
	}
	s.reg.mu.Lock()
	s.reg.loaded, s.reg.synced = true, now
	s.reg.mu.Unlock()
	return nil
}

// adopt takes over a stored record when it is newer than what is known.
func (s *Service) adopt(ctx context.Context, r Record, tell bool) {
	s.reg.mu.RLock()
	was, known := s.reg.all[r.ID]
	newer := !known || r.UpdatedAt.After(was.rec.UpdatedAt)
	out := known && (r.RevokedAt != nil || r.RemovedAt != nil || r.TokenHash != was.rec.TokenHash)
	s.reg.mu.RUnlock()
	if !newer {
		return
	}
	d := s.put(r)
	if out {
		s.disconnect(r.ID)
	}
	switch {
	case !tell:
	case r.RemovedAt != nil:
		s.Events.Publish(ctx, news(ctx, EventRemoved, d))
	default:
		s.Events.Publish(ctx, heartbeat(ctx, d))
	}
}

// preview is the device as put will make it.
func (s *Service) preview(r Record) Device {
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	e := newEntry(r)
	if was := s.reg.all[r.ID]; was != nil {
		e = *was
		e.rec = r
	}
	return e.view()
}

func newEntry(r Record) entry {
	e := entry{state: Never, seen: r.LastSeen, agent: r.Agent, rec: r}
	if r.LastSeen != nil {
		e.state = Offline
	}
	return e
}

// put takes a saved record into memory and returns the device.
func (s *Service) put(r Record) Device {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	g := &s.reg
	if g.all == nil {
		g.all, g.behind, g.missed = map[string]*entry{}, map[string]map[string]struct{}{}, map[string]time.Time{}
	}
	e := g.all[r.ID]
	if e == nil {
		fresh := newEntry(r)
		e = &fresh
		g.all[r.ID] = e
	}
	if old := e.rec.Parent; old != r.Parent && old != "" {
		delete(g.behind[old], r.ID)
	}
	if r.Parent != "" {
		if g.behind[r.Parent] == nil {
			g.behind[r.Parent] = map[string]struct{}{}
		}
		g.behind[r.Parent][r.ID] = struct{}{}
	}
	delete(g.missed, r.ID)
	e.rec = r
	e.series = make(map[string]struct{}, len(r.Series))
	for _, one := range r.Series {
		e.series[one.Property] = struct{}{}
	}
	return e.view()
}

// find looks a device up, in the database too when memory has none.
func (s *Service) find(ctx context.Context, id string) (*entry, bool) {
	if err := s.Load(ctx); err != nil {
		s.Log.ErrorContext(ctx, "load devices", "error", err)
		return nil, false
	}
	s.reg.mu.RLock()
	e, ok := s.reg.all[id]
	miss, missed := s.reg.missed[id]
	s.reg.mu.RUnlock()
	if ok || (missed && time.Since(miss) < missAgain) {
		return e, ok
	}
	r, err := s.Store.Device(ctx, id)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			s.reg.mu.Lock()
			if s.reg.missed == nil || len(s.reg.missed) > 10_000 {
				s.reg.missed = map[string]time.Time{}
			}
			s.reg.missed[id] = time.Now()
			s.reg.mu.Unlock()
		}
		return nil, false
	}
	s.put(r)
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	e, ok = s.reg.all[id]
	return e, ok
}

// missAgain is how long an unknown id is not looked up again.
const missAgain = 5 * time.Second
