package drill_test

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

// TestTheBarrierHoldsBehindTheServices writes rows of an incident from another world straight into the store, as a
// service would that has forgotten to look. Each kind of row has its own guard, so each is tried: from reality into an
// exercise, from an exercise into reality, and from one exercise into another.
func TestTheBarrierHoldsBehindTheServices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		draft := incident.Draft{Title: "河堤管涌", Category: "natural.flood", Place: "洋口镇海堤"}
		actual, err := h.incidents.Open(h.officer, draft)
		h.must(err)
		_, in := h.running()
		played, err := h.incidents.Open(in, draft)
		h.must(err)
		other, err := h.Make(h.chief, h.draft(drill.Functional))
		h.must(err)
		_, err = h.Act(h.chief, other.ID, drill.Act{Kind: "start"})
		h.must(err)
		elsewhere := world.Into(h.officer, world.World(other.ID))

		incidents, reports, responses := store.NewIncidents(db), store.NewReports(db), store.NewResponses(db)
		now := time.Now().UTC()
		rows := []struct {
			what  string
			write func(ctx context.Context, id, of string) error
		}{
			{"line of the timeline", func(ctx context.Context, _, of string) error {
				return incidents.Add(ctx, incident.Step{IncidentID: of, At: now, Kind: incident.Noted, Text: "x"})
			}},
			{"figure", func(ctx context.Context, id, of string) error {
				return incidents.AddFigure(ctx, incident.Figure{ID: id, IncidentID: of, Kind: "dead", Value: 1, At: now, WrittenAt: now})
			}},
			{"source", func(ctx context.Context, id, of string) error {
				return incidents.AddKnown(ctx, incident.Known{ID: id, IncidentID: of, OrgID: h.county.ID, At: now, Kind: "call", Ref: id})
			}},
			{"report", func(ctx context.Context, id, of string) error {
				return reports.Save(ctx, report.Report{ID: id, IncidentID: of, OrgID: h.county.ID, Version: 1}, 0)
			}},
			{"hop of a report", func(ctx context.Context, id, of string) error {
				return reports.SaveHop(ctx, report.Hop{ID: id, IncidentID: of, FromOrg: h.county.ID, ToOrg: h.city.ID, SubmittedAt: now})
			}},
			{"instruction", func(ctx context.Context, id, of string) error {
				return reports.AddInstruction(ctx, report.Instruction{ID: id, IncidentID: of})
			}},
			{"task of an instruction", func(ctx context.Context, id, of string) error {
				return reports.SaveTask(ctx, report.Task{ID: id, IncidentID: of, DueAt: now, Version: 1}, 0)
			}},
			{"judgement", func(ctx context.Context, id, of string) error {
				return reports.AddJudgement(ctx, report.Judgement{ID: id, IncidentID: of, OrgID: h.county.ID})
			}},
			{"plan that is carried out", func(ctx context.Context, id, of string) error {
				return responses.SaveResponse(ctx, response.Response{ID: id, IncidentID: of, PlanID: h.plan.ID, Hash: id, Division: "320623", Level: 4})
			}},
			{"task of a plan", func(ctx context.Context, id, of string) error {
				return responses.SaveTask(ctx, response.Task{ID: id, IncidentID: of, State: response.Given, DueAt: now})
			}},
			{"command", func(ctx context.Context, _, of string) error {
				return responses.SaveCommand(ctx, response.Command{IncidentID: of})
			}},
		}
		crossings := []struct {
			what string
			ctx  context.Context
			of   string
		}{
			{"from reality into an exercise", h.officer, played.ID},
			{"from an exercise into reality", in, actual.ID},
			{"from one exercise into another", elsewhere, played.ID},
			{"of an incident that is not there", h.officer, "nowhere"},
		}
		for _, r := range rows {
			for _, c := range crossings {
				if err := r.write(c.ctx, r.what+" "+c.what, c.of); errs.KindOf(err) != errs.NotFound {
					t.Errorf("%s %s: %v", r.what, c.what, err)
				}
			}
		}
	})
}
