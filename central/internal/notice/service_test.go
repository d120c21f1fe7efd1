package notice_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// gateway is a real gateway over HTTP that keeps what it was given, and answers as the test says.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []string // key and number
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{status: 200}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.status == 200 {
			g.got = append(g.got, r.Header.Get("Idempotency-Key")+" "+string(text))
		}
		w.WriteHeader(g.status)
		if strings.HasPrefix(string(text), "000") {
			_, _ = io.WriteString(w, "NO SUCH NUMBER")
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) answer(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status = status
}

func (g *gateway) taken() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.got)
}

func (g *gateway) channel(t *testing.T, name string) notice.Channel {
	t.Helper()
	sender, err := httpsms.New(httpsms.Options{URL: g.URL, Method: "POST", Body: "{{.To}} {{.Text}}", Refused: "NO SUCH NUMBER"})
	if err != nil {
		t.Fatal(err)
	}
	return notice.Channel{Name: name, Sender: sender}
}

// desk writes down what it is told.
type desk struct{ told []string }

func (d *desk) Down(_ context.Context, h notice.Health) error {
	d.told = append(d.told, "down "+h.Name)
	return nil
}

func (d *desk) Up(_ context.Context, name string) error {
	d.told = append(d.told, "up "+name)
	return nil
}

func (d *desk) Lost(_ context.Context, n notice.Notice) error {
	d.told = append(d.told, "lost "+n.Name)
	return nil
}

func (d *desk) Settled(_ context.Context, n notice.Notice) error {
	d.told = append(d.told, "settled "+n.Name)
	return nil
}

type office struct {
	*notice.Service
	t    *testing.T
	ctx  context.Context
	desk *desk
	now  time.Time
}

func newOffice(t *testing.T, db *store.DB, channels ...notice.Channel) *office {
	t.Helper()
	o := &office{t: t, ctx: actor.WithSystem(t.Context(), "test"), desk: &desk{}, now: time.Now()}
	trail := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	o.Service = notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Channels: channels, Desk: o.desk, Events: event.NewBus(trail), Now: func() time.Time { return o.now }})
	return o
}

func (o *office) queue(key string, people ...notice.Person) {
	o.t.Helper()
	err := o.Queue(o.ctx, notice.Order{Key: key, Kind: "deadline", OrgID: "county", Division: "320623", Title: "交班超时", Text: "请处理", Urgent: true, Until: o.now.Add(time.Hour), To: people})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) turn() {
	o.t.Helper()
	for _, c := range o.Channels {
		if _, err := o.Turn(o.ctx, c); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *office) find(name string) notice.Notice {
	o.t.Helper()
	list, err := o.List(o.ctx, "", page.Request{})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, n := range list.Items {
		if n.Name == name {
			return n
		}
	}
	o.t.Fatalf("no message to %s", name)
	return notice.Notice{}
}

func to(name string, ways ...notice.Way) notice.Person {
	return notice.Person{ID: name, Name: name, Ways: ways}
}

func TestAMessageIsQueuedOnceAndSentOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := newGateway(t)
		o := newOffice(t, db, g.channel(t, "sms"))
		who := to("王芳", notice.Way{Channel: "sms", Address: "13812345678"})
		o.queue("a", who)
		o.queue("a", who)
		o.turn()
		o.turn()
		if got := g.taken(); len(got) != 1 || !strings.HasSuffix(got[0], " 13812345678 请处理") {
			t.Errorf("the gateway got %q", got)
		}
		n := o.find("王芳")
		if n.State != notice.Sent || n.SentAt == nil || n.Ways[0].Address != "138****5678" {
			t.Errorf("the message is %+v", n)
		}
		d, err := o.Get(o.ctx, n.ID)
		if err != nil || len(d.Log) != 1 || d.Log[0].Outcome != "sent" || d.Log[0].Address != "138****5678" {
			t.Errorf("the log is %+v, %v", d.Log, err)
		}
		// A message whose transaction is undone was never there.
		undone := errors.New("undone")
		err = db.Do(o.ctx, func(ctx context.Context) error {
			if err := o.Queue(ctx, notice.Order{Key: "b", Kind: "x", Title: "t", Text: "x", Until: o.now.Add(time.Hour), To: []notice.Person{who}}); err != nil {
				return err
			}
			return undone
		})
		o.turn()
		if !errors.Is(err, undone) || len(g.taken()) != 1 {
			t.Errorf("%v; the gateway got %q", err, g.taken())
		}
	})
}

func TestADeadGatewayIsToldAndItsMessagesGoAnotherWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first, second := newGateway(t), newGateway(t)
		o := newOffice(t, db, first.channel(t, "sms"), second.channel(t, "other"))
		first.answer(503)
		o.queue("a", to("甲", notice.Way{Channel: "sms", Address: "13800000001"}, notice.Way{Channel: "other", Address: "13800000001"}))
		o.queue("b", to("乙", notice.Way{Channel: "sms", Address: "13800000002"}))
		for range 3 {
			o.turn()
			o.now = o.now.Add(40 * time.Second)
		}
		o.turn()
		if !slices.Contains(o.desk.told, "down sms") {
			t.Fatalf("the desk was told %q", o.desk.told)
		}
		o.now = o.now.Add(time.Minute)
		o.turn()
		o.now = o.now.Add(time.Minute)
		o.turn()
		if got := second.taken(); len(got) != 1 || o.find("甲").State != notice.Sent {
			t.Errorf("the other way got %q, the message is %+v", got, o.find("甲"))
		}
		if n := o.find("乙"); n.State != notice.Queued || n.Reason == "" {
			t.Errorf("with one way only it waits: %+v", n)
		}
		states, err := o.States(o.ctx)
		if err != nil || states[0].DownSince == nil || states[0].Waiting != 1 || states[1].DownSince != nil {
			t.Errorf("%+v, %v", states, err)
		}
		first.answer(200)
		o.now = o.now.Add(11 * time.Minute)
		o.turn()
		if o.find("乙").State != notice.Sent || o.desk.told[len(o.desk.told)-1] != "up sms" {
			t.Errorf("after it came back: %+v, told %q", o.find("乙"), o.desk.told)
		}
	})
}

