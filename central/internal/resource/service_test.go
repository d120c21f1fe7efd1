package resource_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// house is a city with a county, its registers, and an incident.
type house struct {
	*resource.Service
	t                             testing.TB
	db                            *store.DB
	accounts                      *account.Service
	plans                         *plan.Service
	responses                     *response.Service
	incidents                     *incident.Service
	roster                        *duty.Service
	clocks                        *deadline.Service
	notices                       *notice.Service
	city, county                  account.Org
	chief, second, officer, other context.Context
	reader                        context.Context // may read and nothing else
	ahead                         atomic.Int64    // nanoseconds by which the clocks have been moved on
	mu                            sync.Mutex
	sent                          []string
	system                        context.Context
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func newHouse(t testing.TB, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, system: actor.WithSystem(t.Context(), "test")}
	bus := event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))
	kept := store.NewAccounts(db)
	var err error
	h.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	h.must(err)
	_, err = h.accounts.EnsureFirst(h.system, account.First{OrgName: "南通市", OrgNameEN: "Nantong", Division: "320600"})
	h.must(err)
	h.city, err = h.accounts.TopOrg(h.system)
	h.must(err)
	h.county, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "如东县", Division: "320623"})
	h.must(err)
	away, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "启东市", Division: "320681"})
	h.must(err)
	h.roster = duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: h.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	machine := deadline.MachineClocks()
	h.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: h.roster, Events: bus, Book: book, Clocks: func() deadline.Sample {
		s := machine()
		ahead := time.Duration(h.ahead.Load())
		s.Wall, s.Up = s.Wall.Add(ahead), s.Up+ahead
		return s
	}})
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.sent = append(h.sent, string(text))
	}))
	t.Cleanup(gateway.Close)
	sms, err := httpsms.New(httpsms.Options{URL: gateway.URL, Method: "POST", Body: "{{.To}} {{.Text}}"})
	h.must(err)
	h.notices = notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Channels: []notice.Channel{{Name: "sms", Sender: sms}}, Events: bus})
	pack, err := plan.LoadPack("../../../firmware-configs/plans")
	h.must(err)
	h.plans = plan.New(plan.Options{Store: store.NewPlans(db), Tx: db, Accounts: h.accounts, Roster: h.roster, Clocks: h.clocks, Events: bus, Pack: pack})
	categories, err := incident.LoadCategories("../../../firmware-configs/incidents/categories.yml")
	h.must(err)
	desks := incident.Desks{Accounts: h.accounts}
	h.incidents = incident.New(incident.Options{Store: store.NewIncidents(db), Tx: db, Desks: desks, Categories: categories, Events: bus})
	h.responses = response.New(response.Options{
		Store: store.NewResponses(db), Tx: db, Desks: desks, People: h.accounts, Incidents: h.incidents, Plans: h.plans, Roster: h.roster, Clocks: h.clocks, Notices: h.notices, Book: book, Events: bus,
	})
	h.Service = resource.New(resource.Options{
		Store: store.NewResources(db), Tx: db, Desks: desks, Incidents: h.incidents, Responses: h.responses, Roster: h.roster, Clocks: h.clocks, Notices: h.notices, Book: book, Events: bus,
		URL: "https://centre.example/",
	})
	bus.Inside(h.OnRecord)
	h.clocks.On(resource.OwnerKind, h.OnClock)
	h.clocks.On(response.OwnerKind, h.responses.OnClock)
	h.clocks.On(plan.OwnerKind, h.plans.OnClock)
	h.chief, h.second = h.user("市长", h.city, account.RoleLeader), h.user("副市长", h.city, account.RoleLeader)
	h.officer, h.other = h.user("甲", h.county, account.RoleDuty), h.user("丙", away, account.RoleDuty)
	h.reader = h.user("技", h.city, account.RoleTechnician)
	return h
}

func (h *house) user(name string, org account.Org, role string) context.Context {
	h.t.Helper()
	u, _, err := h.accounts.CreateUser(h.system, account.NewUser{Username: "u" + event.Stamp(time.Now()).Format("150405.000000"), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})})
}

