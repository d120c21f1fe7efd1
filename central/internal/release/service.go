package release

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	Connected(ctx context.Context, edge string) bool
}

// Sender reaches a terminal that is connected (ingest.Ingest).
type Sender interface {
	Command(ctx context.Context, edge string, c wire.Command) error
}

// Options of the service.
type Options struct {
	Store   Store
	Tx      Tx
	Devices Devices
	Sender  Sender
	Events  event.Publisher
	Log     *slog.Logger
	Dir     string            // of the files
	Top     string            // division of the centre: who covers it adds and removes programs, which are everybody's
	Key     ed25519.PublicKey // of whoever signs; nil: no program is taken or given out
	// Unsigned takes and gives out programs without a signature, for terminals to judge. Only without Key.
	Unsigned bool
}

// Service is the use cases. Start brings terminals to what is wanted.
type Service struct {
	Options
	shelf shelf
	write sync.Mutex // one change of releases or upgrades at a time
	loop  loop
}

// New makes a service.
func New(o Options) *Service {
	return &Service{Options: o, shelf: shelf{o.Dir}, loop: newLoop()}
}

func (s *Service) division(ctx context.Context, edge string) string {
	d, _ := s.Devices.Visible(actor.WithSystem(ctx, "release"), edge)
	return d.Division
}

// List shows every release, the newest version first.
func (s *Service) List(ctx context.Context) ([]Release, error) {
	if _, err := actor.Require(ctx, actor.DeviceRead); err != nil {
		return nil, err
	}
	list, err := s.Store.Releases(ctx)
	for i := range list {
		list[i].Missing = list[i].Packed > 0 && !s.shelf.whole(list[i])
		list[i].Untrusted = s.distrust(list[i].Release) != nil
	}
	slices.SortFunc(list, func(a, b Release) int {
		return cmp.Or(version.Compare(b.Version, a.Version), cmp.Compare(a.Arch, b.Arch))
	})
	return list, err
}

// Trust says which programs this centre takes.
type Trust string

// The kinds of trust.
const (
	Signed   Trust = "signed"   // by releases.key
	Unsigned Trust = "unsigned" // whatever comes: releases.unsigned
	Nothing  Trust = "nothing"  // neither is set
)

// Trust says which programs this centre takes and gives out.
func (s *Service) Trust(ctx context.Context) (Trust, error) {
	_, err := actor.Require(ctx, actor.DeviceRead)
	switch {
	case s.Key != nil:
		return Signed, err
	case s.Unsigned:
		return Unsigned, err
	}
	return Nothing, err
}

// distrust is why a program is neither taken nor given out.
func (s *Service) distrust(r wire.Release) error {
	switch {
	case s.Key != nil && !r.SignedBy(s.Key):
		return errs.Field("release.signature", "signature", "is not that of releases.key in central.yml: fengsui-central release sign makes one")
	case s.Key == nil && !s.Unsigned:
		return errs.E(errs.Conflict, "release.no_key", "this centre has no key of releases and takes no programs: set releases.key in central.yml to what fengsui-central release key prints, and start it again")
	}
	return nil
}

// keeper is an actor who may add and remove programs.
func (s *Service) keeper(ctx context.Context) (actor.Actor, error) {
	a, err := actor.Require(ctx, actor.ReleaseWrite)
	if err == nil && !a.Covers(s.Top) {
		err = errs.E(errs.Denied, "auth.denied", "programs are for all terminals: only who answers for division %s adds or removes them", s.Top)
	}
	return a, err
}

// Draft is a program that is about to be uploaded.
type Draft struct {
	wire.Release
	Note   string
	NoteEN string
}

