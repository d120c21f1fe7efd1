package resource_test

import (
	"context"
	"slices"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// Teams are sent, taken back and released by who commands; while nobody does, by those who direct what runs, and while
// nothing runs by the desk that keeps the incident and those above it. A bureau of the city sees every county of it.
func TestWhoSendsIsWhoOrdersInTheIncident(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	bureau, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市水利局", Division: "320600"})
	h.must(err)
	beside := h.user("戊", bureau, account.RoleLeader)
	who := map[string]context.Context{"city": h.chief, "second": h.second, "county": h.officer, "bureau": beside}
	p, err := h.plans.Make(h.chief, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
	h.must(err)
	_, err = h.plans.Write(h.chief, p.ID, p.Revision, plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "响应", Text: "措施"}},
		Levels:   []plan.Level{{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c1"}},
		Roles:    []plan.Role{{ID: "city", Name: "市指挥部", Fill: plan.Fill{How: "org", OrgID: h.city.ID}, Clause: "c1"}},
	})
	h.must(err)
	none := func(string) {}
	for _, c := range []struct {
		name    string
		prepare func(incident string)
		who     []string
	}{
		{"nothing runs", none, []string{"city", "second", "county"}},
		{"the city's plan runs", func(id string) {
			_, err := h.responses.Activate(h.chief, id, response.Start{PlanID: p.ID, Level: 4, Order: "口头命令", Emergency: true, Why: "险情紧急，等不到审批"})
			h.must(err)
		}, []string{"city", "second"}},
		{"somebody commands", func(id string) {
			_, err := h.responses.Take(h.second, id, response.Act{Do: "take"})
			h.must(err)
		}, []string{"second"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := h.flood()
			c.prepare(i.ID)
			for name, ctx := range who {
				may := slices.Contains(c.who, name)
				ok := func(what string, err error) {
					t.Helper()
					if kind := errs.KindOf(err); (err == nil) != may || (err != nil && kind != errs.Denied && kind != errs.Conflict) {
						t.Errorf("%s %s: %v", name, what, err)
					}
				}
				board, err := h.Board(ctx, i.ID)
				h.must(err)
				if board.Orders != may || board.Releases != may {
					t.Errorf("%s is shown orders %v, releases %v", name, board.Orders, board.Releases)
				}
				// Each of them has a team and a request of its own, and a team that the city sent.
				by := h.chief
				if c.name == "somebody commands" {
					by = h.second
				}
				team, out := h.team(c.name+name, 121.01, 32.5, "排涝"), h.team(c.name+name+"在外", 121.01, 32.5, "排涝")
				r, had := h.ask(i, "team", "排涝", "支", 1), h.ask(i, "team", "排涝", "支", 1)
				sent, err := h.Send(by, had.ID, []resource.Choice{{ID: out.ID}}, had.Edit, 0)
				h.must(err)
				_, err = h.Send(ctx, r.ID, []resource.Choice{{ID: team.ID}}, r.Edit, 0)
				ok("sends", err)
				_, err = h.Close(ctx, r.ID, "不再需要")
				ok("closes", err)
				_, err = h.Do(ctx, sent[0].ID, resource.Step{Kind: "released"})
				ok("releases", err)
			}
		})
	}
}
