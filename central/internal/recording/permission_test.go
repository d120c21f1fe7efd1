package recording_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// whose is the rule of the house, as the centre gives it to recordings.
type whose struct{ incident.Desks }

func (w whose) Reach(ctx context.Context, p actor.Permission) (recording.Reach, error) {
	_, r, err := w.Desks.Reach(ctx, p)
	return recording.Reach{Org: r.Desk.ID, Name: r.Desk.Name, Has: r.Has}, err
}

func second[T any](_ T, err error) error { return err }

// For every act, every role and every organisation: the county keeps pictures of a camera that stands in one of its
// towns. The city stands above it, the bureau of the city beside and the town below; all of these see the camera. The
// neighbour does not.
func TestEveryActByEveryRoleInEveryOrganisation(t *testing.T) {
	db := storetest.SQLite(t)
	system := actor.WithSystem(t.Context(), "test")
	bus := event.NewBus(storetest.Recorder(db))
	must0 := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	people := store.NewAccounts(db)
	accounts, err := account.New(account.Options{Store: people, Keys: people, Attempts: people, Tx: db, Events: bus})
	must0(err)
	must0(second(accounts.EnsureFirst(system, account.First{OrgName: "南通市", OrgNameEN: "Nantong", Division: "320600"})))
	city := must[account.Org](t)(accounts.TopOrg(system))
	org := func(parent account.Org, name, division string) account.Org {
		return must[account.Org](t)(accounts.CreateOrg(system, account.NewOrg{ParentID: parent.ID, Name: name, Division: division}))
	}
	county := org(city, "如东县", "320623")
	orgs := map[string]account.Org{"city": city, "county": county, "bureau": org(city, "市水利局", "320600"), "town": org(county, "洋口镇", "320623104"), "neighbour": org(city, "启东市", "320681")}
	n := 0
	user := func(name, role string) context.Context {
		n++
		o := orgs[name]
		u, _, err := accounts.CreateUser(system, account.NewUser{Username: fmt.Sprintf("user%d", n), Name: role + " " + name, OrgID: o.ID, Roles: []string{role}})
		must0(err)
		return actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: o.Division, Permissions: account.Permissions([]string{role})})
	}
	filmed := &incidents{list: map[string]recording.Case{}}
	keeps := func(id string, by account.Org) {
		filmed.set(id, func(c *recording.Case) { c.Open, c.OrgID, c.OrgName = true, by.ID, by.Name })
	}
	keeps("of-city", city)
	keeps("of-county", county)
	r := open(t, db, t.TempDir(), 1<<30, func(o *recording.Options) {
		o.Cases, o.Desks = filmed, whose{incident.Desks{Accounts: accounts}}
		o.Devices = devices{"cam-1": {ID: "cam-1", Kind: device.Camera, Division: "320623104"}}
	})
	rows := store.NewRecordings(db)
	begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	must0(rows.AddSegment(t.Context(), recording.Segment{ID: "s-1", Stream: "cam-1", Source: recording.Live, From: begin, To: begin.Add(time.Minute), Film: begin, Bytes: 1, File: "cam-1/s-1.mp4"}))
	officer := user("county", account.RoleDuty)
	const of = "2026-320623-0001"
	hold := func() string {
		return must[recording.Hold](t)(r.AddHold(officer, recording.Hold{Stream: "cam-1", From: begin, To: begin.Add(time.Minute), Reference: of})).ID
	}
	snapshot := func(reference string) string {
		p := recording.Snapshot{ID: fmt.Sprintf("p-%d", time.Now().UnixNano()), Stream: "cam-1", At: begin, Origin: recording.OfLive, Reference: reference, OrgID: county.ID, OrgName: county.Name, CreatedAt: time.Now(), File: "x.jpg"}
		must0(rows.AddSnapshot(t.Context(), p))
		return p.ID
	}
	clip := func() string {
		c := recording.Clip{ID: fmt.Sprintf("c-%d", time.Now().UnixNano()), Stream: "cam-1", From: begin, To: begin.Add(time.Second), Reference: of, State: recording.ClipFailed, Files: []recording.ClipFile{}, Gaps: []recording.Gap{}, OrgID: county.ID, OrgName: county.Name, CreatedAt: time.Now(), Expires: time.Now().Add(time.Hour)}
		must0(rows.AddClip(t.Context(), c))
		return c.ID
	}
	scene := func(incident string) string { // recorded by rule, so that nobody named it
		return must[recording.Scene](t)(r.AddScene(system, incident, "cam-1")).ID
	}
	sees, reach := []string{"city", "county", "bureau", "town"}, []string{"city", "county"}
	acts := []struct {
		name  string
		needs actor.Permission
		who   []string
		do    func(context.Context) error
	}{
		{"say how it is recorded", actor.VideoRecord, sees, func(c context.Context) error { return second(r.SetPolicy(c, "cam-1", recording.Off, 30, false)) }},
		{"start", actor.VideoRecord, sees, func(c context.Context) error { return second(r.Begin(c, "cam-1", 1)) }},
		{"stop", actor.VideoRecord, sees, func(c context.Context) error { return second(r.End(c, "cam-1")) }},
		{"see what there is", actor.VideoReplay, sees, func(c context.Context) error { return second(r.Timeline(c, "cam-1", begin, begin.Add(time.Minute))) }},
		{"play", actor.VideoReplay, sees, func(c context.Context) error {
			return second(r.Play(c, "", []string{"cam-1"}, begin, begin.Add(time.Minute)))
		}},
		{"hold it themselves", actor.VideoRecord, sees, func(c context.Context) error {
			return second(r.AddHold(c, recording.Hold{Stream: "cam-1", From: begin, To: begin.Add(time.Minute), Reference: "x"}))
		}},
		{"let go of what the county holds", actor.VideoRecord, reach, func(c context.Context) error { return second(r.EndHold(c, hold())) }},
		{"hold it for another incident", actor.VideoRecord, reach, func(c context.Context) error { return r.Refer(c, "hold", hold(), of, "x") }},
		{"write at its snapshot", actor.VideoRecord, reach, func(c context.Context) error { return second(r.ChangeSnapshot(c, snapshot(of), "", "")) }},
		{"delete its snapshot", actor.VideoRecord, reach, func(c context.Context) error { return r.RemoveSnapshot(c, snapshot("")) }},
		{"keep its snapshot for another incident", actor.VideoRecord, reach, func(c context.Context) error { return r.Refer(c, "snapshot", snapshot(of), of, "x") }},
		{"order a clip", actor.VideoExport, sees, func(c context.Context) error {
			got, err := r.OrderClip(c, recording.Clip{Stream: "cam-1", From: begin, To: begin.Add(time.Second), Reference: "x"})
			if err == nil {
				must0(r.RemoveClip(c, got.ID)) // what they ordered they delete
			}
			return err
		}},
		{"delete its clip", actor.VideoExport, reach, func(c context.Context) error { return r.RemoveClip(c, clip()) }},
		{"keep its clip for another incident", actor.VideoExport, reach, func(c context.Context) error { return r.Refer(c, "clip", clip(), of, "x") }},
	}
	for _, role := range account.Roles() {
		for name := range orgs {
			c := user(name, role.ID)
			for _, act := range acts {
				err := act.do(c)
				may := slices.Contains(role.Permissions, act.needs) && slices.Contains(act.who, name)
				if kind := errs.KindOf(err); may != (err == nil) || (!may && kind != errs.Denied && kind != errs.NotFound) {
					t.Errorf("%s of %s: %s: %v, want %v", role.ID, name, act.name, err, may)
				}
			}
			// What an incident records is ended by the desk that keeps it, and those above.
			for incident, those := range map[string][]string{"of-city": {"city"}, "of-county": reach} {
				id := scene(incident)
				err := second(r.StopScene(c, id, "流量不足"))
				may := slices.Contains(role.Permissions, actor.VideoRecord) && slices.Contains(role.Permissions, actor.IncidentRead) && slices.Contains(those, name)
				if kind := errs.KindOf(err); may != (err == nil) || (!may && kind != errs.Denied && kind != errs.NotFound) {
					t.Errorf("%s of %s ends a scene %s: %v, want %v", role.ID, name, incident, err, may)
				}
				if err != nil {
					must[recording.Scene](t)(r.StopScene(system, id, "x"))
				}
			}
		}
	}
	for _, act := range acts {
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("a stranger: %s: %v", act.name, err)
		}
	}
	// The county is told what it may not touch, before it tries.
	scene("of-city")
	for who, may := range map[string]bool{"county": false, "city": true} {
		if got := must[recording.SceneList](t)(r.Scenes(user(who, account.RoleDuty), "of-city")).Scenes; got[len(got)-1].Yours != may {
			t.Errorf("%s: got %+v", who, got[len(got)-1])
		}
	}
	upper := must[recording.Hold](t)(r.AddHold(user("city", account.RoleDuty), recording.Hold{Stream: "cam-1", From: begin, To: begin.Add(time.Minute), Reference: "y"}))
	list := must[[]recording.Hold](t)(r.Holds(officer))
	if list[0].ID != upper.ID || list[0].Yours || list[0].OrgName != "南通市" || !upper.Yours {
		t.Errorf("got %+v", list[0])
	}
}

