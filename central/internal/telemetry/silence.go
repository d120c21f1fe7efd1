package telemetry

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// Silence at the centre. The rule silent here asks the device register when a thing was last heard, with
// these exceptions, so that one broken link makes one alarm and no storm:
//
//   - What is behind a terminal that is not connected is not watched: nobody can tell whether it is silent.
//     That the terminal is not heard is an alarm of its own (class terminal). When the terminal is back,
//     counting begins anew.
//   - Neither is what is behind a terminal that saves the data of its SIM and holds readings back: its own
//     rules watch, and their alarms come.
//   - Nor what is behind a terminal whose disk is full or failing: its readings are not kept, which is an alarm of
//     the terminal, and the terminal's own rules go on. Counting stands still meanwhile and does not begin anew: a
//     disk that is in trouble every few minutes must not hide a dead sensor. A trouble that stands for long says in
//     its alarm how many sensors nobody watches.
//   - When the centre itself was away (a start, a machine that slept, a clock that jumped), counting begins
//     anew for everything.
//   - A backlog proves nothing about now: it neither ends a silence nor, by its gaps, makes one afterwards.
//     What was silent while the link was down the terminal has noticed by the same rules; its events
//     arrive with their own times and are retrospective when they are old. An alarm that the centre raised
//     in good faith stays as history, for it says what was true here: it was not heard.

// pause between two looks after which the centre itself was away.
const pause = 6 * tickEvery

// listen lets time pass for the rule silent.
func (s *Service) listen(ctx context.Context, all []device.Device, now time.Time) {
	at := now.UnixMilli() // of the wall: a jump of the clock is to be seen
	passed := at - s.ticked
	away := s.ticked == 0 || passed < 0 || passed > pause.Milliseconds()
	s.ticked = at
	speaks := map[string]bool{}              // terminals by which one hears what is behind them
	deaf := map[string]map[string]struct{}{} // and what is not heard behind one because of its disk
	for i := range all {
		d := &all[i]
		sparing := d.Agent != nil && d.Agent.Budget != "" && d.Agent.Budget != wire.BudgetNormal
		speaks[d.ID] = d.State == device.Online && !sparing
		if d.Agent != nil && withholds(d.Agent.Disk) {
			deaf[d.ID] = map[string]struct{}{}
		}
	}
	for i := range s.Rules {
		r := &s.Rules[i]
		if r.Condition != rule.Silent {
			continue
		}
		for j := range all {
			d, k := &all[j], Key{r.ID, all[j].ID, r.Property}
			here := r.Of(d.ID, now)
			switch {
			case here == nil || !r.On(d.ID, d.Class) || !watchable(d, r.Property):
			case d.State == device.Revoked: // it is not to be heard any more
				s.end(ctx, k, now, now)
				delete(s.watches, k)
			default:
				w := s.watch(k, here)
				if behind, withheld := deaf[d.Parent]; withheld && !w.live.Active {
					behind[d.ID] = struct{}{}
					w.live.Heard = still(w.live.Heard, passed)
				}
				s.hear(ctx, w, d, now, away || (d.Parent != "" && !speaks[d.Parent]))
			}
		}
	}
	for edge, behind := range deaf {
		s.unwatched(ctx, edge, len(behind), now)
	}
}

// still lets time pass without its being counted as silence.
func still(heard, passed int64) int64 {
	if heard == 0 || passed <= 0 {
		return heard
	}
	return heard + passed
}

// watchable reports whether the device is one that should be heard. Terminals and cameras have no series.
func watchable(d *device.Device, property string) bool {
	if d.LastSeen == nil || d.State == device.Never {
		return false
	}
	return d.Kind != device.Sensor || slices.ContainsFunc(d.Series, func(one device.Series) bool { return one.Property == property })
}

// hear asks whether one device is silent; unwatched says that nobody can tell.
func (s *Service) hear(ctx context.Context, w *watch, d *device.Device, now time.Time, unwatched bool) {
	heard := *d.LastSeen
	if d.Kind == device.Edge && d.State == device.Online {
		heard = now
	}
	s.changed(ctx, w, w.rule.Hear(&w.live, heard.UnixMilli()), now.UnixMilli(), now)
	if unwatched && !w.live.Active {
		w.live.Heard = 0
	}
	s.changed(ctx, w, w.rule.Tick(&w.live, now.UnixMilli()), now.UnixMilli(), now)
}

// spoke takes a live reading as the end of the silence of its device, also of one that the terminal has
// noticed.
func (s *Service) spoke(ctx context.Context, w *watch, p wire.Point, received time.Time) {
	ended := wire.Time(p.At)
	if w.rule.Hear(&w.live, received.UnixMilli()) == rule.Ended {
		ended = received
	}
	s.end(ctx, w.key, ended, received)
}
