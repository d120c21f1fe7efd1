package store_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
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
		if got, err := store.NewOutputs(db).Switchings(ctx, "horn", "siren", 2); err != nil || len(got) != 2 {
			t.Errorf("two of them: %+v, %v", got, err)
		}
	})
}
