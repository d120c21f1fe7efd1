// Package rulebook is the alarm rules as people keep them: drafts, numbered versions, and exceptions for
// single devices and divisions. Technicians write, leaders publish; telemetry judges by what is published,
// and so do the terminals. Rule that must never break: what decides on an alarm was published by name with
// a reason, and no shipped file ever overwrites it.
package rulebook

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/rule"
)

// State is where a rule stands.
type State string

// The states.
const (
	Drafted   State = "draft"     // never published
	Published State = "published" // decides
	Withdrawn State = "withdrawn" // decided once
)

// Origin says who wrote a version.
type Origin string

// The origins.
const (
	Shipped Origin = "shipped" // the files of firmware-configs/rules
	Person  Origin = "person"
)

// Kept is one rule of the book.
type Kept struct {
	ID        string     `json:"id"`
	Division  string     `json:"division"` // whose rule it is: it watches devices of this division only
	State     State      `json:"state"`
	Version   int        `json:"version"`  // newest published, 0: none yet
	Revision  int64      `json:"revision"` // counts every change; whoever changes names the one that was seen
	Rule      rule.Rule  `json:"rule"`     // of the newest version, of the draft when there is none
	Draft     *Draft     `json:"draft,omitempty"`
	Offer     *rule.Rule `json:"offer,omitempty"` // what the shipped file says now, not taken over yet
	UpdatedAt time.Time  `json:"updated_at"`

	Touched bool       `json:"-"` // by a person: the file only offers
	Shipped *rule.Rule `json:"-"` // what the file says
	Seen    *rule.Rule `json:"-"` // and said when a person last published
}

// Draft is what a person has written and not published.
type Draft struct {
	Rule       rule.Rule `json:"rule"`
	Author     string    `json:"author"`
	AuthorName string    `json:"author_name"`
	At         time.Time `json:"at"`
}

// RuleVersion is one text of a rule that was published. It never changes.
type RuleVersion struct {
	Rule       string    `json:"rule"`
	Number     int       `json:"number"`
	Body       rule.Rule `json:"body"`
	Origin     Origin    `json:"origin"`
	Author     string    `json:"author"`
	AuthorName string    `json:"author_name"`
	Reason     string    `json:"reason"`
	CreatedAt  time.Time `json:"created_at"`
}

