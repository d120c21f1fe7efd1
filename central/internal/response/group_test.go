package response_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// someone is a duty person of another county, with the page of their own tasks.
func (h *house) someone(name string) duty.Person {
	h.t.Helper()
	tree, err := h.accounts.Orgs(h.system)
	h.must(err)
	p, err := h.roster.SavePerson(h.system, duty.Person{OrgID: tree[len(tree)-1].ID, Name: name, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000009"}}})
	h.must(err)
	return p
}

func grouped() func(b plan.Body) plan.Body {
	return func(b plan.Body) plan.Body {
		b.Groups = []plan.Group{
			{ID: "g2", Kind: plan.WorkGroup, Name: "抢险救援组", UnderID: "g1", LeadID: "county", RoleIDs: []string{"desk"}, Orgs: []string{"如东县消防救援大队"}, Levels: []int{3}, Clause: "c2"},
			{ID: "g1", Kind: plan.SiteCommand, Name: "洋口现场指挥部", LeadID: "desk", Clause: "c2"},
		}
		return b
	}
}

// The groups of a plan are set up with the level that names them, each under its command on site; what their leader has
// to do is the group's, and its members see it.
func TestThePlansGroupsAreSetUpWithTheirLevel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p, i := h.published(grouped()(h.body())), h.flood()
		out := h.start(i, p, 4)
		r := h.view(i).Responses[0]
		if len(r.Groups) != 1 || r.Groups[0].Name != "洋口现场指挥部" || r.Groups[0].LeadID != r.Seats[0].ID {
			t.Fatalf("at IV %+v", r.Groups)
		}
		_, err := h.Shift(h.chief, out.Response.ID, 3, "升级", "")
		h.must(err)
		v := h.view(i)
		r = v.Responses[0]
		if len(r.Groups) != 2 || r.Groups[0].Name != "抢险救援组" || r.Groups[0].UnderID != r.Groups[1].ID || len(r.Groups[0].SeatIDs) != 1 || r.Groups[0].Clause != "2 响应" {
			t.Fatalf("at III %+v", r.Groups)
		}
		move := named(v.Tasks, "move")
		if move.GroupName != "抢险救援组" || move.GroupID != r.Groups[0].ID {
			t.Errorf("the leader's task %+v", move)
		}
		// Who is put into the group elsewhere sees its tasks, and does not do them.
		far := h.someone("远")
		g := r.Groups[0]
		g, err = h.Group(h.chief, r.ID, g.ID, response.Setting{Kind: g.Kind, Name: g.Name, UnderID: g.UnderID, LeadID: g.LeadID, SeatIDs: g.SeatIDs, Orgs: g.Orgs, People: []response.Someone{{PersonID: far.ID, Post: "联络员"}}, Edit: g.Edit})
		h.must(err)
		given, err := h.Order(h.chief, i.ID, response.Give{ResponseID: r.ID, GroupID: g.ID, Title: "调一台泵", DueAt: time.Now().Add(time.Hour)})
		h.must(err)
		if given.SeatID != g.LeadID || given.GroupName != g.Name {
			t.Errorf("given to the group %+v", given)
		}
		seats := h.view(i).Responses[0].Seats
		k := slices.IndexFunc(seats, func(s response.Seat) bool { return s.Name == "抢险救援组 联络员" })
		if k < 0 || len(g.SeatIDs) != 2 {
			t.Fatalf("seats %+v", seats)
		}
		shown, err := h.Show(h.chief, r.ID, seats[k].ID, far.ID)
		h.must(err)
		token := shown.Address[strings.LastIndex(shown.Address, "/")+1:]
		page, err := h.Open(t.Context(), token)
		h.must(err)
		if len(page.Tasks) != 0 || len(page.Groups) != 2 {
			t.Errorf("page of a member: %d own, %d of the group", len(page.Tasks), len(page.Groups))
		}
		if _, err := h.StepByLink(t.Context(), token, given.ID, response.Step{Kind: "accept"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a member did the leader's task: %v", err)
		}
		held, err := h.Store.Held(h.system, "", far.ID, time.Now())
		h.must(err)
		if len(held) != 2 {
			t.Errorf("%d tasks on the list of a member", len(held))
		}
	})
}

// A group is set up by hand, its work passes to who leads it next, and its end is written down.
func TestAGroupIsSetUpInTheRoom(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	r := h.start(i, p, 4).Response
	if _, err := h.Group(h.chief, r.ID, "", response.Setting{Kind: "group", Name: "医疗救治组"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("without a leader: %v", err)
	}
	g, err := h.Group(h.chief, r.ID, "", response.Setting{Kind: "group", Name: "医疗救治组", Orgs: []string{"县人民医院"}, Lead: &response.Someone{Name: "王医生"}})
	h.must(err)
	given, err := h.Order(h.chief, i.ID, response.Give{ResponseID: r.ID, GroupID: g.ID, Title: "设救护点", DueAt: time.Now().Add(time.Hour)})
	h.must(err)
	if _, err := h.Group(h.chief, r.ID, g.ID, response.Setting{Kind: "group", Name: g.Name, LeadID: g.LeadID, UnderID: g.ID, Edit: g.Edit}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("under itself: %v", err)
	}
	g, err = h.Group(h.chief, r.ID, g.ID, response.Setting{Kind: "group", Name: g.Name, Orgs: g.Orgs, Lead: &response.Someone{PersonID: h.onDuty.ID}, Edit: g.Edit})
	h.must(err)
	if d, err := h.Task(h.officer, given.ID); err != nil || d.SeatID != g.LeadID || !d.Mine || d.OrgID != h.county.ID {
		t.Errorf("the work did not pass: %+v, %v", d.Task, err)
	}
	if _, err := h.Group(h.chief, r.ID, g.ID, response.Setting{Kind: "group", Name: g.Name, LeadID: g.LeadID, Edit: 1}); refused(err) != "response.changed" {
		t.Errorf("an edit that was not seen: %s", refused(err))
	}
	if _, err := h.Group(h.officer, r.ID, g.ID, response.Setting{Kind: "group", Name: g.Name, LeadID: g.LeadID, Edit: g.Edit}); errs.KindOf(err) != errs.Denied {
		t.Errorf("by who does not direct: %v", err)
	}
	g, err = h.Group(h.chief, r.ID, g.ID, response.Setting{Kind: "group", Name: g.Name, LeadID: g.LeadID, Closed: true, Edit: g.Edit})
	h.must(err)
	if !h.wrote(i, "group", "医疗救治组：组长 医疗救治组 组长 王医生；成员单位 县人民医院") || !h.wrote(i, "group_closed", "医疗救治组") {
		t.Error("the timeline does not say it")
	}
	if _, err := h.Order(h.chief, i.ID, response.Give{ResponseID: r.ID, GroupID: g.ID, Title: "再设一个", DueAt: time.Now().Add(time.Hour)}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a task for a dissolved group: %v", err)
	}
	if i, err := h.incidents.Get(h.officer, i.ID); err != nil || i.State != incident.Open {
		t.Errorf("%+v, %v", i, err)
	}
}
