package telemetry

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// Policy says when an alarm that nobody has acknowledged is passed on to the desk above. Number 0 is the one
// of firmware-configs/escalation; every change by a person is a version with the next number.
type Policy struct {
	Number     int64       `json:"number" yaml:"-"`
	Source     string      `json:"source" yaml:"source"` // where the figures come from
	Unverified bool        `json:"unverified" yaml:"unverified"`
	Entries    []Escalates `json:"entries" yaml:"entries"`
	Upper      *Upper      `json:"upper,omitempty" yaml:"upper"`
	Note       string      `json:"note,omitempty" yaml:"-"`
	Author     string      `json:"author,omitempty" yaml:"-"`
	AuthorName string      `json:"author_name,omitempty" yaml:"-"`
	CreatedAt  *time.Time  `json:"created_at,omitempty" yaml:"-"`
}

// Escalates is the policy for one level of alarms in a division and below; without a division it holds where
// no other entry does.
type Escalates struct {
	Division string `json:"division" yaml:"division"`
	Level    int    `json:"level" yaml:"level"`
	Late     int    `json:"late_seconds" yaml:"late_seconds"`   // when the desk shows it as waiting too long
	After    []int  `json:"after_seconds" yaml:"after_seconds"` // how long each desk in turn has
}

// Upper says which alarms ring at the desks above at once, by level or by class of the device. The others are
// shown there as handled below until they are passed on, as long as a desk below hears them. A policy without it
// lets everything ring.
type Upper struct {
	Levels  []int    `json:"levels" yaml:"levels"` // 1 red … 4 blue
	Classes []string `json:"classes" yaml:"classes"`
}

// atOnce reports whether an alarm of the level, of a device of the class, rings above at once. Without a word on
// it every alarm does.
func (u *Upper) atOnce(level int, class string) bool {
	return u == nil || slices.Contains(u.Levels, level) || slices.Contains(u.Classes, class)
}

// check says what is wrong with it.
func (u *Upper) check() error {
	switch {
	case u == nil:
		return nil
	case slices.ContainsFunc(u.Levels, func(n int) bool { return n < 1 || n > 4 }):
		return errs.Field("escalation.policy", "upper.levels", "each must be 1 to 4")
	case len(u.Classes) > maxEntries || slices.ContainsFunc(u.Classes, func(c string) bool { return !wire.ValidID(c) }):
		return errs.Field("escalation.policy", "upper.classes", "each must be a class of devices")
	}
	return nil
}

// Limits of a policy.
const (
	maxEntries = 200
	maxTiers   = 8
	maxWait    = 24 * 60 * 60
)

// LoadPolicy reads the policy file. Errors name the file and the line.
func LoadPolicy(path string) (Policy, error) {
	var p Policy
	text, err := os.ReadFile(path)
	if err != nil {
		return p, fmt.Errorf("read escalation policy: %w", err)
	}
	tree, err := strict.Decode(path, text, &p)
	if err != nil {
		return p, err
	}
	if err := p.check(); err != nil {
		return p, fmt.Errorf("%s:%d: %w", path, tree.Line("entries"), err)
	}
	return p, nil
}

// check says what is wrong with a policy.
func (p *Policy) check() error {
	if p.Source == "" {
		return errs.Field("escalation.policy", "source", "say where the figures come from")
	}
	if len(p.Entries) > maxEntries {
		return errs.Field("escalation.policy", "entries", fmt.Sprintf("at most %d", maxEntries))
	}
	if err := p.Upper.check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, e := range p.Entries {
		field := func(name string) string { return fmt.Sprintf("entries.%d.%s", i, name) }
		key := fmt.Sprint(e.Level, geo.Division(e.Division).Stem())
		switch {
		case e.Division != "" && !geo.Division(e.Division).Valid():
			return errs.Field("escalation.policy", field("division"), "is not a division code (GB/T 2260)")
		case e.Level < 1 || e.Level > 4:
			return errs.Field("escalation.policy", field("level"), "must be 1 to 4")
		case seen[key]:
			return errs.Field("escalation.policy", field("level"), "stands here twice for the same division")
		case e.Late < 1 || e.Late > maxWait:
			return errs.Field("escalation.policy", field("late_seconds"), fmt.Sprintf("must be 1 to %d", maxWait))
		case len(e.After) > maxTiers:
			return errs.Field("escalation.policy", field("after_seconds"), fmt.Sprintf("at most %d steps", maxTiers))
		case slices.ContainsFunc(e.After, func(n int) bool { return n < 1 || n > maxWait }):
			return errs.Field("escalation.policy", field("after_seconds"), fmt.Sprintf("each must be 1 to %d", maxWait))
		}
		seen[key] = true
	}
	return nil
}

// entry finds what holds for an alarm: the entry of the smallest division that covers it.
func (p *Policy) entry(a *Alarm) (Escalates, bool) {
	best, found := Escalates{}, false
	for _, e := range p.Entries {
		if e.Level != a.Level || (e.Division != "" && !geo.Division(e.Division).Covers(geo.Division(a.Division))) {
			continue
		}
		if !found || len(geo.Division(e.Division).Stem()) > len(geo.Division(best.Division).Stem()) {
			best, found = e, true
		}
	}
	return best, found
}

// arm sets when an alarm, as it stands at now, is late and when it is passed on. A time that is set stays
// unless the policy gives less: nothing waits longer than that, whatever the clock did.
func (p *Policy) arm(a *Alarm, now time.Time) {
	e, ok := p.entry(a)
	if !ok || !a.calls() {
		a.LateAt, a.EscalateAt = nil, nil
		return
	}
	a.LateAt = sooner(a.LateAt, now, e.Late)
	if tier := a.tier(); tier < len(e.After) {
		a.EscalateAt = sooner(a.EscalateAt, now, e.After[tier])
	} else {
		a.EscalateAt = nil
	}
}

// arm sets the times of an alarm as it stands at now, and whether the desks below have it first.
func (s *Service) arm(ctx context.Context, a *Alarm, now time.Time) {
	s.policy.arm(a, now)
	a.BelowFirst = s.belowFirst(ctx, a)
}

// belowFirst reports whether the desks above may be silent until the alarm is passed on. What no time will pass
// on, and what is of a device that is not known, rings everywhere.
func (s *Service) belowFirst(ctx context.Context, a *Alarm) bool {
	dev, ok := s.Devices.Visible(actor.WithSystem(ctx, "rules"), a.Device)
	return ok && a.EscalateAt != nil && !s.policy.Upper.atOnce(a.Level, dev.Class)
}

func sooner(set *time.Time, now time.Time, seconds int) *time.Time {
	due := next(time.Time{}, now.Add(time.Duration(seconds)*time.Second))
	if set != nil && !set.After(due) {
		return set
	}
	return &due
}
