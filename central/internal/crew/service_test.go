package crew_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/wire"
)

// scene is a real register with a terminal and its camera, an incident of the county, and what the terminal was sent.
type scene struct {
	*crew.Service
	t                        *testing.T
	devices                  *device.Service
	incidents                *incident.Service
	system, officer, outside context.Context
	flood                    incident.Incident
	pictures                 *video.Service
	links                    *store.VideoLinks

	frozen map[string][]byte // snapshots of the camera, by id
	mu     sync.Mutex
	sent   []wire.CrewMessage
	cmds   []wire.Command
}

func (s *scene) Command(_ context.Context, _ string, cmd wire.Command) error {
	var m wire.CrewMessage
	if err := json.Unmarshal(cmd.Body, &m); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.cmds = append(s.sent, m), append(s.cmds, cmd)
	return nil
}

// Frozen implements crew.Pictures: snapshots of the camera dome, but those whose id begins with another's.
func (s *scene) Frozen(_ context.Context, id string) (string, []byte, error) {
	file, ok := s.frozen[id]
	if !ok {
		return "", nil, errs.E(errs.NotFound, "recording.no_snapshot", "gone")
	}
	return map[bool]string{true: "box", false: "dome"}[strings.HasPrefix(id, "box")], file, nil
}

func (s *scene) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func newScene(t *testing.T, db *store.DB) *scene {
	t.Helper()
	s := &scene{t: t, system: actor.WithSystem(t.Context(), "test")}
	bus := event.NewBus(storetest.Recorder(db))
	kept := store.NewAccounts(db)
	accounts, err := account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	s.must(err)
	_, err = accounts.EnsureFirst(s.system, account.First{OrgName: "南通市", OrgNameEN: "Nantong", Division: "320600"})
	s.must(err)
	city, err := accounts.TopOrg(s.system)
	s.must(err)
	person := func(name, division string) context.Context {
		org, err := accounts.CreateOrg(s.system, account.NewOrg{ParentID: city.ID, Name: name + "处", Division: division})
		s.must(err)
		u, _, err := accounts.CreateUser(s.system, account.NewUser{Username: "u" + division, Name: name, OrgID: org.ID, Roles: []string{account.RoleDuty}})
		s.must(err)
		return actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: division, Permissions: account.Permissions([]string{account.RoleDuty})})
	}
	s.officer, s.outside = person("周岚", "320623"), person("外人", "320681")
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	s.must(err)
	desks := incident.Desks{Accounts: accounts}
	s.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	s.flood, err = s.incidents.Open(s.officer, incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇", Level: 4})
	s.must(err)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	s.must(err)
	s.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, CA: ca, Log: slog.New(slog.DiscardHandler)}
	for _, id := range []string{"edge", "other"} {
		_, err = s.devices.Create(s.system, device.New{ID: id, Kind: device.Edge, Name: "终端 " + id, Division: "320623"})
		s.must(err)
	}
	_, err = s.devices.Hello(s.system, "edge", wire.Hello{Cameras: []wire.CameraDeclared{{ID: "dome", Name: "球机", Division: "320623"}}})
	s.must(err)
	s.links = store.NewVideoLinks(db)
	s.pictures = video.New(video.Options{Log: slog.New(slog.DiscardHandler), Devices: s.devices, People: accounts, Events: bus, Links: s.links, Tx: db, Outside: s.devices})
	s.Service = crew.New(crew.Options{Store: store.NewCrews(db), Tx: db, Devices: s.devices, Sender: s, Desks: desks, Incidents: s.incidents, Pictures: s, Phones: s.pictures, Events: bus, Log: slog.New(slog.DiscardHandler)})
	bus.Handle(s.OnEvent)
	return s
}

// run starts the courier.
func (s *scene) run() {
	s.Start(s.system)
	s.t.Cleanup(func() { _ = s.Stop(context.Background()) })
}

