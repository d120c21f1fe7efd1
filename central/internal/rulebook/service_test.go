package rulebook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/rule"
)

// desk is the book of a city with two counties, and what telemetry and terminals are given by it.
type desk struct {
	*rulebook.Service
	t  *testing.T
	db *store.DB

	mu      sync.Mutex
	devices []device.Device
	judged  []rule.Rule
	why     string
	given   map[string]string
	foreign map[string]string
	gave    chan string
	by      map[string]string // who gave a terminal its rules, and why
	events  []event.Event
}

func (d *desk) Visible(ctx context.Context, id string) (device.Device, bool) {
	a, _ := actor.From(ctx)
	for _, one := range d.devices {
		if one.ID == id && a.Sees(one.Division) {
			return one, true
		}
	}
	return device.Device{}, false
}

func (d *desk) All(ctx context.Context) ([]device.Device, error) {
	a, _ := actor.From(ctx)
	var out []device.Device
	for _, one := range d.devices {
		if a.Sees(one.Division) {
			out = append(out, one)
		}
	}
	return out, nil
}

func (d *desk) Use(_ context.Context, rules []rule.Rule, why string) { d.judged, d.why = rules, why }

func (d *desk) GiveRules(ctx context.Context, edge string, rules json.RawMessage, note string) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if edge == "unknown" {
		return 0, errs.E(errs.Conflict, "fleet.unknown", "not known")
	}
	d.given[edge] = string(rules)
	a, _ := actor.From(ctx)
	d.by[edge] = a.Name + ": " + note
	d.gave <- edge
	return 7, nil
}

func (d *desk) GivenRules(_ context.Context, edge string) (json.RawMessage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if rules := d.foreign[edge]; rules != "" {
		return json.RawMessage(rules), nil
	}
	return nil, nil
}

func (d *desk) RulesStand(context.Context, string, uint64) (string, string, error) {
	return "waiting", "", nil
}

func (d *desk) Record(_ context.Context, list ...*event.Event) error {
	for _, e := range list {
		d.events = append(d.events, *e)
	}
	return nil
}

func (d *desk) Publish(context.Context, ...event.Event) {}

const (
	city   = "320600"
	rudong = "320623"
	rugao  = "320682"
)

func sensor(id, edge, division string) device.Device {
	return device.Device{
		ID: id, Kind: device.Sensor, Parent: edge, Class: "water_level", Division: division, State: device.Online,
		Series: []device.Series{{Property: "water_level", Unit: "m"}},
	}
}

func newDesk(t *testing.T, db *store.DB, shipped ...rule.Rule) *desk {
	t.Helper()
	d := &desk{t: t, db: db, given: map[string]string{}, by: map[string]string{}, gave: make(chan string, 100)}
	d.devices = []device.Device{
		{ID: "e1", Kind: device.Edge, Division: rudong, State: device.Offline, Name: "一号"},
		sensor("a", "e1", rudong),
		sensor("b", "e1", rudong),
		{ID: "e2", Kind: device.Edge, Division: rugao, State: device.Online},
		sensor("c", "e2", rugao),
		{ID: "siren", Kind: device.Sensor, Parent: "e1", Class: "siren", Division: rudong, State: device.Online},
	}
	d.open(shipped...)
	return d
}

// open is a start of the centre.
func (d *desk) open(shipped ...rule.Rule) {
	d.t.Helper()
	var err error
	if d.Service, err = rulebook.New(rulebook.Options{
		Store: store.NewRulebook(d.db), Tx: d.db, Devices: d, Judge: d, Terminals: d, Events: d, Division: city, Log: slog.New(slog.DiscardHandler),
		Critical: []string{"gas"}, OverrideMax: 7 * 24 * time.Hour,
	}); err != nil {
		d.t.Fatal(err)
	}
	if err := d.Load(system(), shipped); err != nil {
		d.t.Fatal(err)
	}
}

func system() context.Context { return actor.WithSystem(context.Background(), "test") }

