package response_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

const urgent = "堤防正在渗漏，等不到命令"

// For every act, every role and every organisation: a plan is started by its owner and those above, proposed from below
// and from beside, started from below in an emergency alone; what runs is directed by the owner, who started it and those
// above; the command is taken from who holds it within the own organisation and from above. The bureau shares the division
// of the city and the town that of the county.
func TestEveryActByEveryRoleInEveryOrganisation(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	bureau, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市水利局", Division: "320600"})
	h.must(err)
	town, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.county.ID, Name: "洋口镇", Division: "320623"})
	h.must(err)
	tree, err := h.accounts.Orgs(h.system)
	h.must(err)
	orgs := map[string]account.Org{"city": h.city, "county": h.county, "bureau": bureau, "town": town, "neighbour": tree[slices.IndexFunc(tree, func(o account.Org) bool { return o.Name == "启东市" })]}
	ofCity, ofCounty := h.published(h.body()), h.publishedOf(h.county, "如东县防汛应急预案", h.body())
	var at *incident.Incident // made anew once an act has succeeded on it
	flood := func() incident.Incident {
		if at == nil {
			i := h.flood()
			at = &i
		}
		return *at
	}
	first := func(i incident.Incident) (response.Response, bool) {
		if v := h.view(i); len(v.Responses) > 0 {
			return v.Responses[0].Response, true
		}
		return response.Response{}, false
	}
	started := func(level int) (incident.Incident, response.Response) {
		i := flood()
		if r, ok := first(i); ok {
			return i, r
		}
		return i, h.start(i, ofCity, level).Response
	}
	emergency := func() (incident.Incident, response.Response) {
		i := flood()
		if r, ok := first(i); ok {
			return i, r
		}
		out, err := h.Activate(h.officer, i.ID, response.Start{PlanID: ofCity.ID, Version: 1, Level: 4, Order: "县长口头命令", Emergency: true, Why: urgent})
		h.must(err)
		return i, out.Response
	}
	seat := func(i incident.Incident) response.Seat { return h.view(i).Responses[0].Seats[0] }
	start := func(c context.Context, p plan.Plan, st response.Start) error {
		st.PlanID, st.Version, st.Level, st.Order = p.ID, p.Version, 4, "口头命令"
		_, err := h.Activate(c, flood().ID, st)
		return err
	}
	taken := func(by context.Context) (incident.Incident, response.Command) {
		i := flood()
		if c := h.view(i).Command; c != nil {
			return i, *c
		}
		c, err := h.Take(h.officer, i.ID, response.Act{Do: "take"})
		h.must(err)
		if by != h.officer {
			c, err = h.Take(by, i.ID, response.Act{Do: "seize", Why: urgent, Edit: c.Edit})
			h.must(err)
		}
		return i, c
	}
	acts := []struct {
		name string
		who  []string
		do   func(context.Context) error
	}{
		{"start the city's plan", []string{"city"}, func(c context.Context) error { return start(c, ofCity, response.Start{}) }},
		{"start the county's plan", []string{"city", "county"}, func(c context.Context) error { return start(c, ofCounty, response.Start{}) }},
		{"start the city's plan in an emergency", []string{"city", "county", "bureau", "town"}, func(c context.Context) error {
			return start(c, ofCity, response.Start{Emergency: true, Why: urgent})
		}},
		{"start the county's plan in an emergency", []string{"city", "county", "town"}, func(c context.Context) error {
			return start(c, ofCounty, response.Start{Emergency: true, Why: urgent})
		}},
		{"propose the city's plan", []string{"county", "bureau", "town"}, func(c context.Context) error {
			_, err := h.ProposeStart(c, flood().ID, response.Move{PlanID: ofCity.ID, Version: 1, Level: 4, Why: urgent})
			return err
		}},
		{"decline what the county proposes", []string{"city"}, func(c context.Context) error {
			m, err := h.ProposeStart(h.officer, flood().ID, response.Move{PlanID: ofCity.ID, Version: 1, Level: 4, Why: urgent})
			h.must(err)
			_, err = h.Decline(c, m.ID, "水位已经回落到警戒以下")
			return err
		}},
		{"propose to raise the city's response", []string{"county", "bureau", "town"}, func(c context.Context) error {
			_, r := started(4)
			_, err := h.ProposeRaise(c, r.ID, 3, urgent)
			return err
		}},
		{"decline to raise the city's response", []string{"city"}, func(c context.Context) error {
			_, r := started(4)
			m, err := h.ProposeRaise(h.officer, r.ID, 3, urgent)
			h.must(err)
			_, err = h.Decline(c, m.ID, "水位已经回落到警戒以下")
			return err
		}},
		{"raise the city's response", []string{"city"}, func(c context.Context) error {
			_, r := started(4)
			_, err := h.Shift(c, r.ID, 3, "令", "")
			return err
		}},
		{"end the city's response", []string{"city"}, func(c context.Context) error {
			_, r := started(4)
			_, err := h.Shift(c, r.ID, 0, "令", "")
			return err
		}},
		{"end what the county started in an emergency", []string{"city", "county"}, func(c context.Context) error {
			_, r := emergency()
			_, err := h.Shift(c, r.ID, 0, "令", "")
			return err
		}},
		{"fill a seat", []string{"city"}, func(c context.Context) error {
			i, r := started(4)
			_, err := h.Seat(c, r.ID, seat(i).ID, response.Fill{Name: "某人"})
			return err
		}},
		{"show an address", []string{"city"}, func(c context.Context) error {
			i, r := started(4)
			_, err := h.Show(c, r.ID, seat(i).ID, h.onDuty.ID)
			return err
		}},
		{"give a task", []string{"city"}, func(c context.Context) error {
			i, r := started(4)
			_, err := h.Order(c, i.ID, response.Give{ResponseID: r.ID, SeatID: seat(i).ID, Title: "调一台泵", DueAt: time.Now().Add(time.Hour)})
			return err
		}},
		{"take a free command", []string{"city", "county"}, func(c context.Context) error {
			_, err := h.Take(c, flood().ID, response.Act{Do: "take"})
			return err
		}},
		{"take a free command of the city's response", []string{"city"}, func(c context.Context) error {
			i, _ := started(4)
			_, err := h.Take(c, i.ID, response.Act{Do: "take"})
			return err
		}},
		{"seize the command from the county", []string{"city", "county"}, func(c context.Context) error {
			i, held := taken(h.officer)
			_, err := h.Take(c, i.ID, response.Act{Do: "seize", Why: urgent, Edit: held.Edit})
			return err
		}},
		{"seize the command from the city", []string{"city"}, func(c context.Context) error {
			i, held := taken(h.second)
			_, err := h.Take(c, i.ID, response.Act{Do: "seize", Why: urgent, Edit: held.Edit})
			return err
		}},
		{"list who may take the command", []string{"city", "county", "bureau", "town"}, func(c context.Context) error {
			_, err := h.Commanders(c, flood().ID)
			return err
		}},
	}
	for _, act := range acts {
		at = nil
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s by nobody: %v", act.name, err)
		}
	}
	type one struct {
		role, org string
		ctx       context.Context
	}
	var people []one
	for _, role := range account.Roles() {
		for name, o := range orgs {
			people = append(people, one{role.ID, name, h.user(role.ID+name, o, role.ID)})
		}
	}
	for _, act := range acts {
		at = nil
		for _, who := range people {
			a, _ := actor.From(who.ctx)
			may := a.Can(actor.ResponseOrder) && slices.Contains(act.who, who.org)
			err := act.do(who.ctx)
			if err == nil {
				at = nil
			}
			if (err == nil) != may {
				t.Errorf("%s of %s may %s: %v, want %v", who.role, who.org, act.name, err, may)
			} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound, errs.Conflict}, errs.KindOf(err)) {
				t.Errorf("%s of %s, %s: %v", who.role, who.org, act.name, err)
			}
		}
	}
}

