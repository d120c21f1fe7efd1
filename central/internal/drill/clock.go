package drill

import (
	"maps"
	"time"
)

// Pause is a time in which an exercise stood still, on the wall.
type Pause struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

// moment is one look at both clocks: that of the wall, which people read and which may be set, and the steady one, which
// goes on evenly, also over a restart of the centre (deadline.Service.Steady).
type moment struct{ wall, steady time.Time }

// Ticks are the exercise clock as it is kept, by the steady clock: From is later by each pause, Halted is when it last
// stopped.
type Ticks struct {
	From   *time.Time `json:"from,omitempty"`
	Halted *time.Time `json:"halted,omitempty"`
}

// clock is how long the exercise has run, without its pauses.
func (d Drill) clock(steady time.Time) time.Duration {
	if d.Ticks.From == nil {
		return 0
	}
	if d.Ticks.Halted != nil {
		steady = *d.Ticks.Halted
	}
	return steady.Sub(*d.Ticks.From)
}

// after is how long the exercise had run at a time of the wall.
func (d Drill) after(at time.Time) time.Duration {
	if d.StartedAt == nil {
		return 0
	}
	ran := at.Sub(*d.StartedAt)
	for _, p := range d.Pauses {
		if !at.After(p.From) {
			break
		}
		to := at
		if p.To != nil && p.To.Before(at) {
			to = *p.To
		}
		ran -= to.Sub(p.From)
	}
	return ran
}

// paused is the exercise as it stands still.
func (d Drill) paused(now moment) Drill {
	d.PausedAt, d.Ticks.Halted = &now.wall, &now.steady
	d.Pauses = append(append([]Pause{}, d.Pauses...), Pause{From: now.wall})
	return d
}

// resumed takes the pause off the clock.
func (d Drill) resumed(now moment) Drill {
	if d.PausedAt == nil {
		return d
	}
	by := now.steady.Sub(*d.Ticks.Halted)
	from := d.Ticks.From.Add(by)
	d.Ticks, d.PausedAt = Ticks{From: &from}, nil
	d.Rested += int64(by.Seconds())
	d.Pauses = append([]Pause{}, d.Pauses...)
	d.Pauses[len(d.Pauses)-1].To = &now.wall
	return d
}

// reach notes how long the exercise had run when marks that the script waits for were first reached; it reports
// whether one is new.
func (d *Drill) reach(now moment, reached map[string]time.Time) bool {
	fresh := false
	marks := map[string]int64{}
	maps.Copy(marks, d.Marks)
	for _, i := range d.Injects {
		at, ok := reached[i.Mark]
		if _, known := marks[i.Mark]; known || !ok || i.Way != When || i.State != Waiting {
			continue
		}
		ran := d.clock(now.steady)
		marks[i.Mark] = min(ran, max(0, ran-(d.after(now.wall)-d.after(at)))).Milliseconds()
		fresh = true
	}
	d.Marks = marks
	return fresh
}

// due lists the places of injects that come by themselves now.
func (d Drill) due(steady time.Time) []int {
	if d.State != Running {
		return nil
	}
	var out []int
	ran := d.clock(steady)
	for n, i := range d.Injects {
		after := time.Duration(i.Minutes) * time.Minute
		mark, ok := d.Marks[i.Mark]
		if i.Way == When {
			after += time.Duration(mark) * time.Millisecond
		}
		if i.State == Waiting && (i.Way == Timed || (i.Way == When && ok)) && ran >= after {
			out = append(out, n)
		}
	}
	return out
}
