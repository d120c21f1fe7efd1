package response_test

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A crew's steps on one incident and the gradings of another both set clocks and write lines: none is refused because of
// the other.
func TestActsOnDifferentIncidentsAtOnceAllSucceed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.incidents.Follow = func(ctx context.Context, i incident.Incident) error { // as reports do
			_, err := h.clocks.Set(ctx, deadline.Clock{
				Owner: deadline.Owner{Kind: "report", ID: i.ID}, Kind: "report.written", OrgID: i.OrgID, Division: i.Division, Name: i.Title, Rule: "r", Scale: deadline.Counted,
				BaseAt: i.KnownAt, DueAt: i.KnownAt.Add(time.Duration(i.Level+1) * time.Hour), Stages: []deadline.Stage{{Mark: deadline.Passed, To: deadline.Leader}},
			})
			return err
		}
		one, other := h.flood(), h.flood()
		h.start(one, h.published(h.body()), 4)
		task := named(h.view(one).Tasks, "report").ID
		done := make(chan error, 2)
		go func() {
			for n := range 30 {
				if _, err := h.Do(h.officer, task, response.Step{Kind: []string{"done", "reopen"}[n%2], Text: "看了"}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		go func() {
			for n := range 30 {
				if _, err := h.incidents.Grade(h.officer, other.ID, 3+n%2, "核实"); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		room, err := h.incidents.Room(h.officer, other.ID)
		h.must(err)
		graded := 0
		for _, s := range room.Steps {
			if s.Kind == incident.Graded {
				graded++
			}
		}
		if graded != 30 {
			t.Errorf("%d gradings stand in the timeline", graded)
		}
	})
}
