package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/geo"
)

// maxRollouts is how many roll-outs a list shows.
const maxRollouts = 100

// NewRollout is what a person wants many terminals to have alike: those of a list, or all of a division.
type NewRollout struct {
	Edges    []string
	Division string
	Parts    json.RawMessage
	Version  string // of a program, instead of Parts
	Batch    int
	Note     string
}

// Roll begins a roll-out.
func (s *Service) Roll(ctx context.Context, n NewRollout) (Rollout, error) {
	a, err := actor.Require(ctx, actor.DeviceWrite)
	if err != nil {
		return Rollout{}, err
	}
	if len([]rune(n.Note)) > maxNote {
		return Rollout{}, errs.Field("fleet.note", "note", "is longer than 500 characters")
	}
	if err := s.what(ctx, &n); err != nil {
		return Rollout{}, err
	}
	edges, err := s.group(ctx, a, n)
	if err != nil {
		return Rollout{}, err
	}
	r := Rollout{
		ID: uuid.Must(uuid.NewV7()).String(), Note: n.Note, Parts: n.Parts, Version: n.Version, Batch: max(n.Batch, 1), State: Rolling, Division: a.DivisionCode,
		Author: a.ID, AuthorName: a.Name, CreatedAt: event.Stamp(time.Now()),
	}
	for _, id := range edges {
		r.Members = append(r.Members, Member{Edge: id, State: MemberWaiting})
	}
	return r, s.keep(ctx, r, EventRolloutStarted, s.Store.AddRollout)
}

// what checks what the terminals are to have: parts of the configuration, or a program.
func (s *Service) what(ctx context.Context, n *NewRollout) error {
	if n.Version != "" {
		ok, err := s.Programs.Offered(ctx, n.Version)
		if err == nil && !ok {
			err = errs.Field("fleet.version", "version", "is not held; upload the release first")
		}
		n.Parts = json.RawMessage("{}")
		return err
	}
	merged, err := desired.Merge([]byte("{}"), n.Parts)
	var parts map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(n.Parts, &parts)
	}
	if _, ok := parts["rules"]; ok {
		return refuseRules("parts")
	}
	if err == nil {
		_, err = s.schema.Check(merged)
	}
	if err != nil {
		return refused("parts", err)
	}
	return nil
}

// group lists the terminals that are meant.
func (s *Service) group(ctx context.Context, a actor.Actor, n NewRollout) ([]string, error) {
	if (len(n.Edges) > 0) == (n.Division != "") {
		return nil, errs.Field("fleet.group", "edges", "name terminals or a division")
	}
	if n.Division != "" && !a.Covers(n.Division) {
		return nil, errs.Field("fleet.division", "division", fmt.Sprintf("%s reaches beyond your own division %s; name that or one within it", n.Division, a.DivisionCode))
	}
	if n.Division != "" {
		all, err := s.Devices.All(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			if d.Kind == device.Edge && d.State != device.Revoked && geo.Division(n.Division).Covers(geo.Division(d.Division)) {
				n.Edges = append(n.Edges, d.ID)
			}
		}
	}
	for _, id := range n.Edges {
		if _, _, err := device.Terminal(ctx, s.Devices, id, actor.DeviceWrite); err != nil {
			return nil, err
		}
	}
	slices.Sort(n.Edges)
	n.Edges = slices.Compact(n.Edges)
	if len(n.Edges) == 0 || len(n.Edges) > MaxRollout {
		return nil, errs.Field("fleet.group", "edges", "must be 1 to 1000 terminals")
	}
	return n.Edges, nil
}

// Rollouts lists those that concern terminals which the actor may see.
func (s *Service) Rollouts(ctx context.Context) ([]Rollout, error) {
	a, err := actor.Require(ctx, actor.DeviceRead)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Rollouts(ctx, maxRollouts)
	return slices.DeleteFunc(list, func(r Rollout) bool { return !a.Sees(r.Division) }), err
}

// Rollout shows one.
func (s *Service) Rollout(ctx context.Context, id string) (Rollout, error) {
	a, err := actor.Require(ctx, actor.DeviceRead)
	if err != nil {
		return Rollout{}, err
	}
	r, err := s.Store.Rollout(ctx, id)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !a.Sees(r.Division)) {
		return Rollout{}, errs.E(errs.NotFound, "fleet.no_rollout", "roll-out %s does not exist", id)
	}
	return r, err
}

// Cancel begins no further terminal. Those that were begun go on.
func (s *Service) Cancel(ctx context.Context, id string) (Rollout, error) {
	return s.change(ctx, id, EventRolloutCancelled, func(r *Rollout, now time.Time) bool {
		if !r.going() {
			return false
		}
		r.end(Cancelled, now)
		return true
	})
}

// Pause begins no further terminal until Resume.
func (s *Service) Pause(ctx context.Context, id string) (Rollout, error) {
	return s.change(ctx, id, EventRolloutPaused, func(r *Rollout, _ time.Time) bool {
		ok := r.State == Rolling
		r.State = Paused
		return ok
	})
}

// Resume goes on with a roll-out that was paused.
func (s *Service) Resume(ctx context.Context, id string) (Rollout, error) {
	return s.change(ctx, id, EventRolloutResumed, func(r *Rollout, _ time.Time) bool {
		ok := r.State == Paused
		r.State = Rolling
		return ok
	})
}

