package intake_test

import (
	"context"
	"slices"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
)

// alarms are one of a gauge in the county.
type alarms struct{}

func (alarms) Alarm(ctx context.Context, id string) (telemetry.Alarm, error) {
	a, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil || id != "a1" || !a.Covers("320623") {
		return telemetry.Alarm{}, errs.E(errs.NotFound, "alarm.not_found", "there is no such alarm")
	}
	return telemetry.Alarm{ID: id, Division: "320623", DeviceName: "洋口闸水位计", RuleName: "超警戒", Peak: 5.2, Unit: "m", Level: 2}, nil
}

func (alarms) ListRules(context.Context) ([]rule.Rule, error) { return nil, nil }

func (r *room) as(name, role string, o account.Org) context.Context {
	r.t.Helper()
	u, _, err := r.accounts.CreateUser(r.system, account.NewUser{Username: name, Name: name, OrgID: o.ID, Roles: []string{role}, Password: "Correct-horse-7"})
	r.must(err)
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions([]string{role})})
}

// TestPermissions is generated over role, organisation, owner and act: all things lie in the county, so that the place
// alone would let it in; what counts is whose desk they are. The bureau shares the division of the city and stands
// beside the county.
func TestPermissions(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	top, err := r.accounts.TopOrg(r.system)
	r.must(err)
	orgs := map[string]account.Org{"city": top}
	tree, err := r.accounts.Orgs(r.system)
	r.must(err)
	for _, o := range tree {
		switch o.Division {
		case "320623":
			orgs["county"] = o
		case "320681":
			orgs["neighbour"] = o
		}
	}
	orgs["bureau"], err = r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: top.ID, Name: "市应急管理局", Division: "320600"})
	r.must(err)
	orgs["town"], err = r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: orgs["county"].ID, Name: "洋口镇", Division: "320623104"})
	r.must(err)
	within := map[string][]string{"city": {"city", "county", "town", "bureau", "neighbour"}, "county": {"county", "town"}, "bureau": {"bureau"}, "town": {"town"}, "neighbour": {"neighbour"}}
	owners := map[string]context.Context{"city": r.city, "county": r.county}
	writers := []string{account.RoleDuty, account.RoleLeader, account.RoleAdmin}
	for _, role := range []string{account.RoleDuty, account.RoleLeader, account.RoleAdmin, account.RoleTechnician, account.RoleAuditor} {
		for _, org := range []string{"city", "county", "bureau", "town", "neighbour"} {
			who := r.as(org+"-"+role, role, orgs[org])
			for owner, desk := range owners {
				item := func() intake.Item {
					i := call()
					i.Division = "320623"
					i, err := r.Receive(desk, i)
					r.must(err)
					return i
				}
				open := func() incident.Incident {
					i, err := r.incidents.Open(desk, incident.Draft{Title: "火灾", Category: "accident.fire", Place: "洋口", Division: "320623"})
					r.must(err)
					return i
				}
				may := slices.Contains(writers, role)
				own := may && slices.Contains(within[org], owner)
				sees := may && (org == "city" || org == "bureau" || org == "county")
				two := [2]incident.Incident{open(), open()}
				read, aside, undone := item(), item(), item()
				_, err := r.SetAside(desk, undone.ID, "x")
				r.must(err)
				for _, act := range []struct {
					name string
					do   func() error
					ok   bool
				}{
					{"read the item", func() error { _, err := r.Get(who, read.ID); return err }, own},
					{"find the item in the list", func() error {
						list, err := r.List(who, intake.Filter{}, page.Request{Limit: page.MaxLimit})
						if err == nil && !slices.ContainsFunc(list.Items, func(i intake.Item) bool { return i.ID == read.ID }) {
							return errs.E(errs.NotFound, "x", "not in the list")
						}
						return err
					}, own},
					{"set the item aside", func() error { _, err := r.SetAside(who, aside.ID, "x"); return err }, own},
					{"undo", func() error { _, err := r.Undo(who, undone.ID); return err }, own},
					{"open an incident", func() error { _, err := r.Open(who, read.ID, intake.NewIncident{}); return err }, own},
					{"read the incident", func() error { _, err := r.incidents.Room(who, two[0].ID); return err }, sees},
					{"change it, as the console says", func() error {
						room, err := r.incidents.Room(who, two[0].ID)
						if err == nil && !room.Mine {
							return errs.E(errs.Denied, "x", "the console offers nothing")
						}
						return err
					}, own && sees},
					{"add a note", func() error {
						_, err := r.incidents.Write(who, two[0].ID, incident.Step{Kind: incident.Noted, Text: "x"})
						return err
					}, sees},
					{"add a figure", func() error {
						_, err := r.incidents.Count(who, two[0].ID, incident.Figure{Kind: "injured", Value: 1, Source: "x"})
						return err
					}, sees},
					{"grade", func() error { _, err := r.incidents.Grade(who, two[0].ID, 4, "x"); return err }, own},
					{"respond", func() error { _, err := r.incidents.Respond(who, two[0].ID, 4, "x"); return err }, own},
					{"change", func() error {
						title := "y"
						_, err := r.incidents.Change(who, two[0].ID, incident.Change{Title: &title})
						return err
					}, own},
					{"merge", func() error { _, err := r.incidents.Merge(who, two[1].ID, two[0].ID); return err }, own},
					{"unmerge", func() error { _, err := r.incidents.Unmerge(who, two[1].ID, "两件事"); return err }, own},
					{"void", func() error { _, err := r.incidents.Close(who, two[0].ID, incident.Void, "x"); return err }, own},
				} {
					if err := act.do(); (err == nil) != act.ok {
						t.Errorf("%s of the %s may %s of the %s: %v, want %v", role, org, act.name, owner, err, act.ok)
					} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound}, errs.KindOf(err)) {
						t.Errorf("%s of the %s, %s of the %s: %v", role, org, act.name, owner, err)
					}
				}
			}
		}
	}
}