// publishedOf is a plan of an organisation.
func (h *house) publishedOf(o account.Org, name string, b plan.Body) plan.Plan {
	h.t.Helper()
	p, err := h.plans.Make(h.chief, plan.Head{Name: name, Kind: plan.Special, Category: "natural.flood", OrgID: o.ID})
	h.must(err)
	return h.approve(p, b)
}

// Who was handed the command orders in the response of a desk above; that it was the other's is written down.
func TestWhoWasHandedTheCommandOrders(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	out := h.start(i, p, 4)
	c, err := h.Take(h.chief, i.ID, response.Act{Do: "take"})
	h.must(err)
	county, _ := actor.From(h.officer)
	c, err = h.Take(h.chief, i.ID, response.Act{Do: "offer", To: county.ID, Edit: c.Edit})
	h.must(err)
	_, err = h.Take(h.officer, i.ID, response.Act{Do: "accept", Edit: c.Edit})
	h.must(err)
	_, err = h.Shift(h.officer, out.Response.ID, 3, "险情扩大", "")
	h.must(err)
	if v, err := h.View(h.officer, i.ID); err != nil || !v.Responses[0].Orders {
		t.Errorf("the commander is not shown as who orders: %v", err)
	}
}

// What is started from below is told to every desk up to the owner, with the reason, and stands in the timeline.
func TestTheOwnerIsToldOfWhatWasStartedBelow(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	st := response.Start{PlanID: p.ID, Version: 1, Level: 4, Order: "县长口头命令", Emergency: true, Why: "来不及"}
	if _, err := h.Activate(h.officer, i.ID, st); errs.KindOf(err) != errs.Invalid {
		t.Errorf("for three letters: %v", err)
	}
	st.Why = urgent
	out, err := h.Activate(h.officer, i.ID, st)
	h.must(err)
	if !out.Response.Emergency || out.Response.Why != urgent || !out.Response.Approved || out.Response.OwnerName != "南通市" {
		t.Errorf("response %+v", out.Response)
	}
	if !h.wrote(i, "above", "先启动后报告，南通市此刻无人在班，请电话告知。原因："+urgent) || !h.wrote(i, "plan", "【先启动后报告】") {
		t.Error("the timeline does not say it")
	}
	own := h.start(h.flood(), p, 4).Response
	if own.Emergency || own.Why != "" {
		t.Errorf("the owner's own %+v", own)
	}
}

