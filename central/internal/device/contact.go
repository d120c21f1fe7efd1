package device

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// ContactKind says what happened to the contact with a device.
type ContactKind string

// The kinds. What is behind a terminal is lost and comes back with it: one line for all.
const (
	ContactStarted ContactKind = "started" // the centre itself: nobody was heard before
	ContactLost    ContactKind = "lost"    // a terminal or a simple sensor is not heard any more
	ContactBack    ContactKind = "back"    // and is again
	ContactFault   ContactKind = "fault"   // a device does not answer its terminal
	ContactWell    ContactKind = "well"    // and does again
)

// Contact is one line of what was heard and lost, of the moment at which the centre noticed. Lines are never
// altered.
type Contact struct {
	ID     string      `json:"id"` // UUIDv7: the order
	At     time.Time   `json:"at"`
	Kind   ContactKind `json:"kind"`
	Device string      `json:"device,omitempty"` // empty: the centre
	Name   string      `json:"name"`             // of the device as it is called now
	NameEN string      `json:"name_en,omitempty"`
	Behind int         `json:"behind"`          // how many devices went with the terminal
	Since  *time.Time  `json:"since,omitempty"` // of lost: when it was heard last; of back and well: when it was lost or failed
	Error  string      `json:"error,omitempty"` // of a fault

	Division string `json:"-"` // of the device when it happened
}

// missing is what of a device is not ended yet: lost or fault, and since when.
type missing struct {
	kind ContactKind
	at   time.Time
}

const (
	// startGrace is how long terminals have to come back after a start of the centre before they are lost.
	startGrace = time.Minute
	// mostContacts wait for a database that takes none.
	mostContacts = 10_000
)

// contact notes what a state means for the contact with a device; the lock is held. A broker that ends takes
// nobody from us: its context is over.
func (s *Service) contact(ctx context.Context, e *entry, state State, fault string, now time.Time) {
	c := Contact{Device: e.rec.ID, Division: e.rec.Division}
	own := e.rec.Kind == Edge || e.rec.Parent == ""
	switch {
	case ctx.Err() != nil:
		return
	case state == Offline && own && e.missing.kind != ContactLost:
		c.Kind, c.Since = ContactLost, e.seen
		for id := range s.reg.behind[e.rec.ID] {
			if b := s.reg.all[id]; b != nil && b.state != Never && !b.removed() && b.rec.RevokedAt == nil {
				c.Behind++
			}
		}
	case state == Fault && e.missing.kind != ContactFault:
		c.Kind, c.Error = ContactFault, fault
	case state == Online && e.missing.kind == ContactLost:
		c.Kind = ContactBack
	case state == Online && e.missing.kind == ContactFault:
		c.Kind = ContactWell
	default:
		return
	}
	if state == Online {
		since := e.missing.at
		c.Since, e.missing = &since, missing{}
	} else {
		e.missing = missing{c.Kind, event.Stamp(now)}
	}
	s.addContact(c, now)
}

// addContact puts a line before those who write it; the lock is held.
func (s *Service) addContact(c Contact, now time.Time) {
	c.ID, c.At = uuid.Must(uuid.NewV7()).String(), event.Stamp(now)
	if len(s.reg.contacts) < mostContacts {
		s.reg.contacts = append(s.reg.contacts, c)
	} else {
		s.reg.unwritten++
	}
	select {
	case s.contactsDue() <- struct{}{}:
	default:
	}
}

func (s *Service) contactsDue() chan struct{} {
	s.dueOnce.Do(func() { s.due = make(chan struct{}, 1) })
	return s.due
}

// started notes the start of the centre.
func (s *Service) started(now time.Time) {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	s.reg.started = now
	s.addContact(Contact{Kind: ContactStarted}, now)
}

// missed takes those as lost who were heard of before a start of the centre and have not come back since.
func (s *Service) missed(ctx context.Context, now time.Time) {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	up := now.Sub(s.reg.started)
	if up < startGrace || up > 2*silentAfter {
		return
	}
	for _, e := range s.reg.all {
		if e.state == Offline && !e.outside() && !e.removed() && e.rec.RevokedAt == nil && (e.rec.Kind == Edge || up > silentAfter) {
			s.contact(ctx, e, Offline, "", now)
		}
	}
}

// keepContacts writes what has been noted. What cannot be written now waits; a line that the database takes in
// no form is left out, so that those behind it do not wait for ever.
func (s *Service) keepContacts(ctx context.Context) {
	s.reg.mu.Lock()
	list, lost := s.reg.contacts, s.reg.unwritten
	s.reg.contacts, s.reg.unwritten = nil, 0
	s.reg.mu.Unlock()
	if lost > 0 {
		s.Log.ErrorContext(ctx, "too many lines of which devices were lost and came back waited: some are not written", "lines", lost)
	}
	if len(list) == 0 {
		return
	}
	err := s.Store.AddContacts(ctx, list)
	if refusedForGood(err) {
		err = nil
		for len(list) > 0 && err == nil {
			if err = s.Store.AddContacts(ctx, list[:1]); refusedForGood(err) {
				s.Log.ErrorContext(ctx, "a line of which devices were lost and came back is left out", "device", list[0].Device, "kind", list[0].Kind, "error", err)
				err = nil
			}
			if err == nil {
				list = list[1:]
			}
		}
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "write which devices were lost and came back", "lines", len(list), "error", err)
		s.reg.mu.Lock()
		s.reg.contacts = append(list, s.reg.contacts...)
		s.reg.mu.Unlock()
	}
}

// refusedForGood reports whether an error is about what was to be written, which waiting would not alter.
func refusedForGood(err error) bool {
	kind := errs.KindOf(err)
	return err != nil && (kind == errs.Invalid || kind == errs.Conflict)
}

// recall takes over what was missing before.
func (s *Service) recall(ctx context.Context) error {
	open, err := s.Store.OpenContacts(ctx)
	if err != nil {
		return err
	}
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	for _, c := range open {
		if e := s.reg.all[c.Device]; e != nil && e.missing.kind == "" {
			e.missing = missing{c.Kind, c.At}
		}
	}
	return nil
}

// Contacts is one page of what was lost and came back, as far as the actor may see it, newest first.
func (s *Service) Contacts(ctx context.Context, r page.Request) (page.List[Contact], error) {
	a, err := actor.Require(ctx, actor.DeviceRead)
	if err != nil {
		return page.List[Contact]{}, err
	}
	return s.Store.Contacts(ctx, a.Scope(), r)
}
