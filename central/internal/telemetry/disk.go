package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// A terminal that cannot keep what it measures is an alarm of the terminal: full, or failing (which is also a
// terminal that keeps everything in memory). The value is how many readings were lost since it began.
const (
	diskFullRule    = "terminal-disk-full"
	diskFailingRule = "terminal-disk-failing"
	diskProperty    = "disk"
	diskUnit        = "{readings}"
)

func fullDisk() rule.Rule {
	return rule.Rule{
		ID: diskFullRule, Name: "终端磁盘满", NameEN: "Disk of the terminal is full", Class: anyClass, Property: diskProperty, Condition: rule.Above, Level: 3,
		Source: "终端自报：磁盘已无空间，只保留报警和状态，docs/protocol.md 第 7 节。The terminal says so: only alarms and states are kept, docs/protocol.md section 7.",
	}
}

func failingDisk() rule.Rule {
	return rule.Rule{
		ID: diskFailingRule, Name: "终端磁盘故障", NameEN: "Disk of the terminal fails", Class: anyClass, Property: diskProperty, Condition: rule.Above, Level: 3,
		Source: "终端自报：磁盘拒绝写入，或开机时无法使用、数据只在内存中，docs/protocol.md 第 7 节。The terminal says so: its disk refuses writes, or all is in memory only, docs/protocol.md section 7.",
	}
}

// diskRule is the rule whose alarm a kind of trouble is; empty for none.
func diskRule(d *wire.DiskState) string {
	switch {
	case d == nil:
		return ""
	case d.Kind == wire.DiskFull:
		return diskFullRule
	}
	return diskFailingRule
}

// Disk takes what an edge has said of its disk, nil for nothing, by its clock. ahead is by how much that is ahead
// of ours.
func (s *Service) Disk(ctx context.Context, edge string, d *wire.DiskState, ahead time.Duration, now time.Time) {
	ctx = actor.WithSystem(ctx, "rules")
	if _, ok := s.Devices.Visible(ctx, edge); !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range []string{diskFullRule, diskFailingRule} {
		k := Key{id, edge, diskProperty}
		if id != diskRule(d) {
			s.end(ctx, k, now, now)
			continue
		}
		lost := float64(d.Lost)
		if a := s.active[k]; a != nil && a.Holds() {
			s.peak(k, lost)
			continue
		}
		since := wire.Time(d.Since).Add(-ahead)
		if since.After(now) || now.Sub(since) > maxDiskSince {
			since = now
		}
		if a := s.active[k]; a != nil && a.ReturnedAt != nil && !since.After(*a.ReturnedAt) {
			since = now
		}
		s.raise(ctx, raising{
			key: k, rule: s.ruleOf(id), at: wire.Millis(since), value: lost, peak: lost, received: now, origin: Centre,
			note: strings.Join([]string{wire.Text(d.Path, 250), wire.Text(d.Error, 500)}, ": "),
		})
	}
}

// unwatchedAfter is how long the disk of a terminal may be in trouble before it is said whom nobody watches.
const unwatchedAfter = time.Hour

// unwatched says once in the alarm about the disk of an edge, when it has stood for long, that so many sensors
// behind it are not watched for silence.
func (s *Service) unwatched(ctx context.Context, edge string, sensors int, now time.Time) {
	for _, id := range []string{diskFullRule, diskFailingRule} {
		a := s.active[Key{id, edge, diskProperty}]
		if sensors == 0 || a == nil || !a.Holds() || now.Sub(a.since) < unwatchedAfter || s.unheard[a.ID] == a.Openings {
			continue
		}
		steps, err := s.Alarms.Steps(ctx, a.ID)
		if err != nil {
			s.Log.Error("the steps of an alarm cannot be read", "alarm", a.ID, "error", err)
			continue
		}
		s.unheard[a.ID] = a.Openings
		who, _ := actor.From(ctx)
		if slices.ContainsFunc(steps, func(v Step) bool { return v.Kind == StepCommented && v.Actor == who.ID && v.Openings == a.Openings }) {
			continue // said before a start of the centre
		}
		was := a.UpdatedAt
		a.UpdatedAt = next(was, now)
		note := fmt.Sprintf("%d 个传感器未受静默监视 · %d sensors are not watched for silence", sensors, sensors)
		s.saveAlarm(ctx, *a, was, a.step(ctx, StepCommented, now, a.Peak, note))
		s.publish(ctx, AlarmCommented, *a)
	}
}

// maxDiskSince is how long ago a trouble is believed to have begun.
const maxDiskSince = 366 * 24 * time.Hour

// withholds reports whether the disk of an edge lets no readings through, so that what is behind it is not silent.
func withholds(d *wire.DiskState) bool {
	return d != nil && d.Kind != wire.DiskMemory
}