// A proposal is told to the owner, made once, and closed by the start of the plan.
func TestAProposalIsToldAndEndsWithTheStart(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.publishedOf(h.county, "如东县防汛应急预案", h.body()), h.flood()
	town, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.county.ID, Name: "洋口镇", Division: "320623"})
	h.must(err)
	mayor := h.user("镇长", town, account.RoleDuty)
	list, err := h.Propose(mayor, i.ID)
	h.must(err)
	if len(list) != 1 || list[0].May != response.MayEmergency {
		t.Errorf("proposed to the town %+v", list)
	}
	m, err := h.ProposeStart(mayor, i.ID, response.Move{PlanID: p.ID, Version: 1, Level: 4, Why: urgent})
	h.must(err)
	again, err := h.ProposeStart(mayor, i.ID, response.Move{PlanID: p.ID, Version: 1, Level: 4, Why: urgent})
	h.must(err)
	if again.ID != m.ID || !h.wrote(i, "proposed", "已告知如东县：甲") {
		t.Errorf("again %+v", again)
	}
	told, err := h.notices.List(h.system, "", page.Request{})
	h.must(err)
	if n := told.Items[0]; n.Name != "甲" || !strings.Contains(n.Text, urgent) {
		t.Errorf("told %+v", n)
	}
	if v, err := h.View(h.officer, i.ID); err != nil || len(v.Motions) != 1 || !v.Motions[0].Decides {
		t.Errorf("the owner sees %+v, %v", v.Motions, err)
	}
	out, err := h.Activate(h.officer, i.ID, response.Start{PlanID: p.ID, Version: 1, Level: 4, Order: "县长口头命令"})
	h.must(err)
	if v := h.view(i); v.Motions[0].State != response.MotionStarted || out.Response.Emergency {
		t.Errorf("after the start %+v", v.Motions)
	}
	if _, err := h.Decline(h.officer, m.ID, "水位已经回落到警戒以下"); refused(err) != "response.decided" {
		t.Errorf("declined what was started: %s", refused(err))
	}
}

// The desk of who lost the command is told at once where the roster does not know that person.
func TestWhoLostTheCommandIsTold(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	i := h.flood()
	other := h.user("乙", h.county, account.RoleDuty)
	c, err := h.Take(other, i.ID, response.Act{Do: "take", Post: "现场指挥"})
	h.must(err)
	_, err = h.Take(h.officer, i.ID, response.Act{Do: "seize", Why: urgent, Edit: c.Edit})
	h.must(err)
	told, err := h.notices.List(h.system, "", page.Request{})
	h.must(err)
	if len(told.Items) != 1 || told.Items[0].Name != "甲" || !strings.Contains(told.Items[0].Text, urgent) {
		t.Errorf("told %+v", told.Items)
	}
	if !h.wrote(i, "seize", "乙 → 甲："+urgent) {
		t.Error("the timeline does not say it")
	}
}
