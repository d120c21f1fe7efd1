package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	Connected(ctx context.Context, edge string) bool
	All(ctx context.Context) ([]device.Device, error)
}

// Sender reaches a terminal that is connected (ingest.Ingest).
type Sender interface {
	Config(ctx context.Context, edge string, c wire.Config) error
	Command(ctx context.Context, edge string, c wire.Command) error
}

// Programs are those of terminals, for roll-outs (release.Service, through app).
type Programs interface {
	// Offered reports whether a version is held.
	Offered(ctx context.Context, version string) (bool, error)
	// Roll has a terminal run a version and returns the id of the upgrade.
	Roll(ctx context.Context, edge, version, rollout, note, author, authorName string) (string, error)
	// Became is Wanted, Running, Failed or Withdrawn, and why it failed: errs.NotFound when it is not kept.
	Became(ctx context.Context, id string) (State, string, error)
}

// Options of the service.
type Options struct {
	Store    Store
	Tx       Tx
	Devices  Devices
	Sender   Sender
	Programs Programs
	Events   event.Publisher
	Log      *slog.Logger

	Profiles map[string]*profile.Profile // the kinds of devices that the centre knows
}

// Service is the use cases. Start keeps terminals and versions together.
type Service struct {
	Options
	schema *desired.Schema
	write  sync.Mutex // one change of versions at a time
	loop   loop
}

// New makes a service.
func New(o Options) (*Service, error) {
	schema, err := desired.New()
	if err != nil {
		return nil, err
	}
	return &Service{Options: o, schema: schema, loop: newLoop()}, nil
}

// maxNote is the longest note in characters.
const maxNote = 500

func (s *Service) division(ctx context.Context, edge string) string {
	d, _ := s.Devices.Visible(actor.WithSystem(ctx, "fleet"), edge)
	return d.Division
}

// Settings is how a terminal stands.
func (s *Service) Settings(ctx context.Context, edge string) (Settings, error) {
	_, d, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceRead)
	if err != nil {
		return Settings{}, err
	}
	versions, err := s.Store.Versions(ctx, edge)
	out := Settings{Versions: append([]Version{}, versions...)}
	if d.Agent != nil {
		out.Applied = d.Agent.Applied
	}
	return out, err
}

// Version is one version with its document. It names addresses and accounts of devices, so it is for those
// who may change them.
func (s *Service) Version(ctx context.Context, edge string, number uint64) (Version, error) {
	if _, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite); err != nil {
		return Version{}, err
	}
	versions, err := s.Store.Versions(ctx, edge)
	if err != nil {
		return Version{}, err
	}
	for _, v := range versions {
		if v.Number == number {
			v.Document, err = s.Store.Document(ctx, edge, number)
			return v, err
		}
	}
	return Version{}, errs.E(errs.NotFound, "fleet.no_version", "version %d of %s is not kept", number, edge)
}

// Draft is what a person wants a terminal to run.
type Draft struct {
	Document json.RawMessage
	Note     string
	Base     uint64 // newest version that the person has seen; 0: none
}

// Want makes a new version. It is tried at once, or when the terminal connects. Its rules are those that the
// terminal has: a draft without them keeps them, one with others is refused.
func (s *Service) Want(ctx context.Context, edge string, d Draft) (Version, error) {
	a, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite)
	if err != nil {
		return Version{}, err
	}
	if len([]rune(d.Note)) > maxNote {
		return Version{}, errs.Field("fleet.note", "note", "is longer than 500 characters")
	}
	document, err := s.withRules(ctx, edge, d.Document, false)
	if err != nil {
		return Version{}, err
	}
	canonical, err := s.check(ctx, edge, document)
	if err != nil {
		return Version{}, err
	}
	v := Version{Edge: edge, Document: canonical, Note: strings.TrimSpace(d.Note), Author: a.ID, AuthorName: a.Name}
	return s.want(ctx, v, &d.Base)
}

// Restore makes a new version of what a kept one said, with the rules that the terminal has now.
func (s *Service) Restore(ctx context.Context, edge string, number uint64, note string) (Version, error) {
	a, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite)
	if err != nil {
		return Version{}, err
	}
	if len([]rune(note)) > maxNote {
		return Version{}, errs.Field("fleet.note", "note", "is longer than 500 characters")
	}
	old, err := s.Version(ctx, edge, number)
	if err != nil {
		return Version{}, err
	}
	document, err := s.withRules(ctx, edge, old.Document, true)
	if err != nil {
		return Version{}, err
	}
	canonical, err := s.check(ctx, edge, document)
	if err != nil {
		return Version{}, err
	}
	return s.want(ctx, Version{Edge: edge, Document: canonical, Note: strings.TrimSpace(note), Author: a.ID, AuthorName: a.Name}, nil)
}

