// Package crew keeps messages of the centre for the crew beside the terminal: on a board, printed or read out by
// programs that edge.yml names, and on the status page, where they are confirmed. Rules that must never break: a message
// is on the disk, together with its receipt, before anything of it is shown; each program is run for it once, whatever
// dies in between; and nothing counts as confirmed that no person has confirmed.
package crew

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/shared/wire"
)

// StateKey names our value in the outbox.
const StateKey = "crew"

const (
	maxFault = 300 // bytes
	// keepFor is how long a message that is done with can be read.
	keepFor = 24 * time.Hour
)

// Who says that a message was shown or confirmed.
const (
	ByDisplay = "display"
	ByPage    = "page"
	ByInput   = "input"
	ByEdge    = "edge"
)

// Input is a reading whose rise from 0 confirms: a button.
type Input struct{ Device, Property string }

// Options of the shelf.
type Options struct {
	Log      *slog.Logger
	Edge     string
	Dir      string     // of the pictures
	Displays [][]string // programs that show a message, each once
	Confirm  Input      // empty: there is no button
	Now      func() time.Time
	Tell     func(ctx context.Context, events []wire.Event, keep map[string][]byte) error // makes both durable at once (outbox)
	Get      func(ctx context.Context, key string) ([]byte, error)
}

// Message is one of the shelf.
type Message struct {
	wire.CrewMessage
	State  string             `json:"state"` // delivered, shown, confirmed, refused
	Told   []wire.CrewReceipt `json:"told"`  // in the order in which they came about
	Begun  int                `json:"begun"` // programs that were started
	Ended  int                `json:"ended"` // of those, the ones whose end is known
	HasPic bool               `json:"has_picture,omitempty"`

	Waiting bool `json:"-"` // a person can still answer it; as of Messages
	Past    bool `json:"-"` // it is of no use any more
}

// open reports whether a person has still to confirm it.
func (m *Message) open() bool {
	return m.Confirm && !m.Void && (m.State == wire.CrewDelivered || m.State == wire.CrewShown)
}

// over reports whether it may give way to another.
func (m *Message) over(now time.Time) bool {
	return m.Void || m.State == wire.CrewConfirmed || m.State == wire.CrewRefused || now.After(wire.Time(m.Until))
}

// Shelf is the messages of a terminal. New makes it; Run runs the programs.
type Shelf struct {
	o    Options
	wake chan struct{}

	mu   sync.Mutex
	list []*Message // the oldest first
	last float64    // of the input
	seen bool       // the input has been 0
}

// New reads what was kept.
func New(ctx context.Context, o Options) (*Shelf, error) {
	s := &Shelf{o: o, wake: make(chan struct{}, 1)}
	text, err := o.Get(ctx, StateKey)
	if err != nil {
		return nil, fmt.Errorf("read messages to the crew: %w", err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &s.list); err != nil {
			return nil, fmt.Errorf("read messages to the crew: %w", err)
		}
	}
	s.poke()
	return s, nil
}

func (s *Shelf) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Take takes a message of the centre. One that is known is answered with everything that has become of it.
func (s *Shelf) Take(ctx context.Context, body json.RawMessage) error {
	var m wire.CrewMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if err := m.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.find(m.ID); at >= 0 {
		old := s.list[at]
		old.Void = old.Void || m.Void
		return s.keep(ctx, old.Told...)
	}
	if m.Known || m.Void {
		return s.keep(ctx, s.receipt(m.ID, wire.CrewMissing, ByEdge, ""))
	}
	if !s.room() {
		return s.keep(ctx, s.receipt(m.ID, wire.CrewRefused, ByEdge, "this terminal keeps too many messages that are not confirmed"))
	}
	kept := &Message{CrewMessage: m, State: wire.CrewDelivered}
	if len(m.Picture) > 0 {
		if err := s.write(m); err != nil {
			return err
		}
		kept.Picture, kept.HasPic = nil, true
	}
	r := s.receipt(m.ID, wire.CrewDelivered, ByEdge, "")
	kept.Told = append(kept.Told, r)
	s.list = append(s.list, kept)
	if err := s.keep(ctx, r); err != nil {
		s.list = s.list[:len(s.list)-1]
		if kept.HasPic { // nobody would find it again
			err = errors.Join(err, os.Remove(s.picture(m.ID)))
		}
		return err
	}
	s.poke()
	return nil
}

// write keeps a picture before the message that names it.
func (s *Shelf) write(m wire.CrewMessage) error {
	if err := os.MkdirAll(s.o.Dir, 0o750); err != nil {
		return fmt.Errorf("keep picture of a message: %w", err)
	}
	f, err := os.Create(s.picture(m.ID))
	if err != nil {
		return fmt.Errorf("keep picture of a message: %w", err)
	}
	_, err = f.Write(m.Picture)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep picture of a message: %w", err)
	}
	return nil
}

func (s *Shelf) picture(id string) string { return filepath.Join(s.o.Dir, id+".jpg") }

