// Package duty is who is on duty: posts of organisations, the people who hold them, and the roster that
// says who holds which post when. The console, the public board, calendars and every capability that must
// reach somebody at night use it. The roster is laid in layers: rules, overrides, temporary rosters, swaps,
// and at the moment itself a take-over. Rule that must never break: a shift that has begun is never
// computed again, so that what happened stays what it was.
package duty

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Horizon is how many days ahead the roster is laid.
const Horizon = 92

// DefaultZone is the zone of a desk that names none: the law's clock.
const DefaultZone = "Asia/Shanghai"

// Tier is what a post is for.
type Tier string

// The tiers of posts.
const (
	Officer Tier = "officer" // 值班员: takes calls, writes reports
	Leader  Tier = "leader"  // 带班领导: answers for the shift
	Standby Tier = "standby" // 备勤: comes when called
	Other   Tier = "other"
)

// Desk is how an organisation keeps duty. Phone is the duty phone that the law has published; the fields
// marked Public are what a public board shows.
type Desk struct {
	OrgID       string `json:"org_id"`
	Zone        string `json:"zone"` // IANA
	Phone       string `json:"phone"`
	MaxRow      int    `json:"max_row"`    // shifts that a person may have in a row
	RestHours   int    `json:"rest_hours"` // a shift that begins within so many hours of the last is in a row with it
	PublicNames bool   `json:"public_names"`
	PublicPhone bool   `json:"public_phone"`
}

// newDesk is the desk of an organisation that has said nothing.
func newDesk(org string) Desk {
	return Desk{OrgID: org, Zone: DefaultZone, MaxRow: 2, RestHours: 8, PublicPhone: true}
}

// Location is the zone of the desk.
func (d Desk) Location() *time.Location {
	loc, err := time.LoadLocation(d.Zone)
	if err != nil {
		loc = event.China() // validate has refused anything else
	}
	return loc
}

func (d Desk) validate() error {
	if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "" || d.Zone == "Local" {
		return errs.Field("duty.zone", "zone", "is no IANA time zone such as Asia/Shanghai")
	}
	switch {
	case d.Phone != "" && !phone(d.Phone):
		return errs.Field("duty.phone", "phone", "3 to 24 digits, spaces, + and -")
	case d.MaxRow < 1 || d.MaxRow > 14:
		return errs.Field("duty.max_row", "max_row", "must be 1 to 14")
	case d.RestHours < 0 || d.RestHours > 72:
		return errs.Field("duty.rest_hours", "rest_hours", "must be 0 to 72")
	}
	return nil
}

// Post is one place that must be held.
type Post struct {
	ID         string `json:"id"`
	OrgID      string `json:"org_id"`
	Name       string `json:"name"`
	NameEN     string `json:"name_en"`
	Tier       Tier   `json:"tier"`
	Position   int    `json:"position"`   // its place among the posts of the organisation
	Continuous bool   `json:"continuous"` // held day and night without a break
	Ended      bool   `json:"ended"`
}

func (p Post) validate() error {
	switch {
	case !errs.Name(p.Name, 32):
		return errs.Field("duty.name", "name", "1 to 32 characters on one line")
	case p.NameEN != "" && !errs.Name(p.NameEN, 64):
		return errs.Field("duty.name_en", "name_en", "at most 64 characters on one line")
	case !slices.Contains([]Tier{Officer, Leader, Standby, Other}, p.Tier):
		return errs.Field("duty.tier", "tier", "must be officer, leader, standby or other")
	case p.Position < 0 || p.Position > 1000:
		return errs.Field("duty.position", "position", "must be 0 to 1000")
	}
	return nil
}

// Watch is one part of a day, from one hand-off to the next. A watch whose To is not after its From ends on
// the next day.
type Watch struct {
	Name string `json:"name"`
	From Clock  `json:"from"`
	To   Clock  `json:"to"`
}

// span is when a watch of a day begins and ends. Both are hand-offs by the same rule (see Day.At), so two
// watches that share a wall time share the instant.
func (w Watch) span(d Day, loc *time.Location) (from, to time.Time) {
	end := d
	if w.To.minutes() <= w.From.minutes() {
		end = d.Add(1)
	}
	return d.At(w.From, loc), end.At(w.To, loc)
}