func (s *scene) draft(key string) crew.Draft {
	return crew.Draft{Key: key, Targets: []string{"dome"}, Incident: s.flood.ID, Text: " 转移三组群众 ", Urgent: true, Confirm: true, Minutes: 30}
}

func (s *scene) one(id string) crew.Message {
	s.t.Helper()
	list, err := s.List(s.officer, crew.Filter{Target: "dome"})
	s.must(err)
	at := slices.IndexFunc(list, func(m crew.Message) bool { return m.ID == id })
	if at < 0 {
		s.t.Fatalf("message %s is not listed among %d", id, len(list))
	}
	return list[at]
}

func (s *scene) eventually(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not %s", what)
		}
	}
}

func (s *scene) says(id, state, by, text string) {
	s.devices.Crew(s.system, "edge", wire.CrewReceipt{Message: id, State: state, At: wire.Millis(time.Now()), By: by, Text: text})
}

func (s *scene) lines() string {
	s.t.Helper()
	room, err := s.incidents.Room(s.officer, s.flood.ID)
	s.must(err)
	var out []string
	for _, st := range room.Steps {
		if st.Kind == incident.Messaged {
			out = append(out, st.Act+" "+st.Text)
		}
	}
	return strings.Join(out, "; ")
}

func TestAMessageWaitsForItsTerminalAndIsConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		s.run()
		list, err := s.Send(s.officer, s.draft("k1"))
		s.must(err)
		again, err := s.Send(s.officer, s.draft("k1"))
		s.must(err)
		if len(list) != 1 || len(again) != 1 || again[0].ID != list[0].ID || list[0].Target != "edge" || list[0].Text != "转移三组群众" {
			t.Fatalf("sent %+v and %+v", list, again)
		}
		m := list[0]
		if s.count() != 0 || s.one(m.ID).State != crew.Sent {
			t.Fatalf("it went to a terminal that is away: %+v", s.sent)
		}
		s.devices.Presence(s.system, "edge", true)
		s.eventually("sent to the terminal that came", func() bool { return s.count() == 1 })
		if got := s.sent[0]; got.ID != m.ID || !got.Urgent || !got.Confirm || got.Known || got.From != "周岚 · 周岚处" || s.cmds[0].Expires > wire.Millis(m.Until)+1000 {
			t.Errorf("the terminal gets %+v", got)
		}
		s.says(m.ID, wire.CrewDelivered, "edge", "")
		s.says(m.ID, wire.CrewFault, "display", "board is dark")
		s.says(m.ID, wire.CrewShown, "page", "")
		s.devices.Crew(s.system, "other", wire.CrewReceipt{Message: m.ID, State: wire.CrewConfirmed, At: 1}) // another terminal's word
		s.eventually("shown", func() bool { return s.one(m.ID).State == crew.Shown })
		s.devices.Presence(s.system, "edge", false)
		s.devices.Presence(s.system, "edge", true)
		s.eventually("asked how it stands when the terminal is back", func() bool { return s.count() == 2 })
		if !s.sent[1].Known {
			t.Errorf("it is sent whole again: %+v", s.sent[1])
		}
		s.says(m.ID, wire.CrewConfirmed, "input", "")
		s.eventually("confirmed", func() bool { return s.one(m.ID).State == crew.Confirmed })
		s.says(m.ID, wire.CrewRefused, "page", "too late")
		s.says(m.ID, wire.CrewDelivered, "edge", "")
		s.must(s.Stop(t.Context()))
		got := s.one(m.ID)
		if got.State != crew.Confirmed || got.EndedBy != "input" || got.DeliveredAt == nil || got.ShownAt == nil || got.ShownBy != "page" || got.Fault != "board is dark" || got.Why != "" {
			t.Errorf("it stands %+v", got)
		}
		if got := s.lines(); got != "sent 终端 edge：转移三组群众; confirmed 终端 edge：转移三组群众" {
			t.Errorf("the timeline has %s", got)
		}
	})
}