func at(lon, lat float64) (x, y *float64) { return &lon, &lat }

func (h *house) team(name string, lon, lat float64, words ...string) resource.Team {
	h.t.Helper()
	t := resource.Team{Name: name, OrgID: h.county.ID, Words: words, People: 20, Leader: "王队", Phone: "13800000009", Place: name}
	t.Lon, t.Lat = at(lon, lat)
	t, err := h.SaveTeam(h.chief, t)
	h.must(err)
	return t
}

func (h *house) stock(warehouse string, lon, lat float64, item, unit string, n float64) resource.Stock {
	h.t.Helper()
	w := resource.Warehouse{Name: warehouse, OrgID: h.county.ID, Keeper: "李库", Phone: "13800000008"}
	w.Lon, w.Lat = at(lon, lat)
	w, err := h.SaveWarehouse(h.chief, w)
	h.must(err)
	v, err := h.Move(h.chief, resource.Change{WarehouseID: w.ID, Item: item, Unit: unit, Kind: "in", Amount: n, Reason: "采购入库"})
	h.must(err)
	return v
}

func (h *house) flood() incident.Incident {
	h.t.Helper()
	d := incident.Draft{Title: "洋口镇圩堤渗漏", Category: "natural.flood", Place: "洋口镇"}
	d.Lon, d.Lat = at(121.0, 32.5)
	i, err := h.incidents.Open(h.officer, d)
	h.must(err)
	return i
}

func (h *house) ask(i incident.Incident, kind, what, unit string, n float64) resource.Request {
	h.t.Helper()
	r, err := h.Ask(h.officer, i.ID, resource.Ask{Kind: kind, What: what, Unit: unit, Amount: n})
	h.must(err)
	return r
}

func (h *house) acts(i incident.Incident) string {
	h.t.Helper()
	room, err := h.incidents.Room(h.chief, i.ID)
	h.must(err)
	var out []string
	for _, s := range room.Steps {
		if s.Kind == resource.Timeline {
			out = append(out, s.Act)
		}
	}
	return strings.Join(out, " ")
}

func (h *house) told(text string) []string {
	h.t.Helper()
	h.must(h.notices.Start(h.system))
	defer func() { h.must(h.notices.Stop(h.t.Context())) }()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		h.mu.Lock()
		var out []string
		for _, m := range h.sent {
			if strings.Contains(m, text) {
				out = append(out, m)
			}
		}
		h.mu.Unlock()
		if len(out) > 0 {
			return out
		}
	}
	h.t.Fatalf("nobody was told %q; sent was %v", text, h.sent)
	return nil
}

func TestAProposalTakesTheNearestThatCanAndSaysWhatIsMissing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.team("远队", 121.6, 32.0, "排涝", "抢险")
		near := h.team("近队", 121.01, 32.5, "排涝队")
		h.team("医疗队", 121.0, 32.5, "医疗救护")
		resting := h.team("休整队", 121.001, 32.5, "排涝")
		_, err := h.SetStatus(h.officer, resting.ID, resource.Resting, "")
		h.must(err)
		i := h.flood()
		p, err := h.Propose(h.officer, h.ask(i, "team", "排涝队", "支", 3).ID)
		h.must(err)
		if len(p.Picks) != 2 || p.Picks[0].ID != near.ID || *p.Picks[0].KM != 0.9 || p.Found != 2 || p.Short != 1 || fmt.Sprint(p.Picks[0].Why) != "[{same 排涝} {people 20} {km 0.9}]" && p.Picks[0].Why[0].Code != "same" {
			t.Errorf("teams %+v", p)
		}
		if len(p.Others) != 1 || p.Others[0].ID != resting.ID || p.Others[0].Why[len(p.Others[0].Why)-1] != (resource.Reason{Code: "busy", Text: "resting"}) {
			t.Errorf("others %+v", p.Others)
		}
		if p, err = h.Propose(h.officer, h.ask(i, "team", "排涝", "人", 30).ID); err != nil || p.Found != 40 || p.Short != 0 {
			t.Errorf("people %+v %v", p, err)
		}
		h.stock("洋口库", 121.02, 32.5, "编织袋", "条", 3000)
		h.stock("掘港库", 121.2, 32.3, "编织袋", "条", 9000)
		h.stock("捆装库", 121.0, 32.5, "防汛编织袋", "捆", 70)
		p, err = h.Propose(h.officer, h.ask(i, "material", "编织袋", "条", 5000).ID)
		h.must(err)
		if len(p.Picks) != 2 || p.Picks[0].Amount != 3000 || p.Picks[1].Amount != 2000 || p.Short != 0 || len(p.Others) != 1 || p.Others[0].Why[0].Code != "alike" {
			t.Errorf("stock %+v", p)
		}
		if p, err = h.Propose(h.officer, h.ask(i, "material", "冲锋舟", "艘", 2).ID); err != nil || len(p.Picks) != 0 || p.Short != 2 {
			t.Errorf("what nobody has %+v %v", p, err)
		}
	})
}