// Rotation is people who take turns. Each slot that it fills is one turn: days on which it fills nothing
// turn nobody over. Keep is how many turns each takes before the next.
type Rotation struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Classes []Class  `json:"classes"` // of the days it fills; empty: all
	Watches []int    `json:"watches"` // of a day, from 0; empty: all
	Keep    int      `json:"keep"`
	First   int      `json:"first"` // who begins, from 0
	Members []string `json:"members"`
}

// fills reports whether the rotation fills a watch of a day.
func (r Rotation) fills(day DayInfo, watch int) bool {
	return len(r.Members) > 0 && (len(r.Watches) == 0 || slices.Contains(r.Watches, watch)) &&
		(len(r.Classes) == 0 || slices.ContainsFunc(day.classes(), func(c Class) bool { return slices.Contains(r.Classes, c) }))
}

// names reports whether the rotation names the class itself, and so goes before one that fills it by default.
func (r Rotation) names(c Class) bool { return slices.Contains(r.Classes, c) }

// member is whose turn it is.
func (r Rotation) member(turn int) string {
	return r.Members[(r.First+turn/max(r.Keep, 1))%len(r.Members)]
}

// Rule is how a post is held from a day on, until the next rule of the post begins. Heads says how many
// people each class of day needs in every watch.
type Rule struct {
	ID        string        `json:"id"`
	PostID    string        `json:"post_id"`
	From      Day           `json:"from"`
	Watches   []Watch       `json:"watches"`
	Heads     map[Class]int `json:"heads"`
	Rotations []Rotation    `json:"rotations"`
	ByName    string        `json:"by_name"`
	CreatedAt time.Time     `json:"created_at"`
}

// maxHeads is the most people that hold one watch of one post.
const maxHeads = 20

// heads is how many people a day needs: what the rule says of its class, or of the class behind it.
func (r Rule) heads(day DayInfo) int { return heads(r.Heads, day) }

func heads(table map[Class]int, day DayInfo) int {
	for _, c := range day.classes() {
		if n, ok := table[c]; ok {
			return n
		}
	}
	return 0
}

// rotation is the one that fills a watch: one that names the day's own class first.
func (r Rule) rotation(day DayInfo, watch int) (Rotation, bool) {
	for _, c := range day.classes() {
		for _, o := range r.Rotations {
			if o.names(c) && o.fills(day, watch) {
				return o, true
			}
		}
	}
	for _, o := range r.Rotations {
		if len(o.Classes) == 0 && o.fills(day, watch) {
			return o, true
		}
	}
	return Rotation{}, false
}

func (r Rule) validate(people map[string]Person) error {
	if !r.From.Valid() {
		return errs.Field("duty.day", "from", "is no day like 2026-11-26")
	}
	if err := checkWatches(r.Watches); err != nil {
		return err
	}
	if err := checkHeads(r.Heads); err != nil {
		return err
	}
	if len(r.Rotations) > 20 {
		return errs.Field("duty.rotations", "rotations", "at most 20")
	}
	for _, o := range r.Rotations {
		switch {
		case !errs.Name(o.Name, 32):
			return errs.Field("duty.rotation_name", "rotations", "each needs a name of 1 to 32 characters")
		case len(o.Members) == 0 || len(o.Members) > 200:
			return errs.Field("duty.rotation_members", "rotations", o.Name+" needs 1 to 200 people")
		case o.Keep < 1 || o.Keep > 62:
			return errs.Field("duty.rotation_keep", "rotations", o.Name+": each keeps 1 to 62 turns")
		case o.First < 0 || o.First >= len(o.Members):
			return errs.Field("duty.rotation_first", "rotations", o.Name+": who begins is none of its people")
		}
		for _, c := range o.Classes {
			if !c.valid() {
				return errs.Field("duty.class", "rotations", "there is no class of days "+string(c))
			}
		}
		for _, m := range o.Members {
			if _, ok := people[m]; !ok {
				return errs.Field("duty.person", "rotations", o.Name+" names somebody who is not among the duty people of the organisation")
			}
		}
	}
	return nil
}

func checkWatches(list []Watch) error {
	if len(list) > 12 {
		return errs.Field("duty.watches", "watches", "at most 12 a day")
	}
	for _, w := range list {
		if !errs.Name(w.Name, 16) || !w.From.Valid() || !w.To.Valid() {
			return errs.Field("duty.watches", "watches", "each has a name and times like 08:30")
		}
	}
	return nil
}

