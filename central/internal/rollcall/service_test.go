package rollcall_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
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
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// house is a city with two counties; an officer and a leader are on duty day and night in one of them.
type house struct {
	*rollcall.Service
	t                    *testing.T
	roster               *duty.Service
	clocks               *deadline.Service
	notices              *notice.Service
	accounts             *account.Service
	city, county, other  account.Org
	chief, officer, lead context.Context // of the city's desk; of the county's officer and leader
	stranger, substitute context.Context // of the other county; of the county, not on the roster now
	people               map[string]duty.Person
	ahead                time.Duration
	step                 time.Duration // by which the wall clock was set
	mu                   sync.Mutex
	sent                 []string
	system               context.Context
}

func newHouse(t *testing.T, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, system: actor.WithSystem(t.Context(), "test"), people: map[string]duty.Person{}}
	bus := event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))
	kept := store.NewAccounts(db)
	var err error
	h.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	h.must(err)
	_, err = h.accounts.EnsureFirst(h.system, account.First{OrgName: "市", OrgNameEN: "City", Division: "320600"})
	h.must(err)
	h.city, err = h.accounts.TopOrg(h.system)
	h.must(err)
	h.county, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "如东县", Division: "320623"})
	h.must(err)
	h.other, err = h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "启东市", Division: "320681"})
	h.must(err)
	h.roster = duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: h.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	h.must(err)
	machine := deadline.MachineClocks()
	h.clocks = deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: h.roster, Events: bus, Book: book, Clocks: func() deadline.Sample {
		s := machine()
		s.Wall, s.Up = s.Wall.Add(h.ahead+h.step), s.Up+h.ahead
		return s
	}})
	gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.sent = append(h.sent, string(text))
	}))
	t.Cleanup(gateway.Close)
	secret := filepath.Join(t.TempDir(), "callback")
	h.must(os.WriteFile(secret, []byte("from-the-gateway"), 0o600))
	sms, err := httpsms.New(httpsms.Options{URL: gateway.URL, Method: "POST", Body: "{{.To}} {{.Text}}", Callback: httpsms.Callback{SecretFile: secret, From: "from", Text: "text"}})
	h.must(err)
	h.notices = notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Channels: []notice.Channel{{Name: "sms", Sender: sms}}, Events: bus})
	h.Service = rollcall.New(rollcall.Options{
		Store: store.NewRollcalls(db), Tx: db, Roster: h.roster, Accounts: h.accounts, Clocks: h.clocks, Notices: h.notices, Book: book, Events: bus,
		URL: "https://centre.example/", Now: func() time.Time { return time.Now().Add(h.ahead + h.step) },
	})
	h.clocks.On(rollcall.OwnerKind, h.OnClock)
	h.notices.OnAnswer("rollcall", h.AnswerByText)
	h.chief = h.user("市值班", h.city, account.RoleAdmin)
	h.officer, h.lead = h.user("甲", h.county, account.RoleDuty), h.user("局长", h.county, account.RoleLeader)
	h.substitute, h.stranger = h.user("乙", h.county, account.RoleDuty), h.user("启东甲", h.other, account.RoleDuty)
	h.post(h.officer, "值班员", duty.Officer, "甲")
	h.post(h.lead, "带班领导", duty.Leader, "局长")
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) user(name string, org account.Org, role string) context.Context {
	h.t.Helper()
	u, _, err := h.accounts.CreateUser(h.system, account.NewUser{Username: "u" + event.Stamp(time.Now()).Format("150405.000000"), Name: name, OrgID: org.ID, Roles: []string{role}})
	h.must(err)
	return actor.With(h.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: name, DivisionCode: org.Division, Permissions: account.Permissions([]string{role})})
}

// post is held by one person day and night.
func (h *house) post(user context.Context, name string, tier duty.Tier, who string) {
	h.t.Helper()
	a, _ := actor.From(user)
	p, err := h.roster.SavePerson(h.system, duty.Person{OrgID: h.county.ID, Name: who, UserID: a.ID, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "1380000000" + string(name[0]%10+'0')}}})
	h.must(err)
	h.people[who] = p
	post, err := h.roster.SavePost(h.system, duty.Post{OrgID: h.county.ID, Name: name, Tier: tier, Continuous: true})
	h.must(err)
	_, err = h.roster.SaveRule(h.system, duty.NewRule{
		PostID: post.ID, From: duty.DayOf(time.Now(), time.FixedZone("CST", 8*3600)), Watches: []duty.Watch{{Name: "全天", From: "00:00", To: "00:00"}},
		Heads: map[duty.Class]int{duty.Workday: 1, duty.Weekend: 1}, Rotations: []duty.Rotation{{Name: "一人", Keep: 1, Members: []string{p.ID}}},
	})
	h.must(err)
}

func (h *house) begin(tiers ...deadline.To) rollcall.Call {
	h.t.Helper()
	c, err := h.Begin(h.chief, rollcall.Ask{Name: "上午抽查", Tiers: tiers})
	h.must(err)
	return c
}

func (h *house) turn() {
	h.t.Helper()
	for range 3 {
		_, err := h.clocks.Turn(h.system)
		h.must(err)
	}
}