func TestPictureOfAnAlarmBelongsToWhoHoldsItFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		p := recording.Snapshot{ID: "p-1", Stream: "cam-1", At: time.Now(), Origin: recording.OfAlarm, CreatedAt: time.Now(), File: "x.jpg"}
		if err := store.NewRecordings(db).AddSnapshot(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		city := who("320600", actor.VideoReplay, actor.VideoRecord)
		got := must[recording.Snapshot](t)(r.ChangeSnapshot(city, "p-1", "2026-320600-0001", ""))
		if got.OrgID != "320600" {
			t.Errorf("got %+v", got)
		}
		if _, err := r.ChangeSnapshot(officer, "p-1", "", ""); errs.KindOf(err) != errs.Denied {
			t.Errorf("the county takes the reference of the city away: %v", err)
		}
		if err := r.RemoveSnapshot(officer, "p-1"); errs.KindOf(err) != errs.Denied {
			t.Errorf("the county deletes it: %v", err)
		}
		if list := must[[]recording.Snapshot](t)(r.Snapshots(officer, recording.SnapshotFilter{})); len(list) != 1 || list[0].Yours {
			t.Errorf("got %+v", list)
		}
		must[recording.Snapshot](t)(r.ChangeSnapshot(city, "p-1", "", ""))
	})
}