func TestWhatIsOverIsSaidSoAndALostMessageIsSentAgain(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	s.devices.Presence(s.system, "edge", true)
	lost, err := s.Send(s.officer, s.draft("lost"))
	s.must(err)
	back, err := s.Send(s.officer, s.draft("back"))
	s.must(err)
	refused, err := s.Send(s.officer, s.draft("refused"))
	s.must(err)
	s.run()
	s.eventually("sent", func() bool { return s.count() == 3 })
	for _, m := range []crew.Message{lost[0], back[0], refused[0]} {
		s.says(m.ID, wire.CrewDelivered, "edge", "")
	}
	s.says(lost[0].ID, wire.CrewMissing, "edge", "")
	s.says(refused[0].ID, wire.CrewRefused, "page", "道路不通，无法到达")
	s.eventually("sent whole again", func() bool { return s.count() == 4 && !s.sent[3].Known && s.sent[3].ID == lost[0].ID })
	s.eventually("refused", func() bool { return s.one(refused[0].ID).State == crew.Refused })
	if _, err := s.Withdraw(s.officer, back[0].ID); err != nil {
		t.Fatal(err)
	}
	s.eventually("the terminal is told that it was withdrawn", func() bool { return s.count() == 5 && s.sent[4].Void && s.sent[4].ID == back[0].ID })
	s.says(back[0].ID, wire.CrewConfirmed, "page", "") // they had pressed before
	if _, err := s.Withdraw(s.officer, refused[0].ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("what was refused is withdrawn: %v", err)
	}
	s.must(s.Stop(t.Context()))
	if got := s.one(back[0].ID); got.State != crew.Withdrawn || got.EndedBy != "周岚" {
		t.Errorf("it stands %+v", got)
	}
	if got := s.lines(); !strings.Contains(got, "refused 终端 edge：转移三组群众（道路不通，无法到达）") || !strings.Contains(got, "withdrawn ") {
		t.Errorf("the timeline has %s", got)
	}
}

func TestAnOldProgramOfATerminalIsSaidSo(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	s.devices.Presence(s.system, "edge", true)
	list, err := s.Send(s.officer, s.draft("k"))
	s.must(err)
	s.run()
	s.eventually("sent", func() bool { return s.count() == 1 })
	s.devices.Result(s.system, "edge", wire.CommandResult{Command: s.cmds[0].ID, Code: wire.CodeUnknown, Error: "this terminal does not know the command"})
	s.eventually("refused", func() bool { return s.one(list[0].ID).State == crew.Refused })
	if got := s.one(list[0].ID); got.EndedBy != "edge" || !strings.Contains(got.Why, "too old") {
		t.Errorf("it stands %+v", got)
	}
}

func TestWhoMayNotSendsNothing(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	reader := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "r", DivisionCode: "320623", Permissions: []actor.Permission{actor.VideoWatch}})
	for name, c := range map[string]struct {
		ctx    context.Context
		change func(*crew.Draft)
		want   errs.Kind
	}{
		"nobody":                {context.Background(), nil, errs.Unauthenticated},
		"who may only watch":    {reader, nil, errs.Denied},
		"another county":        {s.outside, func(d *crew.Draft) { d.Incident = "" }, errs.NotFound},
		"an exercise":           {world.Into(s.officer, "d1"), nil, errs.Denied},
		"no incident":           {s.officer, func(d *crew.Draft) { d.Incident = "none" }, errs.NotFound},
		"no terminal":           {s.officer, func(d *crew.Draft) { d.Targets = []string{"none"} }, errs.NotFound},
		"no key":                {s.officer, func(d *crew.Draft) { d.Key = "" }, errs.Invalid},
		"no scene":              {s.officer, func(d *crew.Draft) { d.Targets = nil }, errs.Invalid},
		"nothing":               {s.officer, func(d *crew.Draft) { d.Text = " " }, errs.Invalid},
		"a long text":           {s.officer, func(d *crew.Draft) { d.Text = strings.Repeat("字", crew.MaxText+1) }, errs.Invalid},
		"bells":                 {s.officer, func(d *crew.Draft) { d.Text = "a\x07" }, errs.Invalid},
		"no time":               {s.officer, func(d *crew.Draft) { d.Minutes = 0 }, errs.Invalid},
		"more than a day":       {s.officer, func(d *crew.Draft) { d.Minutes = crew.MaxMinutes + 1 }, errs.Invalid},
		"more scenes than that": {s.officer, func(d *crew.Draft) { d.Targets = many(crew.MaxTargets + 1) }, errs.Invalid},
	} {
		d := s.draft("k")
		if c.change != nil {
			c.change(&d)
		}
		if _, err := s.Send(c.ctx, d); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	sent, err := s.Send(s.officer, s.draft("k"))
	s.must(err)
	if _, err := s.Withdraw(s.outside, sent[0].ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county withdraws: %v", err)
	}
	if _, err := s.Withdraw(reader, sent[0].ID); errs.KindOf(err) != errs.Denied {
		t.Errorf("who may only watch withdraws: %v", err)
	}
	if list, err := s.List(s.outside, crew.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("another county reads %+v, %v", list, err)
	}
	if _, err := s.List(s.outside, crew.Filter{Incident: s.flood.ID}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county reads by the incident: %v", err)
	}
	if list, err := s.List(reader, crew.Filter{Target: "edge"}); err != nil || len(list) != 1 {
		t.Errorf("who may watch reads %+v, %v", list, err)
	}
}