func TestACrewIsSentArrivesAndIsReleasedAndItsPhoneTellsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		team := h.team("近队", 121.01, 32.5, "排涝")
		i := h.flood()
		r := h.ask(i, "team", "排涝", "支", 1)
		list, err := h.Send(h.officer, r.ID, []resource.Choice{{ID: team.ID}}, r.Edit, 0)
		h.must(err)
		d := list[0]
		if d.State != resource.Sent || d.Minutes != 30 || *d.KM != 0.9 {
			t.Fatalf("sent %+v", d)
		}
		if _, err := h.SetStatus(h.officer, team.ID, resource.Out, "坏"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a team that is away: %v", err)
		}
		link := regexp.MustCompile(`/c/([A-Z0-9]+)`).FindStringSubmatch(h.told("近队")[0])[1]
		got, err := h.Open(t.Context(), link)
		h.must(err)
		if got.Incident != i.Title || got.Dispatch.ID != d.ID {
			t.Errorf("the page %+v", got)
		}
		if _, err := h.Open(t.Context(), "ABC"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another address: %v", err)
		}
		_, err = h.StepByLink(t.Context(), link, resource.Step{Kind: "en_route"})
		h.must(err)
		if _, err := h.Show(h.other, d.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county is shown the address: %v", err)
		}
		if _, err := h.Show(h.reader, d.ID); errs.KindOf(err) != errs.Denied {
			t.Errorf("somebody who only reads is shown the address: %v", err)
		}
		shown, err := h.Show(h.officer, d.ID)
		h.must(err)
		second := regexp.MustCompile(`/c/([A-Z0-9]+)$`).FindStringSubmatch(shown.Address)[1]
		if got, err := h.Open(t.Context(), second); err != nil || got.Dispatch.ID != d.ID || shown.Name != "近队" {
			t.Errorf("the address of the desk %+v: %+v, %v", shown, got, err)
		}
		lon, lat := at(121.005, 32.5)
		d, err = h.StepByLink(t.Context(), link, resource.Step{Kind: "on_site", Text: "已到", Lon: lon, Lat: lat})
		h.must(err)
		if d.ArrivedAt == nil || *d.Lon != 121.005 {
			t.Errorf("arrived %+v", d)
		}
		seen := func() *resource.Seen {
			list, err := h.ListTeams(h.officer, resource.TeamFilter{Word: "排涝队"}, page.Request{})
			h.must(err)
			return list.Items[0].Seen
		}
		if s := seen(); s == nil || s.Lon != 121.005 || !s.At.Equal(*d.ArrivedAt) {
			t.Errorf("the team was seen at %+v", s)
		}
		lon, lat = at(121.006, 32.5)
		_, err = h.StepByLink(t.Context(), link, resource.Step{Kind: "report", Lon: lon, Lat: lat})
		h.must(err)
		_, err = h.StepByLink(t.Context(), link, resource.Step{Kind: "report", Text: "平安"})
		h.must(err)
		if s := seen(); s == nil || s.Lon != 121.006 {
			t.Errorf("after its reports the team was seen at %+v", s)
		}
		if _, err := h.StepByLink(t.Context(), link, resource.Step{Kind: "released"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a crew releases itself: %v", err)
		}
		if _, err := h.Do(h.other, d.ID, resource.Step{Kind: "released"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county: %v", err)
		}
		_, err = h.Do(h.officer, d.ID, resource.Step{Kind: "released"})
		h.must(err)
		if _, err := h.Show(h.officer, d.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the address of a crew that was released: %v", err)
		}
		teams, err := h.ListTeams(h.officer, resource.TeamFilter{Word: "排涝队"}, page.Request{})
		h.must(err)
		if teams.Items[0].Status != resource.Resting || teams.Items[0].DispatchID != "" || teams.Items[0].Seen != nil {
			t.Errorf("after %+v", teams.Items[0])
		}
		if got := h.acts(i); got != "asked dispatched en_route link on_site report report released" {
			t.Errorf("timeline %q", got)
		}
		b, err := h.Board(h.officer, i.ID)
		h.must(err)
		if !b.Orders || b.Requests[0].Short() != 0 || len(b.Dispatches) != 1 {
			t.Errorf("board %+v", b)
		}
		if b, err = h.Board(h.reader, i.ID); err != nil || b.Orders || b.Dispatches[0].Phone != "138****0009" {
			t.Errorf("somebody who only reads: %+v %v", b, err)
		}
		if _, err := h.Send(h.reader, r.ID, nil, 0, 0); errs.KindOf(err) != errs.Denied {
			t.Errorf("somebody who only reads sends: %v", err)
		}
	})
}