func as(division string, may ...actor.Permission) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Kind: actor.User, ID: "u" + division, Name: "王" + division, DivisionCode: division, Permissions: append(may, actor.AlarmRead, actor.DeviceRead),
	})
}

func leader(division string) context.Context { return as(division, actor.RuleWrite, actor.RulePublish) }

func high(limit float64) rule.Rule {
	return rule.Rule{
		ID: "high", Name: "高水位", NameEN: "High water", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: limit, Clear: limit - 0.5, Level: 2, Source: "test",
	}
}

// seen is the revision of a rule.
func (d *desk) seen(id string) int64 {
	d.t.Helper()
	r, err := d.Get(system(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Revision
}

// publish writes and publishes a rule.
func (d *desk) publish(ctx context.Context, r rule.Rule, division string, seen int64) rulebook.Kept {
	d.t.Helper()
	e, err := d.Save(ctx, r, division, "", seen)
	if err != nil {
		d.t.Fatal(err)
	}
	if e, err = d.Service.Publish(ctx, r.ID, e.Revision, "汛期"); err != nil {
		d.t.Fatal(err)
	}
	return e
}

// limit is by what a device is judged; NaN where the rule is not about it or off.
func (d *desk) limit(id, device string) float64 {
	for i := range d.judged {
		if r := &d.judged[i]; r.ID == id && r.On(device, "water_level") {
			if r = r.Of(device, time.Now()); r != nil {
				return r.Limit
			}
		}
	}
	return math.NaN()
}

func (d *desk) judges(id string, want map[string]float64) {
	d.t.Helper()
	for device, limit := range want {
		if got := d.limit(id, device); got != limit && !(math.IsNaN(got) && math.IsNaN(limit)) {
			d.t.Errorf("%s on %s is judged by %v, want %v", id, device, got, limit)
		}
	}
}

func code(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestDraftPublishRollBackWithdraw(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		if got := d.Rules(); len(got) != 1 || got[0].Limit != 5 {
			t.Fatalf("the shipped rule is not taken over: %+v", got)
		}
		d.judged = nil
		boss := leader(city)
		e, err := d.Save(boss, high(6), "", "m", d.seen("high"))
		if err != nil || e.Draft == nil || e.Rule.Limit != 5 {
			t.Fatalf("draft: %+v, %v", e, err)
		}
		if d.judged != nil {
			t.Error("a draft decides")
		}
		if _, err := d.Service.Publish(boss, "high", e.Revision, " "); code(err) != "rule.reason" {
			t.Errorf("without a reason: %v", err)
		}
		published, err := d.Service.Publish(boss, "high", e.Revision, "汛期")
		if err != nil || published.Version != 2 || published.Draft != nil || d.why != "汛期" {
			t.Fatalf("published %+v, %v, told %q", published, err, d.why)
		}
		d.judges("high", map[string]float64{"a": 6, "c": 6})
		if _, err := d.Service.Publish(boss, "high", e.Revision, "again"); code(err) != "rule.changed" || errs.KindOf(err) != errs.Conflict {
			t.Errorf("an old revision was published: %v", err)
		}
		diff, err := d.Compare(boss, "high", "1", "2")
		if err != nil || len(diff) != 2 || diff[1].Field != "limit" || diff[1].From != "5" || diff[1].To != "6" {
			t.Errorf("diff %+v, %v", diff, err)
		}
		back, err := d.RollBack(boss, "high", published.Revision, 1, "误改")
		if err != nil || back.Version != 3 || back.Rule.Limit != 5 {
			t.Fatalf("rolled back %+v, %v", back, err)
		}
		list, err := d.Versions(boss, "high")
		if err != nil || len(list) != 3 || list[0].Reason != "误改" || list[0].Author != "u"+city || list[2].Origin != rulebook.Shipped || list[1].Body.Limit != 6 {
			t.Errorf("versions %+v, %v", list, err)
		}
		gone, err := d.Withdraw(boss, "high", back.Revision, "重复")
		if err != nil || gone.State != rulebook.Withdrawn || len(d.judged) != 0 {
			t.Errorf("withdrawn %+v, %v, judged %+v", gone, err, d.judged)
		}
		var kinds []string
		for _, e := range d.events {
			kinds = append(kinds, e.Kind)
		}
		if got := strings.Join(kinds, " "); got != "rule.drafted rule.published rule.published rule.withdrawn" {
			t.Errorf("recorded %s", got)
		}
		d.open(high(5))
		if len(d.Rules()) != 0 {
			t.Error("a restart brought a withdrawn rule back")
		}
	})
}

func TestTwoPublishAtOnceAndOneWins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		boss := leader(city)
		e, err := d.Save(boss, high(6), "", "", d.seen("high"))
		if err != nil {
			t.Fatal(err)
		}
		outcomes := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := d.Service.Publish(boss, "high", e.Revision, "x")
				outcomes <- err
			}()
		}
		one, other := <-outcomes, <-outcomes
		if one != nil {
			one, other = other, one
		}
		if one != nil || errs.KindOf(other) != errs.Conflict {
			t.Errorf("got %v and %v", one, other)
		}
	})
}

func TestFilesOfferAndNeverOverwrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		other := high(3)
		other.ID = "other"
		d := newDesk(t, db, high(5), other)
		d.publish(leader(city), high(6), "", d.seen("high"))
		newer, otherNewer := high(7), high(4)
		otherNewer.ID = "other"
		d.open(newer, otherNewer)
		d.judged = d.Rules()
		d.judges("high", map[string]float64{"a": 6})
		d.judges("other", map[string]float64{"a": 4}) // nobody had touched it
		r, err := d.Get(system(), "high")
		if err != nil || r.Offer == nil || r.Offer.Limit != 7 || r.Version != 2 {
			t.Fatalf("the newer file is not offered: %+v, %v", r, err)
		}
		if diff, err := d.Compare(system(), "high", "2", "offer"); err != nil || len(diff) != 2 {
			t.Errorf("diff %+v, %v", diff, err)
		}
		d.publish(leader(city), high(6.5), "", r.Revision)
		if r, err = d.Get(system(), "high"); err != nil || r.Offer != nil {
			t.Errorf("what was seen is offered again: %+v, %v", r, err)
		}
		before := len(d.events)
		d.open(newer, otherNewer)
		if len(d.events) != before {
			t.Errorf("the same files are news: %+v", d.events[before:])
		}
		d.open(newer)
		if r, _ := d.Get(system(), "other"); r.State != rulebook.Withdrawn {
			t.Errorf("its file is gone, but it is %s", r.State)
		}
		d.open(newer, otherNewer)
		if r, _ := d.Get(system(), "other"); r.State != rulebook.Published {
			t.Errorf("its file is back, but it is %s", r.State)
		}
	})
}