// refused is what is wrong with a document. The code ends with the reason and the field is its place, with what
// would be right, so that the console says it in the reader's language; the message says it in English.
func refused(field string, err error) error {
	r, ok := errors.AsType[*desired.Refusal](err)
	if !ok {
		return errs.Field("fleet.document", field, err.Error())
	}
	where := field
	if r.Path != "" {
		where += "." + r.Path
	}
	return &errs.Error{Kind: errs.Invalid, Code: "fleet.document." + string(r.Why), Msg: field + ": " + r.Error(), Fields: map[string]string{where: r.Want}}
}

// check finds what the terminal would refuse, as far as the centre can know.
func (s *Service) check(ctx context.Context, edge string, document []byte) ([]byte, error) {
	canonical, err := s.schema.Check(document)
	if err != nil {
		return nil, refused("document", err)
	}
	var things struct {
		Sensors []struct{ ID string }
		Cameras []struct{ ID string }
	}
	if err := json.Unmarshal(canonical, &things); err != nil {
		return nil, errs.Field("fleet.document", "document", err.Error())
	}
	seen := map[string]bool{edge: true}
	look := func(where, id string) error {
		if seen[id] {
			return refused("document", desired.Refuse(where+".id", desired.Twice, id, id+" is used twice"))
		}
		seen[id] = true
		if d, ok := s.Devices.Visible(actor.WithSystem(ctx, "fleet"), id); ok && d.Parent != edge {
			return refused("document", desired.Refuse(where+".id", desired.Taken, id, id+" belongs to something else"))
		}
		return nil
	}
	for i, one := range things.Sensors {
		if err := look(fmt.Sprintf("sensors.%d", i), one.ID); err != nil {
			return nil, err
		}
	}
	for i, one := range things.Cameras {
		if err := look(fmt.Sprintf("cameras.%d", i), one.ID); err != nil {
			return nil, err
		}
	}
	return canonical, nil
}

// want stores a version and withdraws the one that still waits. base, when not nil, must be the newest.
func (s *Service) want(ctx context.Context, v Version, base *uint64) (Version, error) {
	now := event.Stamp(time.Now())
	v.ID, v.Hash, v.State, v.CreatedAt = uuid.Must(uuid.NewV7()).String(), desired.Hash(v.Document), Wanted, now
	s.write.Lock()
	defer s.write.Unlock()
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		versions, err := s.Store.Versions(ctx, v.Edge)
		if err != nil {
			return err
		}
		if base != nil && *base != newest(versions) {
			return errs.E(errs.Conflict, "fleet.changed", "the configuration of %s has changed meanwhile: version %d is the newest", v.Edge, newest(versions))
		}
		v.Number = newest(versions) + 1
		for _, old := range versions {
			if old.State == Wanted {
				old.State, old.SettledAt = Withdrawn, &now
				if err := s.Store.Settle(ctx, old); err != nil {
					return err
				}
			}
		}
		if err := s.Store.Add(ctx, v); err != nil {
			return err
		}
		if err := s.Store.Prune(ctx, v.Edge, desired.Keep); err != nil {
			return err
		}
		done = append(done, s.news(ctx, EventWanted, v))
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return Version{}, err
	}
	s.publish(ctx, done)
	s.loop.look(v.Edge, true)
	v.Document = nil
	return v, nil
}

// Withdraw takes a version back that is still wanted. A terminal that tries it already goes on.
func (s *Service) Withdraw(ctx context.Context, edge string, number uint64) (Version, error) {
	if _, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite); err != nil {
		return Version{}, err
	}
	now := event.Stamp(time.Now())
	s.write.Lock()
	defer s.write.Unlock()
	var out Version
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		versions, err := s.Store.Versions(ctx, edge)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if v.Number != number || v.State != Wanted {
				continue
			}
			v.State, v.SettledAt = Withdrawn, &now
			out = v
			if err := s.Store.Settle(ctx, v); err != nil {
				return err
			}
			done = append(done, s.news(ctx, EventWithdrawn, v))
			return s.Events.Record(ctx, done...)
		}
		return errs.E(errs.Conflict, "fleet.not_wanted", "version %d of %s does not wait any more", number, edge)
	})
	if err != nil {
		return Version{}, err
	}
	s.publish(ctx, done)
	s.loop.look(edge, true)
	return out, nil
}
