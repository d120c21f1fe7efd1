package main

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// balance is the books of one series.
type balance struct {
	Series string `json:"series"`
	Made   int64  `json:"made"`   // readings the device gave
	Taken  int64  `json:"taken"`  // of these the terminal said it had taken, or the broker confirmed; at the least
	Cut    int64  `json:"cut"`    // polls that a kill has cut before they were taken
	Gone   int64  `json:"gone"`   // that a full disk refused or a power cut took
	Stored int64  `json:"stored"` // count at the centre
	Sum    int64  `json:"sum"`    // of the stored values
}

// prove compares what the devices gave with what the centre has.
func (a *arena) prove(r *killed) {
	reads := a.reads()
	for _, id := range sortedKeys(reads) {
		if id == gas {
			continue
		}
		for _, property := range counted {
			a.counter(r, id, property, reads[id])
		}
	}
	if r.Refused = a.refused; uint64(r.Gone[fullDisk]) > a.refused { //nolint:gosec // not negative
		r.wrong("%d readings are missing of full disks, the terminal counted %d", r.Gone[fullDisk], a.refused)
	}
	a.simple(r)
	a.alarms(r)
	var s harness.Stats
	must(a.t, a.centre.Admin.Call(http.MethodGet, "/telemetry/stats", nil, &s))
	for _, property := range []string{methane, "temperature"} {
		b := balance{Series: gas + "/" + property, Made: int64(reads[gas]), Taken: int64(a.taken[gas]), Cut: int64(len(a.cut[gas]))} //nolint:gosec // small
		b.Stored = int64(len(a.stored(b.Series, r)))
		// The detector has no counter: which polls are missing is not known, only how many at the most.
		if gone := int64(len(a.gone[gas])); b.Stored+gone < b.Taken || b.Stored > b.Made {
			r.wrong("%s: %d stored, %d taken of %d, at most %d gone", b.Series, b.Stored, b.Taken, b.Made, gone)
		}
		b.Cut = b.Made - b.Stored
		r.add(b)
	}
	if s.Readings != r.Readings {
		r.wrong("the centre counts %d readings, its series hold %d", s.Readings, r.Readings)
	}
}

func (r *killed) add(b balance) {
	r.Series = append(r.Series, b)
	r.Readings += b.Stored
}