func (h *house) now(id string) rollcall.Post {
	h.t.Helper()
	list, err := h.Calls(h.chief, page.Request{})
	h.must(err)
	for _, c := range list.Items {
		for _, p := range c.Posts {
			if p.ID == id {
				return p
			}
		}
	}
	h.t.Fatalf("no post %s", id)
	return rollcall.Post{}
}

func TestACallIsAnsweredAtTheConsole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		c := h.begin(deadline.Officer, deadline.Leader)
		if len(c.Posts) != 2 || c.DueAt.Sub(c.At) != 10*time.Minute || len(c.Posts[0].Expected) != 1 || c.Posts[0].Expected[0].Name != "甲" {
			t.Fatalf("the call is %+v", c)
		}
		officer, leader := c.Posts[0].ID, c.Posts[1].ID
		mine, err := h.Mine(h.officer)
		if err != nil || len(mine) != 2 || h.now(officer).SeenAt == nil {
			t.Errorf("%d posts ask the county, %v", len(mine), err)
		}
		if mine, err := h.Mine(h.stranger); err != nil || len(mine) != 0 {
			t.Errorf("%d posts ask the other county, %v", len(mine), err)
		}
		if _, err := h.Answer(h.stranger, officer, ""); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a stranger answers: %v", err)
		}
		if _, err := h.Answer(h.officer, leader, ""); errs.KindOf(err) != errs.Denied {
			t.Errorf("the officer answers for the leader: %v", err)
		}
		p, err := h.Answer(h.officer, officer, "Mozilla/5.0\x00 test")
		if err != nil || p.State != rollcall.Answered || !p.Rostered || p.How != rollcall.Console || p.Device != "Mozilla/5.0 test" || *p.Points != 100 {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := h.Answer(h.substitute, officer, ""); errs.KindOf(err) != errs.Conflict {
			t.Errorf("answered twice: %v", err)
		}
		if _, err := h.Where(h.officer, officer, &rollcall.Place{Lat: 91}, ""); errs.KindOf(err) != errs.Invalid {
			t.Errorf("nowhere on earth: %v", err)
		}
		if p, err := h.Where(h.officer, officer, &rollcall.Place{Lat: 32.3, Lon: 121.2, Accuracy: 30}, ""); err != nil || p.Place == nil {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := h.Where(h.officer, officer, nil, "denied"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a second place: %v", err)
		}
		if p, err := h.Answer(h.lead, leader, ""); err != nil || !p.Rostered {
			t.Errorf("%+v, %v", p, err)
		}
		h.ahead = time.Hour
		h.turn()
		if p := h.now(officer); p.State != rollcall.Answered || *p.Points != 100 {
			t.Errorf("later it is %+v", p)
		}
	})
}

func TestWhoDoesNotAnswerIsWrittenDownAndTheLeaderAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		id := h.begin(deadline.Officer).Posts[0].ID
		h.ahead = 11 * time.Minute
		h.turn()
		if p := h.now(id); p.State != rollcall.Missed || *p.Points != 0 {
			t.Fatalf("%+v", p)
		}
		d, err := h.clocks.Of(h.system, deadline.Owner{Kind: rollcall.OwnerKind, ID: id}, "rollcall")
		if err != nil || d.Asked == nil || d.Asked.To != deadline.Leader || len(d.Asked.People) != 1 || d.Asked.People[0] != h.people["局长"].ID {
			t.Errorf("%+v, %v", d.Asked, err)
		}
		if _, err := h.Voice(h.stranger, id, rollcall.Rang{Reached: true, Name: "甲"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a stranger writes it down: %v", err)
		}
		if p, err := h.Voice(h.chief, id, rollcall.Rang{Note: "座机无人接"}); err != nil || p.State != rollcall.Missed || p.Note == "" {
			t.Errorf("%+v, %v", p, err)
		}
		p, err := h.Voice(h.chief, id, rollcall.Rang{Reached: true, Name: "甲", Note: "在卫生间"})
		if err != nil || p.State != rollcall.Late || p.How != rollcall.Voice || !p.Rostered || *p.Points != 50 {
			t.Errorf("%+v, %v", p, err)
		}
		scores, err := h.Scores(h.chief, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		if err != nil || len(scores) != 1 || scores[0].Late != 1 || scores[0].Points != 50 {
			t.Errorf("%+v, %v", scores, err)
		}
		if scores, err := h.Scores(h.stranger, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)); err != nil || len(scores) != 0 {
			t.Errorf("the other county sees %+v, %v", scores, err)
		}
		if list, err := h.Calls(h.stranger, page.Request{}); err != nil || len(list.Items) != 0 {
			t.Errorf("the other county sees %+v, %v", list, err)
		}
	})
}

var link = regexp.MustCompile(`https://centre\.example/r/(\S+)`)