// Announce begins an upload, or goes on with one that broke off; it says how much has come. A release that
// is whole already is a Conflict, unless its file is missing.
func (s *Service) Announce(ctx context.Context, n Draft) (Release, int64, error) {
	a, err := s.keeper(ctx)
	if err != nil {
		return Release{}, 0, err
	}
	if field, why := check(n.Release); field != "" {
		return Release{}, 0, errs.Field("release."+field, field, why)
	}
	if err := s.distrust(n.Release); err != nil {
		return Release{}, 0, err
	}
	for field, note := range map[string]string{"note": n.Note, "note_en": n.NoteEN} {
		if len([]rune(note)) > maxNote {
			return Release{}, 0, errs.Field("release.note", field, "is longer than 2000 characters")
		}
	}
	r := Release{
		ID: n.Version + "_" + n.Arch, Release: n.Release, Note: strings.TrimSpace(n.Note), NoteEN: strings.TrimSpace(n.NoteEN),
		Author: a.ID, AuthorName: a.Name, CreatedAt: event.Stamp(time.Now()),
	}
	s.write.Lock()
	defer s.write.Unlock()
	old, err := s.Store.Release(ctx, r.ID)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		err = s.Store.AddRelease(ctx, r)
	case err == nil && old.Release != r.Release && old.Packed == 0:
		// The file of an upload that was never finished is another now.
		if err = s.Store.RemoveRelease(ctx, r.ID); err == nil {
			err = s.Store.AddRelease(ctx, r)
		}
	case err == nil && (old.Release != r.Release || s.shelf.whole(old)):
		err = errs.E(errs.Conflict, "release.exists", "release %s exists already; a program that changed needs a new version", r.ID)
	case err == nil:
		r = old
	}
	return r, s.shelf.received(r.Release), err
}

// Piece takes the next piece of an upload. With the last one the program is compared with its hash.
func (s *Service) Piece(ctx context.Context, id string, offset int64, text []byte) (Release, int64, error) {
	if _, err := s.keeper(ctx); err != nil {
		return Release{}, 0, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	r, err := s.find(ctx, id)
	if err != nil {
		return r, 0, err
	}
	if s.shelf.whole(r) {
		return r, 0, errs.E(errs.Conflict, "release.exists", "release %s is whole already", id)
	}
	have, err := s.shelf.add(r.Release, offset, text)
	if err != nil || have < r.Size {
		return r, have, err
	}
	if r.Packed, err = s.shelf.pack(r.Release); err != nil {
		return r, 0, err
	}
	e := event.New(ctx, EventAdded, r.ID, "", r)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Packed(ctx, id, r.Packed); err != nil {
			return err
		}
		return s.Events.Record(ctx, &e)
	})
	if err != nil {
		return r, have, err
	}
	s.Events.Publish(ctx, e)
	return r, have, nil
}

func (s *Service) find(ctx context.Context, id string) (Release, error) {
	r, err := s.Store.Release(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return r, errs.E(errs.NotFound, "release.not_found", "release %.64s does not exist", id)
	}
	return r, err
}

// Remove deletes a release that no terminal waits for. Terminals that run it go on.
func (s *Service) Remove(ctx context.Context, id string) error {
	if _, err := s.keeper(ctx); err != nil {
		return err
	}
	s.write.Lock()
	defer s.write.Unlock()
	r, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	e := event.New(ctx, EventRemoved, r.ID, "", r)
	shared := false // files are named by their hash
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		open, err := s.Store.Open(ctx)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(open, func(u Upgrade) bool { return u.Release == id }); i >= 0 {
			return errs.E(errs.Conflict, "release.in_use", "terminal %s waits for release %s; withdraw that first", open[i].Edge, id)
		}
		if err := s.Store.RemoveRelease(ctx, id); err != nil {
			return err
		}
		others, err := s.Store.Releases(ctx)
		if err != nil {
			return err
		}
		shared = slices.ContainsFunc(others, func(o Release) bool { return o.SHA256 == r.SHA256 })
		return s.Events.Record(ctx, &e)
	})
	if err != nil {
		return err
	}
	if shared {
		s.Events.Publish(ctx, e)
		return nil
	}
	if err := s.shelf.remove(r.Release); err != nil {
		s.Log.WarnContext(ctx, "file of a release is not removed", "release", id, "error", err)
	}
	s.Events.Publish(ctx, e)
	return nil
}