func many(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("t-", i)
	}
	return out
}

func TestAFloodIsRefused(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	for i := 0; ; i++ {
		if i > 100 {
			t.Fatal("a hundred messages within a minute were taken")
		}
		_, err := s.Send(s.officer, s.draft(fmt.Sprint("k", i)))
		if errs.KindOf(err) == errs.Unavailable {
			break
		}
		s.must(err)
	}
	_, err := s.Send(s.officer, s.draft("k0"))
	s.must(err) // what was sent before is answered, not counted
	boss := actor.WithSystem(t.Context(), "boss")
	for i := 0; ; i++ {
		if i > 100 {
			t.Fatal("a hundred messages wait for one terminal")
		}
		d := s.draft(fmt.Sprint("b", i))
		d.Incident = ""
		if _, err = s.Send(boss, d); err != nil {
			break
		}
	}
	if errs.KindOf(err) != errs.Conflict {
		t.Errorf("one terminal: %v", err)
	}
}

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAFrozenPictureGoesWithItsDrawing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		flat := picture(t, 96, 54)
		large := append(bytes.Clone(flat), make([]byte, wire.MaxCrewPicture)...)
		s.frozen = map[string][]byte{"raw": picture(t, 192, 108), "flat": flat, "box": flat, "wide": picture(t, 1300, 10), "large": large, "text": []byte("<svg onload=x>")}
		shapes := []crew.Shape{{Kind: "arrow", Colour: "red", Points: [][]float64{{0, 0}, {0.5, 0.5}}}, {Kind: "text", Colour: "white", Points: [][]float64{{0.1, 0.1}}, Text: "管涌处"}}
		for name, f := range map[string]crew.Frozen{
			"no snapshot": {Original: "none", Flat: "flat", Shapes: shapes}, "nothing flat": {Original: "raw", Flat: "none", Shapes: shapes}, "another camera": {Original: "raw", Flat: "box", Shapes: shapes},
			"too wide": {Original: "raw", Flat: "wide", Shapes: shapes}, "too large": {Original: "raw", Flat: "large", Shapes: shapes}, "no picture": {Original: "raw", Flat: "text", Shapes: shapes}, "nothing drawn": {Original: "raw", Flat: "flat"},
		} {
			d := s.draft(name)
			d.Frozen = &f
			if _, err := s.Send(s.officer, d); errs.KindOf(err) != errs.Invalid && errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		d := s.draft("k")
		d.Frozen = &crew.Frozen{Original: "raw", Flat: "flat", Shapes: shapes}
		d.Targets = []string{"edge", "other"}
		list, err := s.Send(s.officer, d)
		s.must(err)
		if _, err := s.Send(s.officer, d); err != nil {
			t.Errorf("sent again: %v", err)
		}
		other := d
		other.Frozen = &crew.Frozen{Original: "raw", Flat: "flat", Shapes: shapes[:1]}
		if _, err := s.Send(s.officer, other); errs.KindOf(err) != errs.Conflict {
			t.Errorf("another drawing under the same key: %v", err)
		}
		s.devices.Presence(s.system, "edge", true)
		s.run()
		s.eventually("sent with its picture", func() bool { return s.count() == 1 && bytes.Equal(s.sent[0].Picture, flat) })
		at := slices.IndexFunc(list, func(m crew.Message) bool { return m.Target == "edge" })
		s.says(list[at].ID, wire.CrewDelivered, "edge", "")
		s.eventually("delivered", func() bool { return s.one(list[at].ID).State == crew.Delivered })
		s.devices.Presence(s.system, "edge", false)
		s.devices.Presence(s.system, "edge", true)
		s.eventually("asked without the picture", func() bool { return s.count() == 2 && s.sent[1].Known && len(s.sent[1].Picture) == 0 })
		kept, err := s.Drawing(s.officer, list[at].ID)
		if err != nil || kept.Original != "raw" || kept.Flat != "flat" || len(kept.Shapes) != 2 || kept.Shapes[1].Text != "管涌处" || !bytes.Equal(kept.Picture, flat) {
			t.Errorf("kept %+v, %v", kept, err)
		}
		if _, err := s.Drawing(s.outside, list[at].ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county looks at it: %v", err)
		}
		if got := s.one(list[at].ID); got.Picture != len(flat) {
			t.Errorf("it says %+v", got)
		}
		if got := s.lines(); !strings.Contains(got, "附标注画面管涌处") {
			t.Errorf("the timeline has %s", got)
		}
	})
}