// change is what a person does to a roll-out; do reports whether it may be done.
func (s *Service) change(ctx context.Context, id, kind string, do func(*Rollout, time.Time) bool) (Rollout, error) {
	if _, err := actor.Require(ctx, actor.DeviceWrite); err != nil {
		return Rollout{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	r, err := s.Rollout(ctx, id)
	if err != nil {
		return Rollout{}, err
	}
	if state := r.State; !do(&r, event.Stamp(time.Now())) {
		return Rollout{}, errs.E(errs.Conflict, "fleet.rollout_over", "roll-out %s is %s", id, state)
	}
	return r, s.keep(ctx, r, kind, s.Store.SaveRollout)
}

// roll brings every roll-out on.
func (s *Service) roll(ctx context.Context, now time.Time) error {
	list, err := s.Store.Rollouts(ctx, maxRollouts)
	if err != nil {
		return err
	}
	for _, r := range list {
		if !r.open() {
			continue
		}
		if err := s.advance(ctx, r.ID, event.Stamp(now)); err != nil {
			return err
		}
	}
	return nil
}

// advance looks what became of the members of one roll-out and begins the next batch.
func (s *Service) advance(ctx context.Context, id string, now time.Time) error {
	r, begin, err := s.watch(ctx, id, now)
	if err != nil {
		return err
	}
	for _, i := range begin {
		m := r.Members[i]
		if r.Version != "" {
			m.Upgrade, err = s.Programs.Roll(ctx, m.Edge, r.Version, r.ID, r.Note, r.Author, r.AuthorName)
		} else {
			m.Number, err = s.giveParts(ctx, r, m.Edge)
		}
		if err != nil {
			m.fail(err.Error())
		} else {
			m.State, m.SentAt = MemberSent, &now
		}
		if err := s.saveMember(ctx, id, i, m); err != nil {
			return err
		}
	}
	return nil
}

// watch settles the members that were begun.
func (s *Service) watch(ctx context.Context, id string, now time.Time) (r Rollout, begin []int, err error) {
	s.write.Lock()
	defer s.write.Unlock()
	var done *event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		if r, err = s.Store.Rollout(ctx, id); err != nil {
			return err
		}
		before, err := json.Marshal(r)
		if err != nil {
			return err
		}
		was := r.State
		found := map[string]Version{}
		for _, m := range r.Members {
			if m.State != MemberSent {
				continue
			}
			if found[m.Edge], err = s.fate(ctx, m); err != nil {
				return err
			}
		}
		begin = r.step(func(m Member) (Version, bool) { v := found[m.Edge]; return v, v.State != "" }, now)
		if after, err := json.Marshal(r); err != nil || string(after) == string(before) {
			return err
		}
		if err := s.Store.SaveRollout(ctx, r); err != nil || r.State == was {
			return err
		}
		done = rolloutNews(ctx, map[RolloutState]string{Done: EventRolloutDone, Stopped: EventRolloutStopped}[r.State], r)
		return s.Events.Record(ctx, done)
	})
	if err == nil && done != nil {
		s.Events.Publish(ctx, *done)
	}
	return r, begin, err
}

// fate is what became of what one member was given; its State is empty when that is not known any more.
func (s *Service) fate(ctx context.Context, m Member) (Version, error) {
	if m.Upgrade != "" {
		state, why, err := s.Programs.Became(ctx, m.Upgrade)
		if errs.KindOf(err) == errs.NotFound {
			err = nil
		}
		return Version{State: state, Error: why}, err
	}
	versions, err := s.Store.Versions(ctx, m.Edge)
	for _, v := range versions {
		if v.Number == m.Number {
			return v, err
		}
	}
	return Version{}, err
}

// maxTries is how often a version is made anew because somebody was faster.
const maxTries = 5

// giveParts makes the version of one member, on top of what waits for it already. When somebody changes the
// configuration meanwhile, it begins anew.
func (s *Service) giveParts(ctx context.Context, r Rollout, edge string) (uint64, error) {
	for try := 1; ; try++ {
		_, document, last, err := s.newest(ctx, edge)
		if err != nil {
			return 0, err
		}
		merged, err := desired.Merge(document, r.Parts)
		if err != nil {
			return 0, err
		}
		canonical, err := s.check(ctx, edge, merged)
		if err != nil {
			return 0, err
		}
		v, err := s.want(ctx, Version{Edge: edge, Document: canonical, Note: r.Note, Author: r.Author, AuthorName: r.AuthorName, Rollout: r.ID}, &last.Number)
		if errs.KindOf(err) != errs.Conflict || try == maxTries {
			return v.Number, err
		}
	}
}

// saveMember writes one member, unless a person has cancelled the roll-out before it was begun.
func (s *Service) saveMember(ctx context.Context, id string, i int, m Member) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		r, err := s.Store.Rollout(ctx, id)
		if err != nil {
			return err
		}
		r.Members[i] = m
		return s.Store.SaveRollout(ctx, r)
	})
}

// keep writes a roll-out and its record in one transaction and tells of it after the commit.
func (s *Service) keep(ctx context.Context, r Rollout, kind string, write func(context.Context, Rollout) error) error {
	done := rolloutNews(ctx, kind, r)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := write(ctx, r); err != nil {
			return err
		}
		return s.Events.Record(ctx, done)
	})
	if err != nil {
		return err
	}
	s.Events.Publish(ctx, *done)
	return nil
}
