package duty

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Plan is everything that the roster of one organisation is laid from.
type Plan struct {
	Desk      Desk
	Posts     []Post
	Rules     []Rule
	Overrides []Override
	Temps     []Temp
	Swaps     []Swap // approved ones
	People    map[string]Person
	Calendar  Calendar
}

// rule is the one of a post that holds on a day: the latest that has begun.
func (p Plan) rule(post string, d Day) (Rule, bool) {
	var found Rule
	ok := false
	for _, r := range p.Rules {
		if r.PostID == post && r.From <= d && (!ok || r.From > found.From) {
			found, ok = r, true
		}
	}
	return found, ok
}

func (p Plan) temp(post string, d Day) (Temp, bool) {
	i := slices.IndexFunc(p.Temps, func(t Temp) bool { return t.PostID == post && t.covers(d) })
	if i < 0 {
		return Temp{}, false
	}
	return p.Temps[i], true
}

// Lay makes the cells from one day to another (not included), in order. now is the present: what has begun
// is taken from stood as it is, whatever the plan says today; what has ended and never stood is not made
// up. next is the turn that each rotation has come to before from; one that is not in it begins.
func (p Plan) Lay(from, to Day, now time.Time, stood []Shift, next map[string]int) []Shift {
	loc := p.Desk.Location()
	frozen := map[Key]Shift{}
	turns := maps.Clone(next)
	if turns == nil {
		turns = map[string]int{}
	}
	for _, s := range stood {
		if s.Day < from || s.Day >= to || s.StartsAt.After(now) {
			continue
		}
		frozen[s.Key] = s
		if s.RotationID != "" {
			turns[s.RotationID] = max(turns[s.RotationID], s.Turn+1)
		}
	}
	over := map[Key]Override{}
	for _, o := range p.Overrides {
		over[o.Key] = o
	}
	var out []Shift
	for d := from; d < to; d = d.Add(1) {
		info := p.Calendar.Look(d)
		for _, post := range p.Posts {
			if !post.Ended {
				out = append(out, p.layDay(post, info, loc, now, turns, frozen, over)...)
			}
		}
	}
	for _, s := range frozen { // cells of posts, watches or heads that there are no more
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Shift) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(p.position(a.PostID), p.position(b.PostID)), cmp.Compare(a.PostID, b.PostID),
			cmp.Compare(a.Watch, b.Watch), cmp.Compare(a.Head, b.Head))
	})
	return out
}

func (p Plan) position(post string) int {
	i := slices.IndexFunc(p.Posts, func(o Post) bool { return o.ID == post })
	if i < 0 {
		return len(p.Posts)
	}
	return i
}

// layDay makes the cells of a post on a day. It takes from frozen what it passes.
func (p Plan) layDay(post Post, day DayInfo, loc *time.Location, now time.Time, turns map[string]int, frozen map[Key]Shift, over map[Key]Override) []Shift {
	rule, _ := p.rule(post.ID, day.Day)
	watches, need := rule.Watches, rule.heads(day)
	temp, temporary := p.temp(post.ID, day.Day)
	if temporary {
		watches, need = temp.Watches, temp.Heads
	}
	var out []Shift
	for w, watch := range watches {
		starts, ends := watch.span(day.Day, loc)
		if !starts.Before(ends) {
			continue // the place has left this part of the day out
		}
		for h := 0; h < need || p.added(over, post.ID, day.Day, w, h, temporary); h++ {
			key := Key{post.ID, day.Day, w, h}
			if s, ok := frozen[key]; ok {
				out = append(out, s)
				delete(frozen, key)
				continue
			}
			if !ends.After(now) {
				continue
			}
			s := Shift{
				Key: key, OrgID: post.OrgID, WatchName: watch.Name, Class: day.Class, Required: h < need,
				StartsAt: starts, EndsAt: ends, Layer: ByRule, Turn: -1,
			}
			if temporary {
				s.Layer, s.PersonID = ByTemp, temp.person(key)
			} else {
				if rotation, ok := rule.rotation(day, w); ok && h < need {
					s.RotationID, s.Turn = rotation.ID, turns[rotation.ID]
					s.BaseID = rotation.member(s.Turn)
					s.PersonID = s.BaseID
					turns[rotation.ID]++
				}
				if o, ok := over[key]; ok {
					s.Layer, s.PersonID = ByOverride, o.PersonID
				}
			}
			s = p.swapped(s)
			s.PersonName = p.People[s.PersonID].Name
			out = append(out, s)
		}
	}
	return out
}

// added reports whether somebody was put into a head that the rule does not ask for.
func (p Plan) added(over map[Key]Override, post string, d Day, w, h int, temporary bool) bool {
	if temporary || h >= maxHeads {
		return false
	}
	for next := h; next < maxHeads; next++ {
		if o, ok := over[Key{post, d, w, next}]; ok && o.PersonID != "" {
			return true
		}
	}
	return false
}

// swapped applies the approved swaps that fit the cell, oldest first.
func (p Plan) swapped(s Shift) Shift {
	for _, w := range p.Swaps {
		if next, ok := w.gives(s.Key, s.PersonID); ok {
			s.Layer, s.PersonID = BySwap, next
		}
	}
	return s
}
