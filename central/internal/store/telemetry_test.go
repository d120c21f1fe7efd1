package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

func alarm(device, division string, level int) telemetry.Alarm {
	at := time.Date(2026, 11, 24, 1, 2, 3, 4000, time.UTC)
	return telemetry.Alarm{
		ID: uuid.Must(uuid.NewV7()).String(), Rule: "r", RuleName: "水位", RuleNameEN: "Water 100%", Source: "s", Device: device,
		DeviceName: "洋口", Property: "water_level", Unit: "m", Division: division, Level: level, State: telemetry.Open,
		Value: 5.21, Peak: 5.3, Limit: 5.2, Openings: 1, Origin: telemetry.Centre, Demo: true, OpenedAt: at, ReceivedAt: at, UpdatedAt: at,
	}
}

func step(a telemetry.Alarm, kind telemetry.StepKind) telemetry.Step {
	return telemetry.Step{
		ID: uuid.Must(uuid.NewV7()).String(), AlarmID: a.ID, Kind: kind, At: a.UpdatedAt, RecordedAt: a.UpdatedAt, Actor: "u",
		ActorName: "王工", Note: "已派人", Value: 5.3, Openings: 1,
	}
}

func TestAStepStandsAndFallsWithItsChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		a := alarm("d", "320623", 3)
		first := step(a, telemetry.StepOpened)
		if err := s.Add(t.Context(), a, first); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(t.Context(), a, a.UpdatedAt.Add(time.Second), step(a, telemetry.StepReturned)); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a save on an old state gave %v, want a conflict", err)
		}
		if got, err := s.Steps(t.Context(), a.ID); err != nil || !reflect.DeepEqual(got, []telemetry.Step{first}) {
			t.Errorf("got %+v, %v; want the first step alone", got, err)
		}
	})
}

func TestAnAlarmIsPassedOnOnceForEachTier(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		a := alarm("d", "320623", 3)
		if err := s.Add(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		climb := func(tier int) telemetry.Step {
			v := step(a, telemetry.StepEscalated)
			v.Tier, v.Desk = tier, &telemetry.Desk{Division: "320600", Role: "duty"}
			return v
		}
		first, was := climb(1), a.UpdatedAt
		a.UpdatedAt = was.Add(time.Second)
		if err := s.Save(t.Context(), a, was, first); err != nil {
			t.Fatal(err)
		}
		// A second centre that has not seen the first step cannot make it again, whatever it believes of the row.
		was, a.UpdatedAt = a.UpdatedAt, a.UpdatedAt.Add(time.Second)
		if err := s.Save(t.Context(), a, was, climb(1)); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the same tier again gave %v, want a conflict", err)
		}
		second := climb(2)
		if err := s.Save(t.Context(), a, was, second); err != nil {
			t.Errorf("the failed save left something behind: %v", err)
		}
		if got, err := s.Steps(t.Context(), a.ID); err != nil || !reflect.DeepEqual(got, []telemetry.Step{first, second}) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestPolicyComesBackAsItWasSaved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewPolicies(db)
		if list, err := s.Versions(t.Context(), 5); err != nil || len(list) != 0 {
			t.Errorf("of an empty database: %+v, %v", list, err)
		}
		at := time.Date(2026, 11, 24, 1, 2, 3, 4000, time.UTC)
		var want []telemetry.Policy
		for n := int64(1); n <= 3; n++ {
			p := telemetry.Policy{
				Number: n, Source: "s", Unverified: n == 1, Note: "n", Author: "u", AuthorName: "王工", CreatedAt: &at,
				Entries: []telemetry.Escalates{{Division: "320623", Level: 1, Late: 60, After: []int{180, 300}}},
			}
			if err := s.Add(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			want = append([]telemetry.Policy{p}, want...)
		}
		if got, err := s.Versions(t.Context(), 2); err != nil || !reflect.DeepEqual(got, want[:2]) {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := s.Add(t.Context(), want[0]); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a number twice gave %v, want a conflict", err)
		}
	})
}

