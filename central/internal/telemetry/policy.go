package telemetry

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/strict"
)

// Policy says when an alarm that nobody has acknowledged is passed on to the desk above. Number 0 is the one
// of firmware-configs/escalation; every change by a person is a version with the next number.
type Policy struct {
	Number     int64       `json:"number" yaml:"-"`
	Source     string      `json:"source" yaml:"source"` // where the figures come from
	Unverified bool        `json:"unverified" yaml:"unverified"`
	Entries    []Escalates `json:"entries" yaml:"entries"`
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

func sooner(set *time.Time, now time.Time, seconds int) *time.Time {
	due := next(time.Time{}, now.Add(time.Duration(seconds)*time.Second))
	if set != nil && !set.After(due) {
		return set
	}
	return &due
}
