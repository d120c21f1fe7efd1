package rulebook

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/rule"
)

// firedDays is how far back alarms are counted.
const firedDays = 30

// BookLine is a rule in the list.
type BookLine struct {
	Kept
	Overrides int  `json:"overrides"` // that hold
	Fired     int  `json:"fired"`     // alarms in the last 30 days, of what the reader sees
	Devices   int  `json:"devices"`   // that it watches, of what the reader sees
	Mine      bool `json:"mine"`      // of the reader's own division, so that it may be changed
	// Here is what holds on the device that was asked for.
	Here *RuleOverride `json:"here,omitempty"`
}

// RuleDetail is one rule with what belongs to it.
type RuleDetail struct {
	BookLine
	Holding   []RuleOverride  `json:"holding"`   // overrides that hold, of what the reader sees
	Terminals []TerminalRules `json:"terminals"` // that the draft, or the rule without one, concerns
	Units     []string        `json:"units"`     // in which what it watches is measured
}

// TerminalRules is how far a terminal is with the rules.
type TerminalRules struct {
	Edge  string `json:"edge"`
	Name  string `json:"name"`
	State string `json:"state"` // own: of its files; foreign: of nobody, about to be replaced; waiting, applied, failed: those of the centre
	Why   string `json:"why,omitempty"`
}

// Filter selects rules.
type Filter struct {
	Search string
	State  State
	Class  string
	Device string // only rules that watch it
	Sort   string // name, level, state, fired, overrides, updated; with - before it the other way round
}

// List lists the rules that the actor may read.
func (s *Service) List(ctx context.Context, f Filter) ([]BookLine, error) {
	a, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	lines, err := s.lines(ctx, a)
	if err != nil {
		return nil, err
	}
	if f.Device != "" {
		s.here(ctx, f.Device, lines)
	}
	needle := strings.ToLower(f.Search)
	lines = slices.DeleteFunc(lines, func(l BookLine) bool {
		r := &l.Rule
		d, _ := s.Devices.Visible(ctx, f.Device)
		return (f.State != "" && l.State != f.State) || (f.Class != "" && r.Class != f.Class) || (f.Device != "" && !l.watches(r, &d, s.Division)) ||
			!strings.Contains(strings.ToLower(strings.Join([]string{l.ID, r.Name, r.NameEN, r.Property, r.Class, r.Source}, "\n")), needle)
	})
	key, down := strings.CutPrefix(f.Sort, "-")
	order := map[string]func(a, b BookLine) int{
		"":          func(a, b BookLine) int { return cmp.Or(min(b.Devices, 1)-min(a.Devices, 1), cmp.Compare(a.ID, b.ID)) }, // first what watches something
		"name":      func(a, b BookLine) int { return cmp.Compare(a.Rule.Name, b.Rule.Name) },
		"level":     func(a, b BookLine) int { return cmp.Compare(a.Rule.Level, b.Rule.Level) },
		"state":     func(a, b BookLine) int { return cmp.Compare(a.State, b.State) },
		"fired":     func(a, b BookLine) int { return cmp.Compare(a.Fired, b.Fired) },
		"overrides": func(a, b BookLine) int { return cmp.Compare(a.Overrides, b.Overrides) },
		"updated":   func(a, b BookLine) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	}[key]
	if order == nil {
		return nil, errs.Field("rule.sort", "sort", "is no column: name, level, state, fired, overrides, updated")
	}
	slices.SortStableFunc(lines, func(a, b BookLine) int {
		if down {
			a, b = b, a
		}
		return order(a, b)
	})
	return lines, nil
}

// here finds what holds on one device.
func (s *Service) here(ctx context.Context, id string, lines []BookLine) {
	d, ok := s.Devices.Visible(ctx, id)
	if !ok {
		return
	}
	s.mu.RLock()
	overs := slices.Clone(s.overs)
	s.mu.RUnlock()
	slices.SortFunc(overs, nearer)
	for i := range lines {
		if j := slices.IndexFunc(overs, func(o RuleOverride) bool { return o.Rule == lines[i].ID && o.holds(time.Now()) && o.covers(&d) }); j >= 0 {
			lines[i].Here = &overs[j]
		}
	}
}