func TestACountySeesTheCitysRulesAndDecidesForItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		county := leader(rudong)
		list, err := d.List(county, rulebook.Filter{})
		if err != nil || len(list) != 1 || list[0].Mine || list[0].Devices != 2 {
			t.Fatalf("the county sees %+v, %v", list, err)
		}
		if _, err := d.Save(county, high(6), "", "", d.seen("high")); code(err) != "rule.not_yours" {
			t.Errorf("a county edits the city's rule: %v", err)
		}
		if _, err := d.Withdraw(county, "high", d.seen("high"), "x"); code(err) != "rule.not_yours" {
			t.Errorf("a county withdraws the city's rule: %v", err)
		}
		four := 4.0
		if _, err := d.Override(county, rulebook.NewOverride{Rule: "high", Device: "c", Exception: rule.Exception{Limit: &four}, Reason: "x"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a county overrides on another's device: %v", err)
		}
		if _, err := d.Override(county, rulebook.NewOverride{Rule: "high", Division: rugao, Exception: rule.Exception{Off: true}, Reason: "x"}); code(err) != "rule.not_yours" {
			t.Errorf("a county overrides in another: %v", err)
		}
		if _, err := d.Override(county, rulebook.NewOverride{Rule: "high", Division: rudong, Exception: rule.Exception{Limit: &four}, Reason: "低洼"}); err != nil {
			t.Fatal(err)
		}
		d.judges("high", map[string]float64{"a": 4, "b": 4, "c": 5})
		if _, err := d.Override(leader(city), rulebook.NewOverride{Rule: "high", Device: "a", Exception: rule.Exception{Off: true, Until: soon()}, Reason: "检修"}); err != nil {
			t.Fatal(err)
		}
		d.judges("high", map[string]float64{"a": math.NaN(), "b": 4, "c": 5})

		for device, want := range map[string]string{"a": "检修", "b": "低洼", "c": ""} {
			list, err := d.List(leader(city), rulebook.Filter{Device: device})
			if err != nil || len(list) != 1 || (want == "") != (list[0].Here == nil) || (want != "" && list[0].Here.Reason != want) {
				t.Errorf("on %s: %+v, %v", device, list, err)
			}
		}

		mine := high(3)
		mine.ID = "mine"
		d.publish(county, mine, "", 0)
		d.judges("mine", map[string]float64{"a": 3, "c": math.NaN()})
		if _, err := d.Get(leader(rugao), "mine"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another county sees it: %v", err)
		}
		mine.ID, mine.Devices = "mine-2", []string{"c"}
		if _, err := d.Save(county, mine, "", "", 0); code(err) != "rule.invalid" {
			t.Errorf("a county's rule names another's device: %v", err)
		}
		if _, err := d.Save(county, high(1), city, "", 0); code(err) == "<nil>" {
			t.Error("a county takes the city's rule over")
		}
	})
}

func TestOverridesKeepTheHysteresisEndByTimeAndFitTheText(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		boss := leader(city)
		four := 4.0
		until := time.Now().Add(time.Hour)
		o, err := d.Override(boss, rulebook.NewOverride{Rule: "high", Device: "a", Exception: rule.Exception{Limit: &four, Until: &until}, Reason: "施工"})
		if err != nil || o.Clear == nil || *o.Clear != 3.5 || o.Division != rudong {
			t.Fatalf("got %+v, %v", o, err)
		}
		r, err := d.Get(boss, "high")
		if err != nil || r.Overrides != 1 || len(r.Holding) != 1 || r.Holding[0].Until == nil || *r.Holding[0].Limit != 4 {
			t.Errorf("shown %+v, %v", r, err)
		}
		low := high(3)
		low.Condition, low.Clear = rule.Below, 3.8
		e, err := d.Save(boss, low, "", "", r.Revision)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Service.Publish(boss, "high", e.Revision, "x"); code(err) != "rule.override_misfit" {
			t.Errorf("a text that the override does not fit: %v", err)
		}
		past := time.Now().Add(-time.Second)
		for name, n := range map[string]rulebook.NewOverride{
			"rule.until":     {Device: "b", Exception: rule.Exception{Off: true, Until: &past}, Reason: "x"},
			"rule.override":  {Device: "b", Reason: "x"},
			"rule.reason":    {Device: "b", Exception: rule.Exception{Off: true}},
			"rule.not_found": {Rule: "none", Device: "b", Exception: rule.Exception{Off: true}, Reason: "x"},
		} {
			if n.Rule == "" {
				n.Rule = "high"
			}
			if _, err := d.Override(boss, n); code(err) != name {
				t.Errorf("want %s, got %v", name, err)
			}
		}
		nan := math.NaN()
		if _, err := d.Override(boss, rulebook.NewOverride{Rule: "high", Device: "b", Exception: rule.Exception{Limit: &nan}, Reason: "x"}); code(err) != "rule.invalid" {
			t.Errorf("a limit that is no number: %v", err)
		}
		if _, err := d.EndOverride(as(rudong, actor.RuleWrite), o.ID); errs.KindOf(err) != errs.Denied {
			t.Errorf("ended without the permission: %v", err)
		}
		if _, err := d.EndOverride(boss, o.ID); err != nil {
			t.Fatal(err)
		}
		d.judges("high", map[string]float64{"a": 5})
		if _, err := d.EndOverride(boss, o.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("ended twice: %v", err)
		}
	})
}