func TestAlarmComesBackAsItWasSaved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		a := alarm("d", "320623", 3)
		if err := s.Add(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(t.Context(), a.ID)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("got  %+v, %v\nwant %+v", got, err, a)
		}
		was := a.UpdatedAt
		at := was.Add(time.Minute)
		a.State, a.Peak, a.AckedAt, a.AckedBy, a.AckedByName, a.AckNote, a.UpdatedAt = telemetry.Acknowledged, 6, &at, "u", "王工", "已派人", at
		a.Shelf = &telemetry.Shelf{Until: at.Add(time.Hour), By: "u", ByName: "王工", Reason: "检修"}
		a.LateAt, a.EscalateAt = &at, &at
		a.Maintenance = &telemetry.Maintained{Cover: maintenance.Cover{Window: "w", Until: at, By: "u", ByName: "王工", Reason: "换探头"}, Within: true}
		a.Escalation = &telemetry.Escalation{Tier: 1, Desk: telemetry.Desk{Division: "320600", Role: "duty"}, From: telemetry.Desk{Division: "320623", Role: "duty"}, At: at}
		if err := s.Save(t.Context(), a, was); err != nil {
			t.Fatal(err)
		}
		for ahead, want := range map[time.Duration]int{0: 1, time.Hour: 0} {
			if got, err := s.Shelved(t.Context(), at.Add(ahead)); err != nil || len(got) != want {
				t.Errorf("shelved %s ahead: %+v, %v", ahead, got, err)
			}
		}
		if err := s.Save(t.Context(), a, was); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a save on an old state gave %v, want a conflict", err)
		}
		if got, err = s.Get(t.Context(), a.ID); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, a)
		}
		if _, err := s.Get(t.Context(), "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("got %v, want not found", err)
		}
	})
}

func TestOnlyOneAlarmOfAKeyIsActive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		a := alarm("d", "", 3)
		if err := s.Add(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if err := s.Add(t.Context(), alarm("d", "", 3)); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a second active alarm gave %v, want a conflict", err)
		}
		was, at := a.UpdatedAt, a.OpenedAt.Add(time.Minute)
		a.State, a.ReturnedAt, a.ClearedAt, a.UpdatedAt, a.RuleGone = telemetry.Cleared, &at, &at, at, true
		if err := s.Save(t.Context(), a, was); err != nil {
			t.Fatal(err)
		}
		b := alarm("d", "", 3)
		b.OpenedAt = at.Add(time.Hour)
		if err := s.Add(t.Context(), b); err != nil {
			t.Errorf("after the first was cleared: %v", err)
		}
		active, err := s.Active(t.Context())
		if err != nil || len(active) != 1 || active[0].ID != b.ID {
			t.Errorf("got %+v, %v", active, err)
		}
		for _, c := range []struct {
			from, to time.Duration
			want     string
		}{{0, 0, a.ID}, {-time.Hour, -1, ""}, {time.Minute, time.Minute, a.ID}, {2 * time.Minute, 3 * time.Minute, ""}, {0, 3 * time.Hour, b.ID}, {9 * time.Hour, 9 * time.Hour, b.ID}} {
			got, ok, err := s.Overlaps(t.Context(), a.Key(), a.OpenedAt.Add(c.from), a.OpenedAt.Add(c.to))
			if err != nil || got.ID != c.want || ok != (c.want != "") {
				t.Errorf("%v to %v: got %q, %v; want %q", c.from, c.to, got.ID, err, c.want)
			}
		}
	})
}