func checkHeads(table map[Class]int) error {
	for c, n := range table {
		if !c.valid() || n < 0 || n > maxHeads {
			return errs.Field("duty.heads", "heads", "0 to 20 people for each class of days")
		}
	}
	return nil
}

// Key names one head of one watch of one day: a cell of the roster.
type Key struct {
	PostID string `json:"post_id"`
	Day    Day    `json:"day"`
	Watch  int    `json:"watch"`
	Head   int    `json:"head"`
}

// Layer is where the name in a cell comes from.
type Layer string

// The layers, weakest first.
const (
	ByRule     Layer = "rule"
	ByOverride Layer = "override"
	ByTemp     Layer = "temp"
	BySwap     Layer = "swap"
)

// Shift is a cell as it was laid: who holds it and why. An empty PersonID is a gap. Required tells a cell
// that the rule asks for from one that somebody has added.
type Shift struct {
	Key
	OrgID      string    `json:"org_id"`
	WatchName  string    `json:"watch_name"`
	Class      Class     `json:"class"`
	Required   bool      `json:"required"`
	StartsAt   time.Time `json:"starts_at"`
	EndsAt     time.Time `json:"ends_at"`
	PersonID   string    `json:"person_id"`
	PersonName string    `json:"person_name"`
	Layer      Layer     `json:"layer"`
	BaseID     string    `json:"base_id"` // whom the rotation gives
	RotationID string    `json:"rotation_id"`
	Turn       int       `json:"turn"` // of the rotation, -1 when none filled it
}

// Override puts somebody, or with an empty person nobody, into a cell.
type Override struct {
	Key
	PersonID string    `json:"person_id"`
	By       string    `json:"by"`
	ByName   string    `json:"by_name"`
	At       time.Time `json:"at"`
}

// Temp takes the place of a post's rules from one day to another, both included.
type Temp struct {
	ID      string     `json:"id"`
	OrgID   string     `json:"org_id"`
	PostID  string     `json:"post_id"`
	Name    string     `json:"name"`
	From    Day        `json:"from"`
	To      Day        `json:"to"`
	Watches []Watch    `json:"watches"`
	Heads   int        `json:"heads"`
	Cells   []TempCell `json:"cells"`
	ByName  string     `json:"by_name"`
	At      time.Time  `json:"at"`
}

// TempCell is one name of a temporary roster.
type TempCell struct {
	Day      Day    `json:"day"`
	Watch    int    `json:"watch"`
	Head     int    `json:"head"`
	PersonID string `json:"person_id"`
}

func (t Temp) covers(d Day) bool { return d >= t.From && d <= t.To }

func (t Temp) person(k Key) string {
	for _, c := range t.Cells {
		if c.Day == k.Day && c.Watch == k.Watch && c.Head == k.Head {
			return c.PersonID
		}
	}
	return ""
}

// put puts somebody into a cell of the temporary roster.
func (t Temp) put(k Key, person string) Temp {
	cells := slices.DeleteFunc(slices.Clone(t.Cells), func(c TempCell) bool {
		return c.Day == k.Day && c.Watch == k.Watch && c.Head == k.Head
	})
	t.Cells = append(cells, TempCell{k.Day, k.Watch, k.Head, person})
	return t
}

func (t Temp) validate(people map[string]Person) error {
	switch {
	case !errs.Name(t.Name, 64):
		return errs.Field("duty.name", "name", "1 to 64 characters on one line")
	case !t.From.Valid() || !t.To.Valid() || t.To < t.From:
		return errs.Field("duty.day", "to", "the last day must not come before the first")
	case t.From.Add(Horizon) < t.To:
		return errs.Field("duty.day", "to", "at most 92 days")
	case t.Heads < 1 || t.Heads > maxHeads || len(t.Watches) == 0:
		return errs.Field("duty.heads", "heads", "a temporary roster has watches with 1 to 20 people")
	}
	for _, c := range t.Cells {
		if _, ok := people[c.PersonID]; !ok && c.PersonID != "" {
			return errs.Field("duty.person", "cells", "names somebody who is not among the duty people of the organisation")
		}
		if !t.covers(c.Day) || c.Watch < 0 || c.Watch >= len(t.Watches) || c.Head < 0 || c.Head >= maxHeads {
			return errs.Field("duty.cell", "cells", "names a cell outside the temporary roster")
		}
	}
	return checkWatches(t.Watches)
}