func TestAnOverrideEndsByItsTimeAndIsOnRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		four, soon := 4.0, time.Now().Add(time.Hour)
		minute := rule.Duration(time.Minute)
		for _, n := range []rulebook.NewOverride{
			{Device: "a", Exception: rule.Exception{Limit: &four, Until: &soon}, Reason: "施工"},
			{Device: "b", Exception: rule.Exception{For: &minute}, Reason: "波浪"},
		} {
			n.Rule = "high"
			if _, err := d.Override(leader(city), n); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Expire(system(), soon.Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		d.judges("high", map[string]float64{"a": 4, "b": 5})
		d.events = nil
		if err := d.Expire(system(), soon); err != nil {
			t.Fatal(err)
		}
		d.judges("high", map[string]float64{"a": 5, "b": 5})
		if len(d.events) != 1 || d.events[0].Kind != rulebook.EventOverrideExpired || d.why != "例外结束 exception ended: 施工" {
			t.Errorf("recorded %+v, because of %q", d.events, d.why)
		}
		r, err := d.Get(system(), "high")
		if err != nil || len(r.Holding) != 1 || r.Holding[0].Device != "b" || r.Holding[0].For == nil || r.Holding[0].Limit != nil {
			t.Errorf("still holding %+v, %v", r.Holding, err)
		}
		if err := d.Expire(system(), soon); err != nil || len(d.events) != 1 {
			t.Errorf("ended twice: %v, %+v", err, d.events)
		}
		d.open()
		d.judges("high", map[string]float64{"a": 5, "b": 5})
	})
}

func TestBadRulesAreRefusedByField(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t), high(5))
	boss := leader(city)
	d.devices[1].Series = append(d.devices[1].Series, device.Series{Property: "flow", Unit: "m3/s"})
	for _, c := range []struct {
		name, code, unit string
		change           func(*rule.Rule)
	}{
		{"unit of another property", "rule.unit", "cm", func(*rule.Rule) {}},
		{"no number", "rule.invalid", "", func(r *rule.Rule) { r.Limit = math.NaN() }},
		{"infinite", "rule.invalid", "", func(r *rule.Rule) { r.Limit = math.Inf(1) }},
		{"clear on the wrong side", "rule.invalid", "", func(r *rule.Rule) { r.Clear = 9 }},
		{"name too long", "rule.invalid", "", func(r *rule.Rule) { r.Name = strings.Repeat("水", 201) }},
		{"unknown siren", "rule.invalid", "", func(r *rule.Rule) { r.Actions = []rule.Action{{Device: "none", Output: "siren"}} }},
		{"exceptions by the back door", "rule.invalid", "", func(r *rule.Rule) { r.Exceptions = map[string]rule.Exception{"a": {Off: true}} }},
		{"expression too long", "rule.invalid", "", func(r *rule.Rule) {
			r.Condition, r.Limit, r.Clear, r.Expression = rule.Expression, 0, 0, "water_level > 1"+strings.Repeat(" or water_level > 1", 60)
		}},
		{"expression too costly", "rule.invalid", "", func(r *rule.Rule) {
			r.Condition, r.Limit, r.Clear, r.Expression = rule.Expression, 0, 0, "water_level > 1"+strings.Repeat("+1", 150)
		}},
		{"input that is not there", "rule.invalid", "", func(r *rule.Rule) {
			r.Condition, r.Limit, r.Clear, r.Expression = rule.Expression, 0, 0, "water_level > up"
			r.Devices, r.Inputs = []string{"a"}, map[string]rule.Input{"up": {Device: "b", Property: "flow"}}
		}},
	} {
		r := high(5)
		r.ID = "new"
		c.change(&r)
		if _, err := d.Save(boss, r, "", c.unit, 0); code(err) != c.code {
			t.Errorf("%s: got %v, want %s", c.name, err, c.code)
		}
	}
	for name, ctx := range map[string]context.Context{"nobody": context.Background(), "reader": as(city), "writer publishes": as(city, actor.RuleWrite)} {
		if _, err := d.Withdraw(ctx, "high", d.seen("high"), "x"); errs.KindOf(err) != errs.Denied && errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.List(context.Background(), rulebook.Filter{}); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("nobody lists: %v", err)
	}
	r := high(5)
	r.ID = "new"
	e, err := d.Save(boss, r, "", "m", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Discard(boss, "new", e.Revision); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(boss, "new"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a rule that was never published is still there: %v", err)
	}
}