// room drops what is done with and old, and what must give way to a new message; it reports whether there is room.
func (s *Shelf) room() bool {
	now := s.o.Now()
	drop := func(m *Message) {
		if m.HasPic {
			_ = os.Remove(s.picture(m.ID))
		}
		s.list = slices.DeleteFunc(s.list, func(o *Message) bool { return o == m })
	}
	for _, m := range slices.Clone(s.list) {
		if m.over(now) && now.Sub(wire.Time(m.At)) > keepFor {
			drop(m)
		}
	}
	for _, m := range slices.Clone(s.list) {
		if len(s.list) < wire.MaxCrewOpen {
			break
		}
		if m.over(now) || (m.State == wire.CrewShown && !m.Confirm) {
			drop(m)
		}
	}
	return len(s.list) < wire.MaxCrewOpen
}

func (s *Shelf) find(id string) int {
	return slices.IndexFunc(s.list, func(m *Message) bool { return m.ID == id })
}

func (s *Shelf) receipt(id, state, by, text string) wire.CrewReceipt {
	return wire.CrewReceipt{Message: id, State: state, At: wire.Millis(s.o.Now()), By: by, Text: wire.Text(text, maxFault)}
}

// keep makes the shelf and receipts durable together. The lock is held.
func (s *Shelf) keep(ctx context.Context, receipts ...wire.CrewReceipt) error {
	text, err := json.Marshal(s.list)
	if err != nil {
		return fmt.Errorf("write messages to the crew: %w", err)
	}
	var events []wire.Event
	for _, r := range receipts {
		data, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write receipt: %w", err)
		}
		events = append(events, wire.Event{ID: uuid.Must(uuid.NewV7()).String(), At: wire.Millis(s.o.Now()), Kind: wire.EventCrew, Device: s.o.Edge, Data: data})
	}
	return s.o.Tell(ctx, events, map[string][]byte{StateKey: text})
}

// move notes that a message has come further, once. The lock is held.
func (s *Shelf) move(ctx context.Context, m *Message, state, by, text string) error {
	was := *m
	r := s.receipt(m.ID, state, by, text)
	m.Told = append(slices.Clone(m.Told), r)
	if state != wire.CrewFault {
		m.State = state
	}
	if err := s.keep(ctx, r); err != nil {
		*m = was
		return err
	}
	return nil
}

// Shown says that somebody's screen has fetched these messages.
func (s *Shelf) Shown(ctx context.Context, ids ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, id := range ids {
		if at := s.find(id); at >= 0 && s.list[at].State == wire.CrewDelivered && !s.list[at].Void {
			err = errors.Join(err, s.move(ctx, s.list[at], wire.CrewShown, ByPage, ""))
		}
	}
	return err
}

// ErrClosed is returned for a message that cannot be answered any more.
var ErrClosed = errors.New("this message is not waiting for an answer")

// Confirm is a person who has read a message and does what it says.
func (s *Shelf) Confirm(ctx context.Context, id, by string) error {
	return s.answer(ctx, id, wire.CrewConfirmed, by, "")
}

// Refuse is a person who cannot do it, and why.
func (s *Shelf) Refuse(ctx context.Context, id, by, why string) error {
	return s.answer(ctx, id, wire.CrewRefused, by, why)
}

func (s *Shelf) answer(ctx context.Context, id, state, by, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.find(id)
	if at < 0 || !s.list[at].waits(s.o.Now()) {
		return ErrClosed
	}
	return s.move(ctx, s.list[at], state, by, text)
}

// Reading takes a reading that may be the button: its rise from 0 confirms the oldest message that was shown and waits.
func (s *Shelf) Reading(ctx context.Context, r wire.Reading) {
	if s.o.Confirm.Device == "" || r.Device != s.o.Confirm.Device || r.Property != s.o.Confirm.Property {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rose := s.seen && s.last == 0 && r.Value != 0
	s.last, s.seen = r.Value, s.seen || r.Value == 0
	if !rose {
		return
	}
	now := s.o.Now()
	for _, m := range s.list {
		if m.waits(now) && m.State == wire.CrewShown {
			if err := s.move(ctx, m, wire.CrewConfirmed, ByInput, ""); err != nil {
				s.o.Log.Error("confirmation is not kept", "message", m.ID, "error", err)
			}
			return
		}
	}
}

// Messages lists them as the crew sees them: what waits for an answer first, then the newest. Those that were withdrawn
// are not among them.
func (s *Shelf) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	var out []Message
	for _, m := range s.list {
		if !m.Void && (!now.After(wire.Time(m.Until)) || now.Sub(wire.Time(m.At)) < keepFor) {
			one := *m
			one.Told, one.Waiting, one.Past = slices.Clone(m.Told), m.waits(now), now.After(wire.Time(m.Until))
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b Message) int {
		if a.Waiting != b.Waiting {
			if a.Waiting {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.At, a.At)
	})
	return out
}

func (m *Message) waits(now time.Time) bool { return m.open() && !now.After(wire.Time(m.Until)) }

// Picture is the file of a message's picture; empty: there is none.
func (s *Shelf) Picture(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.find(id); at >= 0 && s.list[at].HasPic && !s.list[at].Void {
		return s.picture(id)
	}
	return ""
}