func TestNumbersAreHiddenInAnswersAsInListsAndAnOwnerStays(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	team := h.team("抢险一队", 121.01, 32.5, "抢险")
	a, _ := actor.From(h.chief)
	a.Permissions = []actor.Permission{actor.ResourceRead, actor.ResourceWrite, actor.IncidentRead, actor.IncidentWrite}
	keeper := actor.With(t.Context(), a)
	out, err := h.SetStatus(keeper, team.ID, resource.Resting, "")
	h.must(err)
	if out.Phone != "138****0009" {
		t.Errorf("the answer shows %s", out.Phone)
	}
	out.OrgID = ""
	out, err = h.SaveTeam(keeper, out)
	h.must(err)
	if out.Phone != "138****0009" || out.OrgID != h.county.ID {
		t.Errorf("the answer shows %s, it belongs to %s", out.Phone, out.OrgName)
	}
}

func TestAnIncidentDoesNotEndBeforeItsTeamsAreReleasedAndTakesThemToAnotherCounty(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.incidents.Parts = []incident.Part{h.Service}
	team, i := h.team("抢险一队", 121.01, 32.5, "抢险"), h.flood()
	r := h.ask(i, "team", "抢险", "支", 1)
	sent, err := h.Send(h.chief, r.ID, []resource.Choice{{ID: team.ID}}, r.Edit, 0)
	h.must(err)
	_, err = h.incidents.Close(h.officer, i.ID, incident.Closed, "结束")
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != "incident.responding" || e.Fields["team"] != "抢险一队" {
		t.Errorf("closed while a team is out: %v", err)
	}
	to := "320681"
	_, err = h.incidents.Change(h.chief, i.ID, incident.Change{Division: &to})
	h.must(err)
	b, err := h.Board(h.chief, i.ID)
	h.must(err)
	if b.Requests[0].Division != to || b.Dispatches[0].Division != to {
		t.Errorf("left behind: %s %s", b.Requests[0].Division, b.Dispatches[0].Division)
	}
	_, err = h.Do(h.chief, sent[0].ID, resource.Step{Kind: "released"})
	h.must(err)
	_, err = h.incidents.Close(h.chief, i.ID, incident.Closed, "结束")
	h.must(err)
}

