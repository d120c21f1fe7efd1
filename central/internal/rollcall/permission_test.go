package rollcall_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// For every act, every role and every organisation: the city calls the county. Who stands above by the tree calls and
// writes down what a telephone call found; who is called answers. The bureau shares the division of the city and stands
// beside the county, so that it reads what the city reads and does nothing.
func TestEveryActByEveryRoleInEveryOrganisation(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	bureau, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市应急管理局", Division: "320600"})
	h.must(err)
	town, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.county.ID, Name: "洋口镇", Division: "320623104"})
	h.must(err)
	orgs := map[string]account.Org{"city": h.city, "county": h.county, "neighbour": h.other, "bureau": bureau, "town": town}
	plan := rollcall.Plan{Name: "夜间", Kind: rollcall.Fixed, Windows: []rollcall.Window{{From: "02:00"}}, Orgs: []string{h.county.ID}, Tiers: []deadline.To{deadline.Officer}, Minutes: 10}
	kept, err := h.SavePlan(h.chief, plan)
	h.must(err)
	seen, err := h.Begin(h.chief, rollcall.Ask{Name: "x", Orgs: []string{h.county.ID, h.other.ID}, Tiers: []deadline.To{deadline.Officer}})
	h.must(err)
	slices.SortFunc(seen.Posts, func(a, b rollcall.Post) int { return strings.Compare(a.Division, b.Division) })
	h.must(second(h.Answer(h.officer, seen.Posts[0].ID, "x")))
	post := func() string { return h.begin(deadline.Officer).Posts[0].ID }
	answered := func() string {
		id := post()
		h.must(second(h.Answer(h.officer, id, "x")))
		return id
	}
	absent := errs.E(errs.NotFound, "x", "not in the list")
	acts := []struct {
		name  string
		needs actor.Permission
		who   []string
		do    func(context.Context) error
	}{
		{"see the call", actor.DutyRead, []string{"city", "bureau", "county"}, func(c context.Context) error {
			list, err := h.Calls(c, page.Request{Limit: page.MaxLimit})
			if err == nil && !slices.ContainsFunc(list.Items, func(c rollcall.Call) bool {
				return c.ID == seen.ID && slices.ContainsFunc(c.Posts, func(p rollcall.Post) bool { return p.OrgID == h.county.ID })
			}) {
				return absent
			}
			return err
		}},
		{"see what the neighbour answers", actor.DutyRead, []string{"city", "bureau", "neighbour"}, func(c context.Context) error {
			list, err := h.Calls(c, page.Request{Limit: page.MaxLimit})
			if err == nil && !slices.ContainsFunc(list.Items, func(c rollcall.Call) bool {
				return c.ID == seen.ID && slices.ContainsFunc(c.Posts, func(p rollcall.Post) bool { return p.OrgID == h.other.ID })
			}) {
				return absent
			}
			return err
		}},
		{"see the post in the workbook", actor.DutyRead, []string{"city", "bureau", "county"}, func(c context.Context) error {
			list, err := h.Posts(c, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			if err == nil && !slices.ContainsFunc(list, func(p rollcall.Post) bool { return p.ID == seen.Posts[0].ID }) {
				return absent
			}
			return err
		}},
		{"see the points", actor.DutyRead, []string{"city", "bureau", "county"}, func(c context.Context) error {
			list, err := h.Scores(c, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			if err == nil && len(list) == 0 {
				return absent
			}
			return err
		}},
		{"see from what device it was answered", actor.DutyPhone, []string{"city", "bureau", "county"}, func(c context.Context) error {
			list, err := h.Posts(c, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
			if err == nil && !slices.ContainsFunc(list, func(p rollcall.Post) bool { return p.Device != "" }) {
				return absent
			}
			return err
		}},
		{"call the county", actor.DutyLog, []string{"city", "county"}, func(c context.Context) error {
			return second(h.Begin(c, rollcall.Ask{Name: "x", Orgs: []string{h.county.ID}, Tiers: []deadline.To{deadline.Officer}}))
		}},
		{"call whoever is below", actor.DutyLog, []string{"city"}, func(c context.Context) error {
			return second(h.Begin(c, rollcall.Ask{Name: "x", Tiers: []deadline.To{deadline.Officer}}))
		}},
		{"see what is asked of the desk", actor.DutyLog, []string{"county"}, func(c context.Context) error {
			id := post()
			list, err := h.Mine(c)
			if err == nil && !slices.ContainsFunc(list, func(p rollcall.Post) bool { return p.ID == id }) {
				return absent
			}
			return err
		}},
		{"answer", actor.DutyLog, []string{"county"}, func(c context.Context) error { return second(h.Answer(c, post(), "x")) }},
		{"say where another is", actor.DutyLog, nil, func(c context.Context) error {
			return second(h.Where(c, answered(), &rollcall.Place{Lat: 32, Lon: 121}, ""))
		}},
		{"answer and say where", actor.DutyLog, []string{"county"}, func(c context.Context) error {
			id := post()
			if _, err := h.Answer(c, id, "x"); err != nil {
				return err
			}
			return second(h.Where(c, id, nil, "denied"))
		}},
		{"write down a telephone call", actor.DutyLog, []string{"city"}, func(c context.Context) error {
			return second(h.Voice(c, post(), rollcall.Rang{Reached: true, Name: "甲"}))
		}},
		{"see the plan", actor.DutyPlan, []string{"city"}, func(c context.Context) error {
			list, err := h.Plans(c)
			if err == nil && !slices.ContainsFunc(list, func(p rollcall.Plan) bool { return p.ID == kept.ID }) {
				return absent
			}
			return err
		}},
		{"change the plan", actor.DutyPlan, []string{"city"}, func(c context.Context) error {
			p := plan
			p.ID, p.Orgs = kept.ID, nil
			if o := h.orgOf(c); o != h.city.ID { // something that it may ask, so that only the plan itself is in question
				p.Orgs = []string{o}
			}
			return second(h.SavePlan(c, p))
		}},
		{"plan for the county", actor.DutyPlan, []string{"city", "county"}, func(c context.Context) error {
			p := plan
			p.Active = false
			return second(h.SavePlan(c, p))
		}},
	}
	for _, act := range acts {
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s by nobody: %v", act.name, err)
		}
	}
	for _, role := range account.Roles() {
		for org, o := range orgs {
			who := h.user(org+role.Name, o, role.ID)
			for _, act := range acts {
				may := slices.Contains(role.Permissions, act.needs) && slices.Contains(act.who, org)
				if err := act.do(who); (err == nil) != may {
					t.Errorf("%s of the %s may %s: %v, want %v", role.ID, org, act.name, err, may)
				} else if !slices.Contains(role.Permissions, act.needs) && !errors.Is(err, absent) { // and learns nothing else
					if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != "auth.denied" {
						t.Errorf("%s of the %s, %s: %v", role.ID, org, act.name, err)
					}
				} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound, errs.Invalid}, errs.KindOf(err)) {
					t.Errorf("%s of the %s, %s: %v", role.ID, org, act.name, err)
				}
			}
		}
	}
}

// The post of the leader is answered by whom the roster names, and by nobody else of the desk.
func TestOnlyTheLeaderOnDutyAnswersForTheLeader(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	for _, role := range account.Roles() {
		who := h.user("x"+role.Name, h.county, role.ID)
		if _, err := h.Answer(who, h.begin(deadline.Leader).Posts[0].ID, "x"); errs.KindOf(err) != errs.Denied {
			t.Errorf("%s answers for the leader: %v", role.ID, err)
		}
	}
	h.must(second(h.Answer(h.lead, h.begin(deadline.Leader).Posts[0].ID, "x")))
}

func (h *house) orgOf(c context.Context) string {
	h.t.Helper()
	a, ok := actor.From(c)
	if !ok {
		return h.city.ID
	}
	u, err := h.accounts.User(h.system, a.ID)
	h.must(err)
	return u.OrgID
}

func second[T any](_ T, err error) error { return err }
