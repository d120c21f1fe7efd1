package release

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

// Upgrades lists what a terminal was to run, newest first.
func (s *Service) Upgrades(ctx context.Context, edge string) ([]Upgrade, error) {
	if _, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceRead); err != nil {
		return nil, err
	}
	return s.Store.Upgrades(ctx, edge)
}

// Want has a terminal run a version: the release for its processor.
func (s *Service) Want(ctx context.Context, edge, version, note string) (Upgrade, error) {
	a, d, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite)
	if err != nil {
		return Upgrade{}, err
	}
	return s.give(ctx, d, version, Upgrade{Note: note, Author: a.ID, AuthorName: a.Name})
}

// GiveBack has a terminal go back to the program that ran before.
func (s *Service) GiveBack(ctx context.Context, edge, note string) (Upgrade, error) {
	a, d, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite)
	if err != nil {
		return Upgrade{}, err
	}
	if d.Agent == nil || d.Agent.Upgrade == nil || d.Agent.Upgrade.Back == "" {
		return Upgrade{}, errs.E(errs.Conflict, "release.no_way_back", "terminal %s has no program to go back to", edge)
	}
	return s.want(ctx, Upgrade{Edge: edge, Version: d.Agent.Upgrade.Back, Note: note, Author: a.ID, AuthorName: a.Name})
}

// Roll is Want for a member of a roll-out (fleet.Programs): the system acts, author is whoever began it.
func (s *Service) Roll(ctx context.Context, edge, version, rollout, note, author, authorName string) (string, error) {
	_, d, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite)
	if err != nil {
		return "", err
	}
	u, err := s.give(ctx, d, version, Upgrade{Note: note, Author: author, AuthorName: authorName, Rollout: rollout})
	return u.ID, err
}

// Offered reports whether a version is held for any processor (fleet.Programs).
func (s *Service) Offered(ctx context.Context, version string) (bool, error) {
	list, err := s.Store.Releases(ctx)
	for _, r := range list {
		if r.Version == version && s.shelf.whole(r) && s.distrust(r.Release) == nil {
			return true, nil
		}
	}
	return false, err
}

// Became is what became of an upgrade (fleet.Programs).
func (s *Service) Became(ctx context.Context, id string) (Upgrade, error) {
	return s.Store.Upgrade(ctx, id)
}

func (s *Service) give(ctx context.Context, d device.Device, version string, u Upgrade) (Upgrade, error) {
	if d.Agent == nil || d.Agent.Upgrade == nil {
		return u, errs.E(errs.Conflict, "release.silent", "terminal %s has not said which programs it takes: it was not connected since the start of the centre, or its program is too old", d.ID)
	}
	r, err := s.find(ctx, version+"_"+d.Agent.Upgrade.Arch)
	if errs.KindOf(err) == errs.NotFound {
		return u, errs.E(errs.Conflict, "release.no_arch", "there is no release %.40s for the processor of %s, %s", version, d.ID, d.Agent.Upgrade.Arch)
	}
	if err != nil {
		return u, err
	}
	if !s.shelf.whole(r) {
		return u, errs.E(errs.Conflict, "release.missing", "the file of %s is not here; upload it", r.ID)
	}
	if err := s.distrust(r.Release); err != nil {
		return u, errs.E(errs.Conflict, "release.untrusted", "%s is not given out: %v", r.ID, err)
	}
	u.Edge, u.Release, u.Version = d.ID, r.ID, r.Version
	return s.want(ctx, u)
}