// Many incidents ask for one team, and for one stock that is enough for three of them, in the same moment. Without the
// lock several read the team as ready before the first has written that it goes.
func TestOfManyDispatchersAtOnceOneHasTheTeamAndThreeTheStock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		const many = 24
		for round := range 3 {
			team, v := h.team(fmt.Sprint("近队", round), 121.01, 32.5, "排涝"), h.stock(fmt.Sprint("洋口库", round), 121.02, 32.5, "水泵", "台", 10)
			var teams, stocks []resource.Request
			for range many {
				i := h.flood()
				teams, stocks = append(teams, h.ask(i, "team", "排涝", "支", 1)), append(stocks, h.ask(i, "material", "水泵", "台", 3))
			}
			send := func(list []resource.Request, c resource.Choice) (won int32) {
				var sent atomic.Int32
				var all sync.WaitGroup
				begin := make(chan struct{})
				for _, r := range list {
					all.Go(func() {
						<-begin
						_, err := h.Send(h.officer, r.ID, []resource.Choice{c}, r.Edit, 0)
						if err == nil {
							sent.Add(1)
						} else if errs.KindOf(err) != errs.Conflict {
							t.Error(err)
						}
					})
				}
				close(begin)
				all.Wait()
				return sent.Load()
			}
			if won := send(teams, resource.Choice{ID: team.ID}); won != 1 {
				t.Fatalf("%d have the team", won)
			}
			if won := send(stocks, resource.Choice{ID: v.ID, Amount: 3}); won != 3 {
				t.Fatalf("%d have 3 of 10", won)
			}
			moves, err := h.Moves(h.officer, v.ID)
			h.must(err)
			if last := moves[len(moves)-1]; len(moves) != 4 || last.HeldAfter != 9 || last.After != 10 {
				t.Errorf("the stock after %d moves: %+v", len(moves), last)
			}
		}
	})
}

func TestStockIsNeverNegativeUnderManyMovesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		v := h.stock("洋口库", 121.02, 32.5, "柴油", "升", 100.5)
		i := h.flood()
		r := h.ask(i, "material", "柴油", "升", 1000)
		var out, sent, refused atomic.Int32
		var all sync.WaitGroup
		for n := range 200 {
			all.Go(func() {
				var err error
				if n%4 == 0 {
					if _, err = h.Send(h.officer, r.ID, []resource.Choice{{ID: v.ID, Amount: 1.5}}, r.Edit, 0); err == nil {
						sent.Add(1)
						return
					}
				} else if _, err = h.Move(h.officer, resource.Change{StockID: v.ID, Kind: "out", Amount: 1.5, Reason: "领用"}); err == nil {
					out.Add(1)
					return
				}
				if errs.KindOf(err) != errs.Conflict {
					t.Errorf("move %d: %v", n, err)
				}
				refused.Add(1)
			})
		}
		all.Wait()
		list, err := h.ListStock(h.officer, resource.StockFilter{}, page.Request{})
		h.must(err)
		got := list.Items[0]
		if out.Load()+sent.Load()+refused.Load() != 200 || got.Amount < got.Reserved || got.Amount != 100.5-1.5*float64(out.Load()) || got.Reserved != 1.5*float64(sent.Load()) {
			t.Errorf("after %d out, %d sent, %d refused: %+v", out.Load(), sent.Load(), refused.Load(), got)
		}
		moves, err := h.Moves(h.officer, v.ID)
		h.must(err)
		left := 0.0
		for n, m := range moves {
			left += m.Amount
			if m.No != n+1 || m.After < m.HeldAfter || m.After != left {
				t.Fatalf("move %+v, %g should be left", m, left)
			}
		}
		if len(moves) != 1+int(out.Load()+sent.Load()) {
			t.Errorf("%d moves", len(moves))
		}
	})
}

