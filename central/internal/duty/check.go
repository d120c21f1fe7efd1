package duty

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Fault is what is wrong with a roster.
type Fault string

// The faults. The first seven keep a month from being published; the others are told.
const (
	Empty      Fault = "empty"      // nobody is on duty at all
	Gap        Fault = "gap"        // a cell that the rule asks for has nobody
	Uncovered  Fault = "uncovered"  // a post that is held day and night stands empty between two watches
	Double     Fault = "double"     // one person at two places at once
	Unverified Fault = "unverified" // nobody has made sure that the person can be reached
	NoLeader   Fault = "no_leader"  // no leader on a day that needs one
	Inactive   Fault = "inactive"   // the person is no longer a duty person
	OnLeave    Fault = "leave"
	TooMany    Fault = "row"     // more shifts in a row than the desk allows
	NoTable    Fault = "no_year" // the holidays of the year are not known
)

// blocks reports whether a month with such a fault is published only with a signed reason.
func (f Fault) blocks() bool {
	switch f {
	case OnLeave, TooMany, NoTable:
		return false
	default:
		return true
	}
}

// Issue is one fault at one place. Key is the same as long as the fault is the same.
type Issue struct {
	Key        string    `json:"key"`
	Fault      Fault     `json:"fault"`
	Blocks     bool      `json:"blocks"`
	PostID     string    `json:"post_id,omitempty"`
	Day        Day       `json:"day,omitempty"`
	Watch      int       `json:"watch"`
	Head       int       `json:"head"`
	PersonID   string    `json:"person_id,omitempty"`
	PersonName string    `json:"person_name,omitempty"`
	OtherPost  string    `json:"other_post,omitempty"` // the second place of a double booking
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"`
	Count      int       `json:"count,omitempty"` // shifts in a row; year without a table
	Waiver     *Waiver   `json:"waiver,omitempty"`
}