func TestALinkOfAMessageAnswersWithoutALogin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		id := h.begin(deadline.Officer).Posts[0].ID
		_, err := h.notices.Turn(h.system, h.notices.Channels[0])
		h.must(err)
		h.mu.Lock()
		found := link.FindStringSubmatch(h.sent[0])
		h.mu.Unlock()
		if found == nil {
			t.Fatalf("the gateway got %q", h.sent)
		}
		token := found[1]
		page1, err := h.Open(t.Context(), token)
		if err != nil || page1.Person != "甲" || page1.State != rollcall.Waiting || h.now(id).SeenAt == nil {
			t.Errorf("%+v, %v", page1, err)
		}
		list, err := h.notices.List(h.system, "", page.Request{})
		if err != nil || list.Items[0].State != notice.Read {
			t.Errorf("%+v, %v", list, err)
		}
		if p, err := h.AnswerByLink(t.Context(), token, "phone"); err != nil || p.State != rollcall.Answered || p.ByName != "甲" {
			t.Errorf("%+v, %v", p, err)
		}
		h.must(h.WhereByLink(t.Context(), token, nil, "denied"))
		if p := h.now(id); p.How != rollcall.Phone || !p.Rostered || p.NoPlace != "denied" {
			t.Errorf("%+v", p)
		}
		if _, err := h.AnswerByLink(t.Context(), token, "phone"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("answered twice: %v", err)
		}
		if _, err := h.Open(t.Context(), "guess"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a guess: %v", err)
		}
		h.ahead = 3 * time.Hour
		if _, err := h.Open(t.Context(), token); errs.KindOf(err) != errs.NotFound {
			t.Errorf("after its time: %v", err)
		}
	})
}

func TestAPlanCallsAtTimesThatNobodyForesees(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		plan := rollcall.Plan{Name: "抽查", Kind: rollcall.Random, Active: true, Windows: []rollcall.Window{{From: "00:00", To: "23:59", Count: 2}}, Tiers: []deadline.To{deadline.Officer}, Minutes: 5}
		if _, err := h.SavePlan(h.officer, plan); errs.KindOf(err) != errs.Denied {
			t.Errorf("an officer plans: %v", err)
		}
		_, err := h.SavePlan(h.chief, plan)
		h.must(err)
		for range 2 * 24 * 12 { // two days in steps of five minutes
			_, err := h.Turn(h.system)
			h.must(err)
			h.ahead += 5 * time.Minute
		}
		list, err := h.Calls(h.chief, page.Request{})
		h.must(err)
		if n := len(list.Items); n < 2 || n > 6 {
			t.Errorf("%d calls in two days", n)
		}
		for i, c := range list.Items {
			if c.Kind != rollcall.Random || c.OrgName != "市" || i > 0 && list.Items[i-1].At.Sub(c.At) < 10*time.Minute {
				t.Errorf("%+v", c)
			}
		}
	})
}

// Whoever answers in time is in time, also when the clock of the machine was set meanwhile.
func TestSettingTheClockMakesNobodyLate(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	c := h.begin(deadline.Officer, deadline.Leader)
	_, err := h.notices.Turn(h.system, h.notices.Channels[0])
	h.must(err)
	h.mu.Lock()
	found := link.FindStringSubmatch(h.sent[0])
	h.mu.Unlock()
	h.turn()
	h.step = 5 * time.Hour
	h.turn()
	if _, err := h.Open(t.Context(), found[1]); err != nil {
		t.Errorf("the link in time: %v", err)
	}
	mine, err := h.Mine(h.officer)
	if err != nil || len(mine) != 2 || mine[0].DueAt.Sub(c.DueAt).Round(time.Minute) != h.step {
		t.Errorf("the console shows %+v, %v", mine, err)
	}
	if p, err := h.Answer(h.officer, c.Posts[0].ID, ""); err != nil || p.State != rollcall.Answered || p.AnsweredAt.Sub(p.At) > 5*time.Minute {
		t.Errorf("an answer in time: %+v, %v", p, err)
	}
	h.step, h.ahead = 0, 11*time.Minute
	h.turn()
	if p := h.now(c.Posts[1].ID); p.State != rollcall.Missed {
		t.Errorf("nobody answered: %+v", p)
	}
	h.step = -6 * time.Hour
	h.turn()
	if p, err := h.Answer(h.lead, c.Posts[1].ID, ""); err != nil || p.State != rollcall.Late {
		t.Errorf("an answer too late, with the clock set back: %+v, %v", p, err)
	}
}

// Where somebody was and with what is for who may have their number.
func TestATechnicianSeesNobodysPlace(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	id := h.begin(deadline.Officer).Posts[0].ID
	_, err := h.Answer(h.officer, id, "Mozilla")
	h.must(err)
	_, err = h.Where(h.officer, id, &rollcall.Place{Lat: 32.3, Lon: 121.2}, "")
	h.must(err)
	if p := h.now(id); p.Place == nil || p.Device == "" {
		t.Errorf("who called sees %+v", p)
	}
	technician := h.user("技术", h.city, account.RoleTechnician)
	list, err := h.Calls(technician, page.Request{})
	h.must(err)
	posts, err := h.Posts(technician, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	h.must(err)
	for _, p := range append(list.Items[0].Posts, posts...) {
		if p.State != rollcall.Answered || p.Place != nil || p.Device != "" {
			t.Errorf("a technician sees %+v", p)
		}
	}
}