func TestAMessageThatReachesNobodyIsNeverQuiet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := newGateway(t)
		o := newOffice(t, db, g.channel(t, "sms"))
		o.queue("a", to("无号"))
		o.queue("b", to("错号", notice.Way{Channel: "sms", Address: "00000"}))
		g.answer(500)
		o.queue("c", to("过时", notice.Way{Channel: "sms", Address: "13800000003"}))
		o.turn()
		o.now = o.now.Add(2 * time.Hour)
		o.turn()
		for _, name := range []string{"无号", "错号", "过时"} {
			if n := o.find(name); n.State != notice.Failed || n.Reason == "" || !slices.Contains(o.desk.told, "lost "+name) {
				t.Errorf("%s: %+v, told %q", name, n, o.desk.told)
			}
		}
		n := o.find("错号")
		if _, err := o.Settle(o.ctx, n.ID, " "); errs.KindOf(err) != errs.Invalid {
			t.Errorf("settled without a word: %v", err)
		}
		if _, err := o.Settle(o.ctx, n.ID, "打座机告知"); err != nil || o.desk.told[len(o.desk.told)-1] != "settled 错号" {
			t.Errorf("%v, told %q", err, o.desk.told)
		}
		if _, err := o.Settle(o.ctx, n.ID, "再一次"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("settled twice: %v", err)
		}
	})
}

func TestLimitsAndAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := newGateway(t)
		c := g.channel(t, "sms")
		c.PerMinute = 2
		o := newOffice(t, db, c)
		for _, name := range []string{"甲", "乙", "丙", "丁"} {
			o.queue("x", to(name, notice.Way{Channel: "sms", Address: "13800000001"}))
		}
		o.turn()
		if n := len(g.taken()); n != 2 {
			t.Fatalf("%d left at once", n)
		}
		// Whoever has answered meanwhile gets nothing any more.
		for _, name := range []string{"丙", "丁"} {
			if err := o.Reached(o.ctx, "x", name, notice.Answered); err != nil {
				t.Fatal(err)
			}
		}
		o.now = o.now.Add(2 * time.Minute)
		o.turn()
		if len(g.taken()) != 2 || o.find("丁").State != notice.Answered || o.find("丁").ReadAt == nil {
			t.Errorf("the gateway got %q, %+v", g.taken(), o.find("丁"))
		}
		// What came later stays when something earlier is told.
		if err := o.Reached(o.ctx, "x", "丁", notice.Delivered); err != nil || o.find("丁").State != notice.Answered {
			t.Errorf("%v, %+v", err, o.find("丁"))
		}
	})
}

func TestWithoutChannelsMessagesAreKeptAndNobodyIsAlarmed(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	o.queue("a", to("甲"))
	if n := o.find("甲"); n.State != notice.Unset || len(o.desk.told) != 0 {
		t.Errorf("%+v, told %q", n, o.desk.told)
	}
}

func TestWhoSeesMessages(t *testing.T) {
	g := newGateway(t)
	o := newOffice(t, storetest.SQLite(t), g.channel(t, "sms"))
	o.queue("a", to("甲", notice.Way{Channel: "sms", Address: "13800000001"}))
	id := o.find("甲").ID
	for _, c := range []struct {
		division string
		may      []actor.Permission
		list     errs.Kind
		seen     bool
	}{
		{"320623", []actor.Permission{actor.DutyRead, actor.DutyLog}, errs.Internal, true},
		{"320600", []actor.Permission{actor.DutyRead, actor.DutyLog}, errs.Internal, true},
		{"320681", []actor.Permission{actor.DutyRead, actor.DutyLog}, errs.Internal, false},
		{"320600", nil, errs.Denied, false},
	} {
		ctx := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: c.division, Permissions: c.may})
		list, err := o.List(ctx, "", page.Request{})
		if errs.KindOf(err) != c.list || (len(list.Items) == 1) != c.seen {
			t.Errorf("%s: %d messages, %v", c.division, len(list.Items), err)
		}
		if _, err := o.Get(ctx, id); (err == nil) != c.seen {
			t.Errorf("%s: %v", c.division, err)
		}
		if _, err := o.Test(ctx, "sms", "13800000009", "试"); errs.KindOf(err) != errs.Denied {
			t.Errorf("a test message: %v", err)
		}
	}
	for _, wrong := range [][2]string{{"fax", "13800000009"}, {"sms", "a@example.cn"}, {"sms", ""}} {
		if _, err := o.Test(o.ctx, wrong[0], wrong[1], "试"); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if n, err := o.Test(o.ctx, "sms", "13800000009", "试"); err != nil || n.Ways[0].Address != "138****0009" {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{"13812345678": "138****5678", "12345": "*****", "wang@example.cn": "w***@example.cn", "": ""} {
		if got := notice.Mask(in); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