func TestTerminalsGetTheirRulesOnlyAfterAPersonsChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		sounding := high(5)
		sounding.Actions = []rule.Action{{Device: "siren", Output: "siren"}}
		joint := high(0)
		joint.ID, joint.Condition, joint.Limit, joint.Clear, joint.Expression = "joint", rule.Expression, 0, 0, "water_level > far"
		joint.Devices, joint.Inputs = []string{"a"}, map[string]rule.Input{"far": {Device: "c", Property: "water_level"}}
		d := newDesk(t, db, sounding, joint)
		d.Start(system())
		t.Cleanup(func() { _ = d.Stop(context.Background()) })
		four := 4.0
		if _, err := d.Override(leader(rudong), rulebook.NewOverride{Rule: "high", Device: "a", Exception: rule.Exception{Limit: &four}, Reason: "低洼"}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the rule is the city's: both terminals have it
			<-d.gave
		}
		d.mu.Lock()
		one, two := d.given["e1"], d.given["e2"]
		d.mu.Unlock()
		if !strings.Contains(one, `"exceptions":{"a":{"limit":4,"clear":3.5}}`) || !strings.Contains(one, `"output":"siren"`) || strings.Contains(one, "joint") {
			t.Errorf("e1 got %s", one)
		}
		if strings.Contains(two, "exceptions") || strings.Contains(two, "siren") || !strings.Contains(two, `"limit":5`) {
			t.Errorf("e2 got %s", two)
		}
		r, err := d.Get(leader(city), "high")
		if err != nil || len(r.Terminals) != 2 || len(r.Units) != 1 || r.Units[0] != "m" {
			t.Errorf("shown %+v, %v", r, err)
		}
	})
}

func TestATerminalWithRulesOfNobodyIsGivenThoseOfTheBook(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t), high(5))
	d.foreign = map[string]string{"e1": "[]"}
	r, err := d.Get(leader(city), "high")
	if err != nil || r.Terminals[0].State != "foreign" || r.Terminals[1].State != "own" {
		t.Errorf("shown %+v, %v", r.Terminals, err)
	}
	d.Start(system())
	t.Cleanup(func() { _ = d.Stop(context.Background()) })
	if edge := <-d.gave; edge != "e1" {
		t.Errorf("given to %s", edge)
	}
	d.mu.Lock()
	d.foreign["e2"] = `[{"id":"evil"}]`
	got := d.given["e1"]
	d.mu.Unlock()
	if !strings.Contains(got, `"limit":5`) {
		t.Errorf("e1 got %s", got)
	}
	d.OnEvent(system(), event.Event{Kind: "config.told", Subject: "e2"})
	if edge := <-d.gave; edge != "e2" {
		t.Errorf("given to %s", edge)
	}
}

// soon is an end of an override that is allowed.
func soon() *time.Time {
	t := time.Now().Add(time.Hour)
	return &t
}