func TestStockIsReservedIssuedAndReturned(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	v := h.stock("洋口库", 121.02, 32.5, "水泵", "台", 10)
	r := h.ask(h.flood(), "material", "水泵", "台", 6)
	list, err := h.Send(h.officer, r.ID, []resource.Choice{{ID: v.ID, Amount: 6}}, r.Edit, 0)
	h.must(err)
	if _, err := h.Move(h.officer, resource.Change{StockID: v.ID, Kind: "count", Amount: 5, Reason: "盘点"}); errs.KindOf(err) != errs.Conflict {
		t.Errorf("counted below what is promised: %v", err)
	}
	for _, st := range []resource.Step{{Kind: "issued"}, {Kind: "returned", Amount: 4}} {
		_, err = h.Do(h.officer, list[0].ID, st)
		h.must(err)
	}
	got, err := h.ListStock(h.officer, resource.StockFilter{}, page.Request{Search: "水泵"})
	h.must(err)
	if got.Items[0].Amount != 8 || got.Items[0].Reserved != 0 {
		t.Errorf("after %+v", got.Items[0])
	}
	if _, err := h.Do(h.officer, list[0].ID, resource.Step{Kind: "returned", Amount: 1}); errs.KindOf(err) != errs.Conflict {
		t.Errorf("returned twice: %v", err)
	}
	if _, err := h.Move(h.other, resource.Change{StockID: v.ID, Kind: "out", Amount: 1, Reason: "领用"}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county: %v", err)
	}
}

func TestACrewThatIsSilentIsToldToWhoCommands(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	team := h.team("近队", 121.01, 32.5, "排涝")
	i := h.flood()
	chief, _ := actor.From(h.chief)
	_, err := h.roster.SavePerson(h.system, duty.Person{OrgID: h.city.ID, Name: "市长", UserID: chief.ID, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "13800000001"}}})
	h.must(err)
	_, err = h.responses.Take(h.chief, i.ID, response.Act{Do: "take"})
	h.must(err)
	r := h.ask(i, "team", "排涝", "支", 1)
	if _, err := h.Send(h.officer, r.ID, []resource.Choice{{ID: team.ID}}, r.Edit, 10); errs.KindOf(err) != errs.Conflict {
		t.Errorf("somebody who does not command: %v", err)
	}
	list, err := h.Send(h.chief, r.ID, []resource.Choice{{ID: team.ID}}, r.Edit, 10)
	h.must(err)
	h.ahead.Store(int64(9 * time.Minute))
	_, err = h.clocks.Turn(h.system)
	h.must(err)
	if _, err := h.Do(h.officer, list[0].ID, resource.Step{Kind: "report", Text: "平安"}); err != nil {
		t.Fatal(err)
	}
	if got := h.acts(i); got != "asked dispatched report" {
		t.Errorf("in time: %q", got)
	}
	h.ahead.Store(int64(30 * time.Minute))
	_, err = h.clocks.Turn(h.system)
	h.must(err)
	if got := h.acts(i); got != "asked dispatched report missed" {
		t.Errorf("silent: %q", got)
	}
	if m := h.told("没有消息"); !strings.Contains(m[0], "13800000001") || !strings.Contains(m[0], "近队") {
		t.Errorf("told %v", m)
	}
	b, err := h.Board(h.chief, i.ID)
	h.must(err)
	if b.Dispatches[0].MissedAt == nil {
		t.Errorf("the dispatch %+v", b.Dispatches[0])
	}
}

func TestThePlanAsksOnceAndTakesBackWhatNobodyHasSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		p, err := h.plans.Make(h.chief, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: h.city.ID})
		h.must(err)
		_, err = h.plans.Write(h.chief, p.ID, p.Revision, plan.Body{
			Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "响应", Text: "措施"}},
			Levels:   []plan.Level{{Level: 4, Conditions: []plan.Condition{{Text: "有险情"}}, Clause: "c1"}},
			Roles:    []plan.Role{{ID: "county", Name: "县指挥部", Fill: plan.Fill{How: "org", OrgID: h.county.ID}, Clause: "c1"}},
			Actions: []plan.Action{{
				ID: "pump", Title: "排涝", Levels: []int{4}, RoleID: "county", From: "start", Minutes: 60, Clause: "c1",
				Demands: []plan.Demand{{Kind: "team", What: "排涝队", Amount: 2, Unit: "支"}, {Kind: "material", What: "水泵", Amount: 12.5, Unit: "台"}},
			}},
		})
		h.must(err)
		i := h.flood()
		start := response.Start{PlanID: p.ID, Level: 4, Order: "口头命令", Emergency: true, Why: "险情紧急，等不到审批"}
		out, err := h.responses.Activate(h.chief, i.ID, start)
		h.must(err)
		_, err = h.responses.Activate(h.chief, i.ID, start)
		h.must(err)
		b, err := h.Board(h.chief, i.ID)
		h.must(err)
		if len(b.Requests) != 2 || b.Requests[0].TaskTitle != "排涝" || b.Requests[0].Clause != "1 响应" || b.Requests[1].Amount != 12.5 || *b.Requests[0].Lon != 121.0 {
			t.Fatalf("asked %+v", b.Requests)
		}
		team := h.team("近队", 121.01, 32.5, "排涝")
		_, err = h.Send(h.chief, b.Requests[0].ID, []resource.Choice{{ID: team.ID}}, b.Requests[0].Edit, 0)
		h.must(err)
		_, err = h.responses.Shift(h.chief, out.Response.ID, 0, "险情解除", "")
		h.must(err)
		b, err = h.Board(h.chief, i.ID)
		h.must(err)
		if b.Requests[0].Closed || !b.Requests[1].Closed {
			t.Errorf("after the end %+v", b.Requests)
		}
	})
}