// What the city says to itself about an incident of the county, and from whom it has it, stays at the city.
func TestADeskReadsWhatItAndThoseBelowHaveSaid(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	i, err := r.incidents.Open(r.county, incident.Draft{Title: "火灾", Category: "accident.fire", Place: "洋口"})
	r.must(err)
	_, err = r.incidents.Write(r.county, i.ID, incident.Step{Kind: incident.Noted, Text: "县里的话"})
	r.must(err)
	_, err = r.incidents.Write(r.city, i.ID, incident.Step{Kind: incident.Noted, Text: "市里的话"})
	r.must(err)
	said := call()
	said.Division, said.Caller = "320623", "举报人赵六"
	said, err = r.Receive(r.city, said)
	r.must(err)
	_, err = r.Link(r.city, said.ID, i.ID)
	r.must(err)
	_, err = r.incidents.Grade(r.city, i.ID, 3, "已核实")
	r.must(err)
	county, err := r.incidents.Room(r.county, i.ID)
	r.must(err)
	city, err := r.incidents.Room(r.city, i.ID)
	r.must(err)
	lines := func(room incident.Room) (out []string) {
		for _, st := range room.Steps {
			out = append(out, st.Text)
		}
		return out
	}
	for text, want := range map[string][2]bool{"县里的话": {true, true}, "市里的话": {false, true}, "已核实": {true, true}, "洋口镇政府  举报人赵六": {false, true}, "2（洋口镇政府）": {true, true}} {
		if got := [2]bool{slices.Contains(lines(county), text), slices.Contains(lines(city), text)}; got != want {
			t.Errorf("%q: shown %v, want %v (county %q, city %q)", text, got, want, lines(county), lines(city))
		}
	}
	if len(county.Known) != 1 || len(city.Known) != 2 {
		t.Errorf("who knew: %d at the county, %d at the city", len(county.Known), len(city.Known))
	}
}