func TestNoRuleIsOffForEverAndGasIsWeakenedOnASecondWordOnly(t *testing.T) {
	gas := high(20)
	gas.ID, gas.Class, gas.Property = "gas", "gas", "ch4_lel"
	d := newDesk(t, storetest.SQLite(t), high(5), gas)
	one := sensor("g", "e1", rudong)
	one.Class, one.Series[0].Property = "gas", "ch4_lel"
	d.devices = append(d.devices, one)
	year := time.Now().AddDate(1, 0, 0)
	high, low := 1e300, 10.0
	for name, c := range map[string]struct {
		n    rulebook.NewOverride
		want string
	}{
		"off for ever":          {rulebook.NewOverride{Rule: "high", Device: "a", Exception: rule.Exception{Off: true}}, "rule.until"},
		"off for a year":        {rulebook.NewOverride{Rule: "high", Device: "a", Exception: rule.Exception{Off: true, Until: &year}}, "rule.until"},
		"off for an hour":       {rulebook.NewOverride{Rule: "high", Device: "a", Exception: rule.Exception{Off: true, Until: soon()}}, ""},
		"gas weak for a year":   {rulebook.NewOverride{Rule: "gas", Device: "g", Exception: rule.Exception{Limit: &high, Until: &year}, Confirm: true}, "rule.until"},
		"gas weak by mistake":   {rulebook.NewOverride{Rule: "gas", Device: "g", Exception: rule.Exception{Limit: &high, Until: soon()}}, "rule.confirm"},
		"gas off by mistake":    {rulebook.NewOverride{Rule: "gas", Division: rudong, Exception: rule.Exception{Off: true, Until: soon()}}, "rule.confirm"},
		"gas off and confirmed": {rulebook.NewOverride{Rule: "gas", Division: rudong, Exception: rule.Exception{Off: true, Until: soon()}, Confirm: true}, ""},
		"gas sharper for good":  {rulebook.NewOverride{Rule: "gas", Device: "g", Exception: rule.Exception{Limit: &low}}, ""},
	} {
		c.n.Reason = "x"
		if _, err := d.Override(leader(rudong), c.n); (err == nil) != (c.want == "") || (err != nil && code(err) != c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatWeakensARuleIsListedAndOneWithoutAnEndGetsATimeToDecide(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db, high(5))
		low, weak := 4.0, 6.0
		for _, n := range []rulebook.NewOverride{
			{Rule: "high", Device: "a", Exception: rule.Exception{Limit: &weak}, Reason: "x"},
			{Rule: "high", Device: "b", Exception: rule.Exception{Limit: &low}, Reason: "sharper"},
			{Rule: "high", Division: rudong, Exception: rule.Exception{Off: true, Until: soon()}, Reason: "y"},
		} {
			if _, err := d.Override(leader(city), n); err != nil {
				t.Fatal(err)
			}
		}
		list, err := d.Weakened(as(rudong, actor.AlarmRead))
		if err != nil || len(list) != 2 || list[0].EndsAt != nil || list[0].Device != "a" || list[1].EndsAt == nil || list[0].Mine != true {
			t.Fatalf("weakened %+v, %v", list, err)
		}
		if err := db.Do(t.Context(), func(ctx context.Context) error {
			return store.NewRulebook(db).AddOverride(ctx, rulebook.RuleOverride{ID: "old", Rule: "high", Device: "c", Division: rudong, Exception: rule.Exception{Off: true}, Reason: "old", CreatedAt: time.Now().UTC()})
		}); err != nil {
			t.Fatal(err)
		}
		d.open(high(5)) // as after an upgrade
		list, err = d.Weakened(as(rudong, actor.AlarmRead))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			if o.ID == "old" && (o.DecideBy == nil || o.EndsAt == nil || o.Until != nil || o.DecideBy.After(time.Now().Add(7*24*time.Hour))) {
				t.Errorf("stored without an end: %+v", o)
			}
		}
		if len(list) != 3 {
			t.Errorf("got %d", len(list))
		}
	})
}