func TestAWorkbookIsTakenWholeOrNotAtAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		head := resource.TeamColumns()
		table := [][]string{head, {"一队", "如东县", "排涝、抢险", "20", "泵车", "王", "13800000001", "洋口", "121.1", "32.5", "", ""}, {}, {"二队", "没有的单位", "排涝", "很多", "", "", "", "", "", "", "", ""}, {"三队", "", "", "3"}}
		got, err := h.ImportTeams(h.chief, true, func() ([][]string, error) { return table, nil })
		h.must(err)
		if got.Done || len(got.Faults) != 3 || fmt.Sprint(got.Faults) != "[{4 2 单位 unknown_org 没有的单位} {4 4 人数 number 很多} {5 3 能力 resource.words }]" {
			t.Errorf("faults %+v", got)
		}
		if list, err := h.ListTeams(h.chief, resource.TeamFilter{}, page.Request{}); err != nil || len(list.Items) != 0 {
			t.Errorf("kept %+v %v", list, err)
		}
		table = table[:2]
		if got, err = h.ImportTeams(h.chief, false, func() ([][]string, error) { return table, nil }); err != nil || got.Done || got.New != 1 {
			t.Errorf("looked at %+v %v", got, err)
		}
		if got, err = h.ImportTeams(h.chief, true, func() ([][]string, error) { return table, nil }); err != nil || !got.Done || got.New != 1 {
			t.Errorf("taken %+v %v", got, err)
		}
		if got, err = h.ImportTeams(h.chief, true, func() ([][]string, error) { return table, nil }); err != nil || got.Same != 1 {
			t.Errorf("again %+v %v", got, err)
		}
		if _, err := h.ImportTeams(h.reader, true, func() ([][]string, error) { panic("it is not read") }); errs.KindOf(err) != errs.Denied {
			t.Errorf("somebody who only reads: %v", err)
		}
		stock := [][]string{resource.StockColumns(), {"洋口库", "如东县", "洋口", "121", "32.5", "", "", "编织袋", "条", "3000"}, {"洋口库", "如东县", "", "", "", "", "", "水泵", "台", "4"}}
		if got, err = h.ImportStock(h.chief, true, func() ([][]string, error) { return stock, nil }); err != nil || !got.Done || got.New != 2 {
			t.Errorf("stock %+v %v", got, err)
		}
		stock[2][9] = "-1"
		if got, err = h.ImportStock(h.chief, true, func() ([][]string, error) { return stock, nil }); err != nil || got.Done || fmt.Sprint(got.Faults) != "[{3 10 数量 resource.amount -1}]" {
			t.Errorf("less than nothing %+v %v", got, err)
		}
		stock[2][9] = "6"
		if got, err = h.ImportStock(h.chief, true, func() ([][]string, error) { return stock, nil }); err != nil || got.Changed != 1 || got.Same != 1 {
			t.Errorf("counted %+v %v", got, err)
		}
	})
}