// Waiver is a signed reason why a fault stands.
type Waiver struct {
	Key    string    `json:"key"`
	OrgID  string    `json:"org_id"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	ByName string    `json:"by_name"`
	At     time.Time `json:"at"`
}

func issue(f Fault, s Shift) Issue {
	return Issue{
		Key: fmt.Sprintf("%s|%s|%s|%d|%d|%s", f, s.PostID, s.Day, s.Watch, s.Head, s.PersonID), Fault: f, Blocks: f.blocks(),
		PostID: s.PostID, Day: s.Day, Watch: s.Watch, Head: s.Head, PersonID: s.PersonID, PersonName: s.PersonName, From: s.StartsAt, To: s.EndsAt,
	}
}

// Check finds what is wrong from one day to another (not included), in the order of the days. shifts may
// begin earlier, so that shifts in a row are counted over the edge. What has ended is not spoken of.
func (p Plan) Check(shifts []Shift, leaves []Leave, from, to Day, now time.Time) []Issue {
	var out []Issue
	open := slices.ContainsFunc(p.Posts, func(o Post) bool { return !o.Ended })
	in := slices.DeleteFunc(slices.Clone(shifts), func(s Shift) bool { return s.Day < from || s.Day >= to || !s.EndsAt.After(now) })
	if open && !slices.ContainsFunc(in, func(s Shift) bool { return s.PersonID != "" }) {
		return []Issue{{Key: "empty|" + string(from), Fault: Empty, Blocks: true, Day: from}}
	}
	for _, s := range in {
		out = append(out, p.checkCell(s, leaves)...)
	}
	out = append(out, p.checkDouble(in)...)
	out = append(out, p.checkRow(shifts, from, now)...)
	out = append(out, p.checkCover(shifts, from, to, now)...)
	out = append(out, p.checkDays(shifts, from, to, now)...)
	slices.SortStableFunc(out, func(a, b Issue) int { return cmp.Compare(a.Day, b.Day) })
	return out
}

func (p Plan) checkCell(s Shift, leaves []Leave) []Issue {
	if s.PersonID == "" {
		if s.Required {
			return []Issue{issue(Gap, s)}
		}
		return nil
	}
	var out []Issue
	who, ok := p.People[s.PersonID]
	if !ok || !who.Active {
		out = append(out, issue(Inactive, s))
	} else if !who.reachable() {
		out = append(out, issue(Unverified, s))
	}
	last := DayOf(s.EndsAt.Add(-time.Minute), p.Desk.Location())
	if slices.ContainsFunc(leaves, func(l Leave) bool { return l.PersonID == s.PersonID && l.From <= last && l.To >= s.Day }) {
		out = append(out, issue(OnLeave, s))
	}
	return out
}

// byPerson are the shifts of each person in the order in which they begin.
func byPerson(shifts []Shift) map[string][]Shift {
	out := map[string][]Shift{}
	for _, s := range shifts {
		if s.PersonID != "" {
			out[s.PersonID] = append(out[s.PersonID], s)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b Shift) int { return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.PostID, b.PostID)) })
	}
	return out
}

func (p Plan) checkDouble(in []Shift) []Issue {
	var out []Issue
	for _, list := range byPerson(in) {
		for i := 1; i < len(list); i++ {
			for j := i - 1; j >= 0; j-- {
				if list[j].EndsAt.After(list[i].StartsAt) {
					one := issue(Double, list[i])
					one.OtherPost = list[j].PostID
					out = append(out, one)
					break
				}
			}
		}
	}
	return out
}

func (p Plan) checkRow(shifts []Shift, from Day, now time.Time) []Issue {
	var out []Issue
	rest := time.Duration(p.Desk.RestHours) * time.Hour
	for _, list := range byPerson(shifts) {
		row := 0
		for i, s := range list {
			if i > 0 && s.StartsAt.Before(list[i-1].EndsAt.Add(rest)) {
				row++
			} else {
				row = 1
			}
			if row > p.Desk.MaxRow && s.Day >= from && s.EndsAt.After(now) {
				one := issue(TooMany, s)
				one.Count = row
				out = append(out, one)
			}
		}
	}
	return out
}

// checkCover looks for times in which a post that is held day and night has no cell at all. A cell without
// a person is a Gap of its own.
func (p Plan) checkCover(shifts []Shift, from, to Day, now time.Time) []Issue {
	var out []Issue
	loc := p.Desk.Location()
	end := to.At("00:00", loc)
	for _, post := range p.Posts {
		if post.Ended || !post.Continuous {
			continue
		}
		var mine []Shift
		for _, s := range shifts {
			if s.PostID == post.ID && s.EndsAt.After(now) {
				mine = append(mine, s)
			}
		}
		slices.SortFunc(mine, func(a, b Shift) int { return a.StartsAt.Compare(b.StartsAt) })
		covered := later(now, from.At("00:00", loc))
		say := func(from, to time.Time) {
			out = append(out, Issue{
				Key: fmt.Sprintf("%s|%s|%s", Uncovered, post.ID, from.UTC().Format("2006-01-02T15")), Fault: Uncovered, Blocks: true,
				PostID: post.ID, Day: DayOf(from, loc), From: from, To: to,
			})
		}
		for _, s := range mine {
			if s.StartsAt.After(covered) && covered.Before(end) {
				say(covered, earlier(s.StartsAt, end))
			}
			covered = later(covered, s.EndsAt)
		}
		if covered.Before(end) {
			say(covered, end)
		}
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p Plan) checkDays(shifts []Shift, from, to Day, now time.Time) []Issue {
	var out []Issue
	leaders := map[string]bool{}
	hasPosts := false
	for _, o := range p.Posts {
		leaders[o.ID] = o.Tier == Leader
		hasPosts = hasPosts || !o.Ended
	}
	years := map[int]bool{}
	loc := p.Desk.Location()
	for d := from; d < to && hasPosts; d = d.Add(1) {
		if y := d.Year(); !years[y] && !p.Calendar.Knows(y) {
			out = append(out, Issue{Key: fmt.Sprintf("%s|%d", NoTable, y), Fault: NoTable, Day: d, Count: y})
			years[y] = true
		}
		info := p.Calendar.Look(d)
		if !info.needsLeader() || !d.Add(1).At("00:00", loc).After(now) {
			continue
		}
		if !slices.ContainsFunc(shifts, func(s Shift) bool { return s.Day == d && leaders[s.PostID] && s.PersonID != "" }) {
			out = append(out, Issue{Key: fmt.Sprintf("%s|%s", NoLeader, d), Fault: NoLeader, Blocks: true, Day: d})
		}
	}
	return out
}
