package plan

import (
	"cmp"
	"slices"
)

// order lists the ids of the actions so that each comes after what it follows, otherwise in the order of the
// plan. Actions of a cycle, and those behind one, are missing from it.
func (b Body) order() []string {
	waits, follows := map[string]int{}, map[string][]string{}
	known := map[string]bool{}
	for _, a := range b.Actions {
		known[a.ID] = true
	}
	for _, a := range b.Actions {
		for _, id := range a.After {
			if known[id] {
				waits[a.ID]++
				follows[id] = append(follows[id], a.ID)
			}
		}
	}
	var out []string
	for _, a := range b.Actions {
		if waits[a.ID] == 0 {
			out = append(out, a.ID)
		}
	}
	for i := 0; i < len(out); i++ {
		for _, id := range follows[out[i]] {
			if waits[id]--; waits[id] == 0 {
				out = append(out, id)
			}
		}
	}
	return out
}

// due is when each action is due, in minutes after the response began. Actions of a cycle, and those behind
// one, have no time.
func (b Body) due() map[string]int {
	byID := map[string]Action{}
	for _, a := range b.Actions {
		byID[a.ID] = a
	}
	out := map[string]int{}
	for _, id := range b.order() {
		a := byID[id]
		at := 0
		if a.From == FromAfter {
			for _, before := range a.After {
				at = max(at, out[before])
			}
		}
		out[id] = at + a.Minutes
	}
	return out
}

// loops lists the cycles among the actions: of each knot of them one, from the action that stands first.
func (b Body) loops() [][]string {
	ordered := map[string]bool{}
	for _, id := range b.order() {
		ordered[id] = true
	}
	byID := map[string]Action{}
	for _, a := range b.Actions {
		byID[a.ID] = a
	}
	var out [][]string
	told := map[string]bool{}
	for _, a := range b.Actions {
		if ordered[a.ID] || told[a.ID] {
			continue
		}
		// Backwards along what is not ordered: every such action follows another such one, so this ends in a cycle.
		at := map[string]int{}
		var path []string
		id := a.ID
		for {
			if from, seen := at[id]; seen {
				if loop := path[from:]; !told[loop[0]] {
					out = append(out, turned(b, loop))
				}
				break
			}
			if told[id] {
				break
			}
			at[id] = len(path)
			path = append(path, id)
			i := slices.IndexFunc(byID[id].After, func(p string) bool { _, ok := byID[p]; return ok && !ordered[p] })
			if i < 0 {
				break
			}
			id = byID[id].After[i]
		}
		for _, p := range path {
			told[p] = true
		}
	}
	return out
}

// turned begins a loop with the action that stands first in the plan, and goes forwards.
func turned(b Body, loop []string) []string {
	loop = slices.Clone(loop)
	slices.Reverse(loop)
	place := func(id string) int {
		return slices.IndexFunc(b.Actions, func(a Action) bool { return a.ID == id })
	}
	first := slices.MinFunc(loop, func(x, y string) int { return cmp.Compare(place(x), place(y)) })
	i := slices.Index(loop, first)
	return append(slices.Clone(loop[i:]), loop[:i]...)
}

// Due is an action with its time.
type Due struct {
	Action
	At int `json:"at"` // minutes after the response began
}

// Schedule is what is done at a level, by its time and the order of the plan. It is whole only for a body
// without grave faults.
func (b Body) Schedule(level int) []Due {
	due := b.due()
	var out []Due
	for _, a := range b.at(level) {
		if at, ok := due[a.ID]; ok {
			out = append(out, Due{a, at})
		}
	}
	slices.SortStableFunc(out, func(x, y Due) int { return cmp.Compare(x.At, y.At) })
	return out
}
