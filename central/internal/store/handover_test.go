package store_test

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A desk has one shift at a time, a signed one is never written again, and each source gives one entry.
func TestAHandoverIsKeptOnce(t *testing.T) {
	at := time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := store.NewHandovers(db)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(store.NewAccounts(db).SaveOrg(ctx, account.Org{ID: "o", Name: "市", Division: "320600", CreatedAt: at}))
		one := handover.Shift{ID: "a", OrgID: "o", No: 1, State: handover.Open, OpenedAt: at}
		must(s.SaveShift(ctx, one))
		if err := s.SaveShift(ctx, handover.Shift{ID: "b", OrgID: "o", No: 2, State: handover.Open, OpenedAt: at}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a second shift beside the first: %v", err)
		}
		entry := handover.Entry{ID: "e", OrgID: "o", ShiftID: "a", Kind: handover.Alarm, At: at, WrittenAt: at, Text: "x", Source: "alarm 1"}
		if got, err := s.AddEntry(ctx, entry); err != nil || got.No != 1 {
			t.Errorf("the first entry: %+v, %v", got, err)
		}
		entry.ID = "f"
		if _, err := s.AddEntry(ctx, entry); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the same source again: %v", err)
		}
		one.State, one.ClosedAt = handover.Closed, &at
		must(s.SaveShift(ctx, one))
		one.Note = "changed afterwards"
		if err := s.SaveShift(ctx, one); err == nil {
			t.Error("a signed shift was written again")
		}
		if got, err := s.Shift(ctx, "a"); err != nil || got.Note != "" {
			t.Errorf("the signed shift: %+v, %v", got, err)
		}
	})
}
