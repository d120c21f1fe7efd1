package store_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestOrdersAreReadWithWhatBecameOfThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u1", Name: "王局"})
		record := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
		write := func(kind, subject string, data any) {
			t.Helper()
			if err := db.Do(ctx, func(ctx context.Context) error {
				return record.Record(ctx, event.New(ctx, kind, subject, "320623", data))
			}); err != nil {
				t.Fatal(err)
			}
		}
		on := output.Order{Device: "horn", Output: "siren", On: true, Seconds: 60, Note: "潮位超警"}
		off := output.Order{Device: "horn", Output: "siren"}
		write(output.EventOrdered, "horn/siren", output.Ordered{Order: on, Command: "c1"})
		write(output.EventOrdered, "horn/siren", output.Ordered{Order: off, Command: "c2"})
		write(output.EventAnswered, "horn/siren", output.Outcome{Order: on, Command: "c1", OK: true})
		write(output.EventAnswered, "horn/siren", output.Outcome{Order: off, Command: "c2", Error: "no answer"})
		write(output.EventOrdered, "horn/siren", output.Ordered{Order: on, Command: "c3"})
		write(output.EventOrdered, "horn/lamp", output.Ordered{Order: on, Command: "c4"})
		got, err := store.NewOutputs(db).Switchings(ctx, "horn", "siren", 10)
		if err != nil || len(got) != 3 {
			t.Fatalf("got %+v, %v", got, err)
		}
		if s := got[0]; s.AnsweredAt != nil || !s.On || s.By != "王局" || s.Note != "潮位超警" || s.Seconds != 60 {
			t.Errorf("without an answer: %+v", s)
		}
		if s := got[1]; s.On || s.OK || s.AnsweredAt == nil || s.Error != "no answer" {
			t.Errorf("refused: %+v", s)
		}
		if s := got[2]; !s.OK || s.AnsweredAt == nil {
			t.Errorf("confirmed: %+v", s)
		}
		write(output.EventAnswered, "horn/siren", output.Outcome{Order: on, Command: "c3", Error: "no answer", Unanswered: true})
		write(output.EventOrdered, "horn/siren", output.Ordered{Order: output.Order{Device: "horn", Output: "siren", Note: `"command":"c4"`}, Command: "c5"})
		past := time.Now().Add(-time.Hour)
		for command, waits := range map[string]bool{"c1": false, "c2": false, "c3": true, "c4": true, "c5": true, "c6": false, "": false, "c_": false} {
			o, division, err := store.NewOutputs(db).Unanswered(ctx, command, past)
			if waits && (err != nil || o.Command != command || division != "320623") || !waits && errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %+v, %q, %v", command, o, division, err)
			}
		}
		if _, _, err := store.NewOutputs(db).Unanswered(ctx, "c3", time.Now().Add(time.Hour)); errs.KindOf(err) != errs.NotFound {
			t.Errorf("too old: %v", err)
		}
		write(output.EventLate, "horn/siren", output.Outcome{Order: on, Command: "c3", OK: true})
		if _, _, err := store.NewOutputs(db).Unanswered(ctx, "c3", past); errs.KindOf(err) != errs.NotFound {
			t.Errorf("twice: %v", err)
		}
		if got, err := store.NewOutputs(db).Switchings(ctx, "horn", "siren", 10); err != nil || len(got) != 4 || got[1].LateAt == nil || !got[1].OK || !got[1].Unanswered || got[1].Error != "" || !got[1].AnsweredAt.Before(*got[1].LateAt) {
			t.Errorf("answered late: %+v, %v", got, err)
		}
		if got, err := store.NewOutputs(db).Switchings(ctx, "horn", "siren", 2); err != nil || len(got) != 2 {
			t.Errorf("two of them: %+v, %v", got, err)
		}
	})
}