func (s *Service) lines(ctx context.Context, a actor.Actor) ([]BookLine, error) {
	fired, err := s.Store.Fired(ctx, time.Now().AddDate(0, 0, -firedDays), a.Scope())
	if err != nil {
		return nil, err
	}
	seen, err := s.Devices.All(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	book, overs := slices.Clone(s.book), slices.Clone(s.overs)
	s.mu.RUnlock()
	var out []BookLine
	for _, e := range book {
		if !a.Meets(e.Division) {
			continue
		}
		about, _ := s.around(&e, &e.Rule, seen)
		l := BookLine{Kept: e, Fired: fired[e.ID], Devices: len(about), Mine: a.Covers(e.Division)}
		for _, o := range overs {
			if o.Rule == e.ID && a.Meets(o.Division) {
				l.Overrides++
			}
		}
		out = append(out, l)
	}
	return out, nil
}

// Get shows one rule.
func (s *Service) Get(ctx context.Context, id string) (RuleDetail, error) {
	a, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return RuleDetail{}, err
	}
	lines, err := s.lines(ctx, a)
	if err != nil {
		return RuleDetail{}, err
	}
	i := slices.IndexFunc(lines, func(l BookLine) bool { return l.ID == id })
	if i < 0 {
		return RuleDetail{}, errs.E(errs.NotFound, "rule.not_found", "rule %s does not exist", id)
	}
	d := RuleDetail{BookLine: lines[i], Holding: []RuleOverride{}, Terminals: []TerminalRules{}, Units: []string{}}
	s.mu.RLock()
	for _, o := range s.overs {
		if o.Rule == id && a.Meets(o.Division) {
			d.Holding = append(d.Holding, o)
		}
	}
	s.mu.RUnlock()
	return d, s.reach(ctx, &d)
}

// reach finds whom the draft, or the rule without one, concerns.
func (s *Service) reach(ctx context.Context, d *RuleDetail) error {
	devices, err := s.Devices.All(ctx)
	if err != nil {
		return err
	}
	r := &d.Rule
	if d.Draft != nil {
		r = &d.Draft.Rule
	}
	about, terminals := s.around(&d.Kept, r, devices)
	d.Devices = len(about)
	given, err := s.Store.Given(ctx)
	if err != nil {
		return err
	}
	for _, one := range devices {
		if slices.Contains(about, one.ID) {
			for _, series := range one.Series {
				if series.Property == r.Property && !slices.Contains(d.Units, series.Unit) {
					d.Units = append(d.Units, series.Unit)
				}
			}
		}
		if !slices.Contains(terminals, one.ID) {
			continue
		}
		t := TerminalRules{Edge: one.ID, Name: one.Name, State: "own"}
		switch {
		case d.Touched && d.Version > 0:
			t.State = "waiting" // for the loop, or until it is known what the terminal runs
		case s.Terminals != nil && s.foreign(ctx, one.ID):
			t.State = "foreign"
		}
		if i := slices.IndexFunc(given, func(g Given) bool { return g.Edge == one.ID }); i >= 0 && s.Terminals != nil {
			if t.State, t.Why, err = s.Terminals.RulesStand(ctx, one.ID, given[i].Number); err != nil {
				return err
			}
		}
		d.Terminals = append(d.Terminals, t)
	}
	return nil
}

// Versions lists those of a rule, newest first.
func (s *Service) Versions(ctx context.Context, id string) ([]RuleVersion, error) {
	a, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	if _, err := s.entry(a, id); err != nil {
		return nil, err
	}
	return s.Store.Versions(ctx, id)
}

// Compare lists what differs between two texts of a rule: a number, "draft" or "offer".
func (s *Service) Compare(ctx context.Context, id, from, to string) ([]Difference, error) {
	a, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	e, err := s.entry(a, id)
	if err != nil {
		return nil, err
	}
	one, err := s.textOf(ctx, &e, "from", from)
	if err != nil {
		return nil, err
	}
	other, err := s.textOf(ctx, &e, "to", to)
	if err != nil {
		return nil, err
	}
	return Diff(one, other)
}

func (s *Service) textOf(ctx context.Context, e *Kept, field, name string) (rule.Rule, error) {
	switch {
	case name == "draft" && e.Draft != nil:
		return e.Draft.Rule, nil
	case name == "offer" && e.Offer != nil:
		return *e.Offer, nil
	}
	n, err := strconv.Atoi(name)
	if err != nil {
		return rule.Rule{}, errs.Field("rule.compare", field, "must be the number of a version, draft or offer")
	}
	v, err := s.version(ctx, e.ID, n)
	return v.Body, err
}