// RuleOverride is where a rule is something else: on one device, or on all of a division.
type RuleOverride struct {
	ID       string `json:"id"`
	Rule     string `json:"rule"`
	Device   string `json:"device,omitempty"`
	Division string `json:"division"` // of the device, or the one that is meant
	rule.Exception
	// DecideBy is when one ends that was stored without an end, unless somebody decides about it before.
	DecideBy    *time.Time `json:"decide_by,omitempty"`
	Reason      string     `json:"reason"`
	Author      string     `json:"author"`
	AuthorName  string     `json:"author_name"`
	CreatedAt   time.Time  `json:"created_at"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	EndedBy     string     `json:"ended_by,omitempty"`
	EndedByName string     `json:"ended_by_name,omitempty"`
}

// holds reports whether the override is in force.
func (o *RuleOverride) holds(now time.Time) bool {
	end := o.ends()
	return o.EndedAt == nil && (end == nil || now.Before(*end))
}

// ends is when the override ends by itself; nil for never.
func (o *RuleOverride) ends() *time.Time {
	if o.Until == nil {
		return o.DecideBy
	}
	return o.Until
}

// covers reports whether the override is about the device.
func (o *RuleOverride) covers(d *device.Device) bool {
	if o.Device != "" {
		return o.Device == d.ID
	}
	return geo.Division(o.Division).Covers(geo.Division(d.Division))
}

// nearer orders overrides of one rule: the one for the device, the one for the smaller division, the newer.
func nearer(a, b RuleOverride) int {
	one := func(o RuleOverride) int {
		if o.Device != "" {
			return 1
		}
		return 0
	}
	return cmp.Or(one(b)-one(a), len(geo.Division(b.Division).Stem())-len(geo.Division(a.Division).Stem()), cmp.Compare(b.ID, a.ID))
}

// Given is the rules that a terminal was last given.
type Given struct {
	Edge   string
	Number uint64 // of its configuration
	Hash   string // of the rules
}

// same reports whether two rules say the same.
func same(a, b *rule.Rule) bool {
	if a == nil || b == nil {
		return a == b
	}
	return text(*a) == text(*b)
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// offer is what the file says, when that is news to whoever looks after the rule.
func (e *Kept) offer() *rule.Rule {
	if !e.Touched || e.Shipped == nil || same(e.Shipped, e.Seen) || same(e.Shipped, &e.Rule) {
		return nil
	}
	return e.Shipped
}

// watches reports whether the rule of the entry is about a device. root is the division of the centre,
// whose rules watch devices without a division as well.
func (e *Kept) watches(r *rule.Rule, d *device.Device, root string) bool {
	return r.On(d.ID, d.Class) && (e.Division == root || geo.Division(e.Division).Covers(geo.Division(d.Division)))
}

// Difference is one difference between two texts of a rule; From and To are JSON, empty where it is not there.
type Difference struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// Diff lists what differs, by name of the field.
func Diff(a, b rule.Rule) ([]Difference, error) {
	from, err := fields(a)
	if err != nil {
		return nil, err
	}
	to, err := fields(b)
	if err != nil {
		return nil, err
	}
	out := []Difference{}
	for name, v := range from {
		if string(v) != string(to[name]) {
			out = append(out, Difference{name, string(v), string(to[name])})
		}
	}
	for name, v := range to {
		if _, had := from[name]; !had {
			out = append(out, Difference{name, "", string(v)})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return cmp.Compare(a.Field, b.Field) })
	return out, nil
}

func fields(r rule.Rule) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	return out, json.Unmarshal([]byte(text(r)), &out)
}

// resolve makes the rules that decide: those that are published, on the devices of their division, with
// the exceptions that hold now.
func resolve(entries []Kept, overrides []RuleOverride, devices []device.Device, root string, now time.Time) []rule.Rule {
	near := map[string][]RuleOverride{}
	for _, o := range overrides {
		if o.holds(now) {
			near[o.Rule] = append(near[o.Rule], o)
		}
	}
	var out []rule.Rule
	for i := range entries {
		e := &entries[i]
		if e.State != Published {
			continue
		}
		r := e.Rule
		own := near[e.ID]
		slices.SortFunc(own, nearer)
		if e.Division != root {
			r.Devices = nil
		}
		for j := range devices {
			d := &devices[j]
			if !e.watches(&e.Rule, d, root) {
				continue
			}
			if e.Division != root {
				r.Devices = append(r.Devices, d.ID)
			}
			if k := slices.IndexFunc(own, func(o RuleOverride) bool { return o.covers(d) }); k >= 0 {
				if r.Exceptions == nil {
					r.Exceptions = map[string]rule.Exception{}
				}
				r.Exceptions[d.ID] = own[k].Exception
			}
		}
		if e.Division == root || len(r.Devices) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// atTerminal are the rules that a terminal can judge by itself: about its own devices, looking at nothing
// that only others know, switching only what is its own.
func atTerminal(rules []rule.Rule, own []device.Device) []rule.Rule {
	mine := func(id string) bool {
		return slices.ContainsFunc(own, func(d device.Device) bool { return d.ID == id })
	}
	out := []rule.Rule{}
	for _, r := range rules {
		about := slices.ContainsFunc(own, func(d device.Device) bool { return r.On(d.ID, d.Class) })
		for _, in := range r.Inputs {
			about = about && mine(in.Device)
		}
		if !about {
			continue
		}
		r.Devices = slices.DeleteFunc(slices.Clone(r.Devices), func(id string) bool { return !mine(id) })
		r.Actions = slices.DeleteFunc(slices.Clone(r.Actions), func(a rule.Action) bool { return !mine(a.Device) })
		var exceptions map[string]rule.Exception
		for id, e := range r.Exceptions {
			if mine(id) {
				if exceptions == nil {
					exceptions = map[string]rule.Exception{}
				}
				exceptions[id] = e
			}
		}
		r.Exceptions = exceptions
		out = append(out, r)
	}
	return out
}