func TestNoPictureGoesToATerminalWithoutData(t *testing.T) {
	s := newScene(t, storetest.SQLite(t))
	s.frozen = map[string][]byte{"raw": picture(t, 8, 8), "flat": picture(t, 8, 8)}
	s.devices.Presence(s.system, "edge", true)
	s.must(s.devices.Status(s.system, "edge", wire.Status{State: "online", Budget: &wire.BudgetState{Level: wire.BudgetAlarms}}))
	d := s.draft("k")
	d.Frozen = &crew.Frozen{Original: "raw", Flat: "flat", Shapes: []crew.Shape{{Kind: "circle", Colour: "red", Points: [][]float64{{0, 0}, {1, 1}}}}}
	if _, err := s.Send(s.officer, d); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a picture goes: %v", err)
	}
	d.Frozen = nil
	if _, err := s.Send(s.officer, d); err != nil {
		t.Errorf("words do not go: %v", err)
	}
}

// The answer to the first attempt was lost, the officer corrects the order and sends again: they must not hear that the
// correction went out.
func TestACorrectedOrderIsNotTakenForTheOneBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		first := s.draft("k")
		list, err := s.Send(s.officer, first)
		s.must(err)
		for name, change := range map[string]func(*crew.Draft){
			"words":   func(d *crew.Draft) { d.Text = "立即撤离" },
			"urgency": func(d *crew.Draft) { d.Urgent = !d.Urgent },
			"receipt": func(d *crew.Draft) { d.Confirm = !d.Confirm },
			"life":    func(d *crew.Draft) { d.Minutes++ },
		} {
			d := first
			change(&d)
			if _, err := s.Send(s.officer, d); errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		if again, err := s.Send(s.officer, first); err != nil || len(again) != 1 || again[0].ID != list[0].ID {
			t.Errorf("the same again: %+v, %v", again, err)
		}
		_, err = s.Withdraw(s.officer, list[0].ID)
		s.must(err)
		if _, err := s.Send(s.officer, first); errs.KindOf(err) != errs.Conflict {
			t.Errorf("what was withdrawn is said to be sent: %v", err)
		}
	})
}