// want stores an upgrade and withdraws the one that still waits.
func (s *Service) want(ctx context.Context, u Upgrade) (Upgrade, error) {
	if len([]rune(u.Note)) > 500 {
		return u, errs.Field("release.note", "note", "is longer than 500 characters")
	}
	u.Note = strings.TrimSpace(u.Note)
	u.ID, u.State, u.Ticket, u.CreatedAt = uuid.Must(uuid.NewV7()).String(), Wanted, rand.Text(), event.Stamp(time.Now())
	s.write.Lock()
	defer s.write.Unlock()
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		list, err := s.Store.Upgrades(ctx, u.Edge)
		if err != nil {
			return err
		}
		for _, old := range list {
			if old.State == Wanted {
				old.State, old.SettledAt = Withdrawn, &u.CreatedAt
				if err := s.Store.SettleUpgrade(ctx, old); err != nil {
					return err
				}
			}
		}
		if err := s.Store.AddUpgrade(ctx, u); err != nil {
			return err
		}
		if err := s.Store.PruneUpgrades(ctx, u.Edge, keep); err != nil {
			return err
		}
		done = append(done, s.news(ctx, EventWanted, u))
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return u, err
	}
	s.publish(ctx, done)
	s.loop.open(u)
	return u, nil
}

// Withdraw takes an upgrade back that is still wanted: the terminal gets no more of its file. One that is
// tried already goes on.
func (s *Service) Withdraw(ctx context.Context, edge, id string) (Upgrade, error) {
	if _, _, err := device.Terminal(ctx, s.Devices, edge, actor.DeviceWrite); err != nil {
		return Upgrade{}, err
	}
	u, err := s.settle(ctx, id, edge, func(u Upgrade) Upgrade { u.State = Withdrawn; return u })
	if err == nil && u.State != Withdrawn {
		err = errs.E(errs.Conflict, "release.not_wanted", "the upgrade of %s does not wait any more", edge)
	}
	return u, err
}

// settle writes what became of an upgrade that is wanted; one that is settled already is returned as it is.
func (s *Service) settle(ctx context.Context, id, edge string, change func(Upgrade) Upgrade) (Upgrade, error) {
	now := event.Stamp(time.Now())
	s.write.Lock()
	defer s.write.Unlock()
	var u Upgrade
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) (err error) {
		done = nil
		if u, err = s.Store.Upgrade(ctx, id); err != nil {
			return err
		}
		if u.Edge != edge {
			return errs.E(errs.NotFound, "release.no_upgrade", "there is no such upgrade of %s", edge)
		}
		if u.State != Wanted {
			return nil
		}
		u = change(u)
		u.SettledAt = &now
		if err := s.Store.SettleUpgrade(ctx, u); err != nil {
			return err
		}
		kind := map[State]string{Done: EventDone, Failed: EventFailed, Withdrawn: EventWithdrawn}[u.State]
		done = append(done, s.news(ctx, kind, u))
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return u, err
	}
	s.publish(ctx, done)
	s.loop.close(u)
	return u, nil
}

// Fetched is a piece of a packed program.
type Fetched struct {
	Text     []byte
	From, To int64 // of the bytes, both ends included
	Size     int64
}

// Fetch gives a terminal a piece of the program that it is to run. The ticket of the upgrade is the
// credential; it ends with the wish.
func (s *Service) Fetch(ctx context.Context, id, ticket string, from, to int64) (Fetched, error) {
	u, err := s.Store.Upgrade(ctx, id)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Fetched{}, err
	}
	if subtle.ConstantTimeCompare([]byte(u.Ticket), []byte(ticket)) != 1 || u.State != Wanted || u.Release == "" {
		return Fetched{}, errs.E(errs.Unauthenticated, "release.ticket", "the ticket is wrong, or the upgrade is not wanted any more")
	}
	d, ok := s.Devices.Visible(actor.WithSystem(ctx, "release"), u.Edge)
	if !ok || d.State == device.Revoked {
		return Fetched{}, errs.E(errs.Denied, "release.revoked", "terminal %s is revoked", u.Edge)
	}
	r, err := s.find(ctx, u.Release)
	if err != nil {
		return Fetched{}, err
	}
	if err := s.distrust(r.Release); err != nil {
		return Fetched{}, errs.E(errs.Denied, "release.untrusted", "%s is not given out: %v", r.ID, err)
	}
	if from < 0 || to < from || from >= r.Packed {
		return Fetched{}, errs.Field("release.range", "range", "is outside the file")
	}
	to = min(to, r.Packed-1, from+wire.MaxUpgradePart-1)
	text, err := s.shelf.read(r, from, to)
	return Fetched{Text: text, From: from, To: to, Size: r.Packed}, err
}