func (r *killed) wrong(format string, args ...any) {
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

// stored are the values of a series in order of time, which it checks.
func (a *arena) stored(series string, r *killed) []float64 {
	rows, err := a.centre.Admin.Readings(series, a.begun.Add(-time.Hour), time.Now().Add(time.Hour))
	must(a.t, err)
	out := make([]float64, 0, len(rows))
	for i, row := range rows {
		if i > 0 && !row.At.After(rows[i-1].At) {
			r.wrong("%s: a reading at %s follows one at %s", series, row.At, rows[i-1].At)
		}
		out = append(out, row.Value)
	}
	return out
}

// counter proves that every number from 1 to n is there once and in order, but for those that a kill of
// the terminal has cut.
func (a *arena) counter(r *killed, id, property string, n uint64) {
	b := balance{Series: id + "/" + property, Made: int64(n), Taken: int64(a.taken[id])} //nolint:gosec // small
	seen, before := make(map[uint64]int, n), 0.0
	for _, v := range a.stored(b.Series, r) {
		if v <= before {
			r.wrong("%s: %v follows %v", b.Series, v, before)
		}
		before = v
		seen[uint64(v)]++
		b.Sum += int64(v)
		b.Stored++
	}
	want := int64(0)
	for k := uint64(1); k <= n; k++ {
		switch {
		case seen[k] > 1:
			r.Doubled++
			r.wrong("%s: reading %d is there %d times", b.Series, k, seen[k])
		case seen[k] == 1:
		case a.gone[id][k] != "":
			b.Gone++
			r.Gone[a.gone[id][k]]++
			continue
		case a.cut[id][k]:
			b.Cut++
			continue
		default:
			r.Lost++
			r.wrong("%s: reading %d is lost", b.Series, k)
		}
		want += int64(k) //nolint:gosec // small
	}
	switch {
	case b.Sum != want:
		r.wrong("%s: the sum is %d, want %d", b.Series, b.Sum, want)
	case b.Stored+b.Cut+b.Gone != b.Made:
		r.wrong("%s: %d stored, %d cut and %d gone of %d", b.Series, b.Stored, b.Cut, b.Gone, b.Made)
	case b.Stored+b.Gone < b.Taken:
		r.wrong("%s: %d stored, %d gone, the terminal has taken %d", b.Series, b.Stored, b.Gone, b.Taken)
	case b.Cut > int64(a.kills)+1:
		r.wrong("%s: %d polls cut by %d kills", b.Series, b.Cut, a.kills)
	}
	r.add(b)
}

// simple proves that what the simple sensor sent is there once: it sends until it has the confirmation.
func (a *arena) simple(r *killed) {
	made, sum := a.gauge.sent()
	n := made // that must be there
	b := balance{Series: a.gauge.ID + "/level", Made: made, Taken: made}
	seen := map[int64]int{}
	for _, v := range a.stored(b.Series, r) {
		seen[int64(v)]++
		b.Sum += int64(v)
		b.Stored++
	}
	for k := int64(1); k <= made; k++ {
		switch {
		case seen[k] == 0 && a.unsaved(k):
			r.Unsaved++
			sum -= k
			n--
		case seen[k] == 0:
			r.Lost++
			r.wrong("%s: reading %d is lost", b.Series, k)
		case seen[k] > 1:
			r.Doubled++
			r.wrong("%s: reading %d is there %d times", b.Series, k, seen[k])
		}
	}
	if b.Sum != sum || b.Stored != n {
		r.wrong("%s: %d readings with the sum %d, want %d with %d", b.Series, b.Stored, b.Sum, n, sum)
	}
	r.add(b)
}

// saves is how long a Mosquitto may keep in memory only what it has confirmed: autosave_interval of
// deploy/mosquitto, one second, on a machine that is busy.
const saves = 3 * time.Second

// unsaved reports whether a reading of the simple sensor was confirmed in a lapse.
func (a *arena) unsaved(n int64) bool {
	at := a.gauge.confirmed(n)
	return slices.ContainsFunc(a.lapses, func(s span) bool { return s.holds(at) })
}

// span is a time in which something held; a zero end: it holds still.
type span struct{ from, to time.Time }

func (s span) holds(at time.Time) bool {
	return !at.Before(s.from) && (s.to.IsZero() || !at.After(s.to))
}

// alarms proves that each time the stored readings pass the limit an alarm opens, once, and at no other
// time. When the centre learns only later that there was a pause in between, two passings are one opening
// that held all the time: joined.
func (a *arena) alarms(r *killed) {
	rows, err := a.centre.Admin.Readings(gas+"/"+methane, a.begun.Add(-time.Hour), time.Now().Add(time.Hour))
	must(a.t, err)
	const limit = 50 // rule gas-ch4-high; between 80 and 5 its hysteresis does not matter
	var passed []span
	high := false
	var before time.Time
	for _, row := range rows {
		if row.Value > limit && (!high || a.unseen(before, row.At)) {
			passed = append(passed, span{from: row.At})
		}
		if high = row.Value > limit; high {
			passed[len(passed)-1].to = row.At
		}
		before = row.At
	}
	held := a.openings()
	for _, h := range held {
		at := func(s span) bool { return s.holds(h.from) }
		if !slices.ContainsFunc(passed, at) && !slices.ContainsFunc(a.blind, at) {
			r.wrong("an alarm opened at %s, when no limit was passed", h.from.Format(time.StampMilli))
		}
	}
	for _, p := range passed {
		opened, stood := 0, false
		for _, h := range held {
			if p.holds(h.from) {
				opened++
			}
			stood = stood || h.holds(p.from)
		}
		switch {
		case opened == 1:
		case opened == 0 && stood:
			r.Joined++
		default:
			r.wrong("the limit was passed from %s to %s, alarms opened: %d", p.from.Format(time.StampMilli), p.to.Format(time.StampMilli), opened)
		}
	}
	if len(r.Wrong) > 0 {
		for _, h := range held {
			a.log.say("an alarm held from %s to %s", h.from.Format(time.StampMilli), h.to.Format(time.StampMilli))
		}
	}
	r.Alarms = len(passed)
}

// unseen reports whether the gas may have paused between two stored readings, because a full disk refused what lay
// between them: the terminal judged it, and its refusal is counted.
func (a *arena) unseen(before, after time.Time) bool {
	const pause = time.Second // the gas stays low for longer
	return after.Sub(before) >= pause && slices.ContainsFunc(a.blind, func(s span) bool { return s.from.Before(after) && s.to.After(before) })
}

// openings are the times in which an alarm of the gas held, as its steps tell.
func (a *arena) openings() (held []span) {
	all, err := a.centre.Admin.AllAlarms()
	must(a.t, err)
	for _, alarm := range all {
		if alarm.Rule != "gas-ch4-high" {
			continue
		}
		steps, err := a.centre.Admin.Steps(alarm.ID)
		must(a.t, err)
		for _, step := range steps {
			switch step.Kind {
			case "opened", "reopened":
				held = append(held, span{from: step.At})
			case "returned":
				held[len(held)-1].to = step.At
			}
		}
	}
	return held
}