func TestRecordsOfLossAreKeptOncePerTerminal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		loss := func(id, edge string, at int64) telemetry.Loss {
			return telemetry.Loss{ID: id, Edge: edge, At: wire.Time(at), LossEvent: wire.LossEvent{Lane: wire.LaneTelemetry, From: at - 50, To: at - 10, Count: 7, Why: "disk quota"}}
		}
		for _, l := range []telemetry.Loss{loss("1", "edge-a", 1000), loss("2", "edge-a", 2000), loss("1", "edge-a", 1000), loss("3", "edge-b", 3000)} {
			if _, err := s.AddLoss(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Losses(t.Context(), "edge-a", 10)
		if err != nil || len(got) != 2 || got[0] != loss("2", "edge-a", 2000) || got[1].ID != "1" {
			t.Errorf("got %+v, %v", got, err)
		}
		more := loss("1", "edge-a", 1000)
		more.Count, more.To, more.Until = 20, 5000, 6000
		for _, l := range []telemetry.Loss{more, loss("1", "edge-a", 1000)} { // it grows, and never shrinks
			if known, err := s.AddLoss(t.Context(), l); err != nil || !known {
				t.Errorf("known %v, %v", known, err)
			}
		}
		foreign := more
		foreign.Edge, foreign.Count = "edge-b", 99
		if _, err := s.AddLoss(t.Context(), foreign); err != nil {
			t.Error(err)
		}
		if got, err := s.Losses(t.Context(), "edge-a", 10); err != nil || len(got) != 2 || got[1] != more {
			t.Errorf("got %+v, %v", got, err)
		}
		if got, err := s.Losses(t.Context(), "edge-a", 1); err != nil || len(got) != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestAlarmListIsScopedSearchedAndPaged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		for i, division := range []string{"", "320623", "320681", "320623104", "330100"} {
			if err := s.Add(t.Context(), alarm(string(rune('a'+i)), division, 1+i%4)); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			name string
			f    telemetry.Filter
			want string
		}{
			{"the system sees all", telemetry.Filter{Scope: actor.Everything}, "edcba"},
			{"a city sees its counties", telemetry.Filter{Scope: scope("320600")}, "dcba"},
			{"a county sees itself and its towns", telemetry.Filter{Scope: scope("320623")}, "dba"},
			{"no division sees only the top", telemetry.Filter{}, "a"},
			{"level", telemetry.Filter{Scope: actor.Everything, Level: 1}, "ea"},
			{"search by device", telemetry.Filter{Scope: actor.Everything, Request: page.Request{Search: "C"}}, "c"},
			{"search in Chinese", telemetry.Filter{Scope: actor.Everything, Request: page.Request{Search: "水位"}}, "edcba"},
			{"a wildcard is a letter", telemetry.Filter{Scope: actor.Everything, Request: page.Request{Search: "_"}}, ""},
			{"a per cent sign is a letter", telemetry.Filter{Scope: actor.Everything, Request: page.Request{Search: "100%"}}, "edcba"},
		} {
			var got string
			c.f.Limit = 2
			for {
				p, err := s.List(t.Context(), c.f)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range p.Items {
					got += a.Device
				}
				if c.f.After = p.Next; p.Next == "" {
					break
				}
			}
			if got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
	})
}

func TestOneUnreadableAlarmHidesNoOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := store.NewAlarms(db)
		for i, year := range []int{2026, 287178, 2026, 20000, 2026} {
			a := alarm(string(rune('a'+i)), "", 3)
			a.OpenedAt = time.Date(year, 11, 24, 0, 0, 0, 0, time.UTC)
			if err := s.Add(t.Context(), a, step(a, telemetry.StepOpened)); err != nil {
				t.Fatal(err)
			}
		}
		if active, err := s.Active(t.Context()); err != nil || len(active) != 3 {
			t.Errorf("%d active alarms, %v; want the 3 that can be read", len(active), err)
		}
		var got string
		f := telemetry.Filter{Scope: actor.Everything, Request: page.Request{Limit: 2}}
		for {
			p, err := s.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range p.Items {
				got += a.Device
			}
			if f.After = p.Next; p.Next == "" {
				break
			}
		}
		if got != "eca" {
			t.Errorf("the pages hold %q, want \"eca\"", got)
		}
		steps := 0
		for after := ""; ; {
			p, err := s.ListSteps(t.Context(), telemetry.StepFilter{Scope: actor.Everything, Request: page.Request{Limit: 2, After: after}})
			if err != nil {
				t.Fatal(err)
			}
			if steps += len(p.Items); p.Next == "" {
				break
			}
			after = p.Next
		}
		if steps != 3 {
			t.Errorf("%d steps, want those of the 3 that can be read", steps)
		}
		bad := alarm("b", "", 3)
		if _, ok, err := s.Overlaps(t.Context(), bad.Key(), bad.OpenedAt, time.Date(290_000, 1, 1, 0, 0, 0, 0, time.UTC)); ok || err != nil {
			t.Errorf("the unreadable one overlaps: %v, %v", ok, err)
		}
	})
}
