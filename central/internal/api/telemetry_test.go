package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// desk is who may come in, and the one station they look at.
type desk map[string]actor.Actor

func (d desk) TokenActor(_ context.Context, token string) (actor.Actor, error) {
	a, ok := d[token]
	if !ok {
		return a, errs.E(errs.Unauthenticated, "auth.token", "the token is unknown")
	}
	return a, nil
}

func (d desk) SessionActor(ctx context.Context, token string) (actor.Actor, error) {
	return d.TokenActor(ctx, token)
}

func (desk) Refused(context.Context, string, string, string, uint64) {}

func (d desk) Visible(ctx context.Context, id string) (device.Device, bool) {
	who, _ := actor.From(ctx)
	return device.Device{
		ID: id, Name: "洋口水位", Class: "water_level", Division: "320623",
		Series: []device.Series{{Property: "water_level", Unit: "m"}},
	}, id == "level" && who.Sees("320623")
}

func (d desk) All(ctx context.Context) ([]device.Device, error) {
	one, _ := d.Visible(ctx, "level")
	return []device.Device{one}, nil
}

// telemetryServer has one alarm, opened by the last of three readings.
func telemetryServer(t *testing.T) (s *Server, at time.Time) {
	t.Helper()
	return telemetryServerWith(t, Options{}, nil)
}

// telemetryServerWith commits more; one reading of a clock 40 years ahead is kept apart.
func telemetryServerWith(t *testing.T, o Options, more func(commit func(...wire.Reading))) (s *Server, at time.Time) {
	t.Helper()
	rights := []actor.Permission{actor.TelemetryRead, actor.TelemetryMend, actor.TelemetryHold, actor.AlarmRead, actor.AlarmAck}
	people := desk{
		"wang":  {Kind: actor.User, ID: "u1", Name: "王工", DivisionCode: "320623", Permissions: rights},
		"li":    {Kind: actor.User, ID: "u2", Name: "李工", DivisionCode: "320600", Permissions: rights},
		"other": {Kind: actor.User, ID: "u3", Name: "他县", DivisionCode: "320681", Permissions: rights},
		"zhao":  {Kind: actor.User, ID: "u5", Name: "赵工", DivisionCode: "320600", Permissions: []actor.Permission{actor.DeviceWrite}},
		"none":  {Kind: actor.User, ID: "u4", Name: "无权"},
	}
	ts, err := tsdb.Open(t.Context(), tsdb.Options{Dir: filepath.Join(t.TempDir(), "telemetry")})
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.SQLite(t)
	svc := &telemetry.Service{
		Store: ts, Forward: ts, Alarms: store.NewAlarms(db), Quarantine: store.NewQuarantine(db), LegalHolds: store.NewHolds(db), Tx: db, Devices: people, Events: event.NewBus(nil), Log: slog.New(slog.DiscardHandler), ShelveMax: 24 * time.Hour,
		Rules: []rule.Rule{{
			ID: "water", Name: "水位超警戒", NameEN: "Water", Class: "water_level", Property: "water_level", Condition: rule.Above,
			Limit: 5.2, Clear: 5.1, Level: 3, Source: "test",
		}},
	}
	if err := svc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := ts.Close(); err != nil {
			t.Error(err)
		}
	})
	at = time.Now().UTC().Truncate(time.Second)
	b := &wire.Batch{}
	for i, v := range []float64{5, 5.1, 5.3} {
		b.Readings = append(b.Readings, wire.Reading{Device: "level", Property: "water_level", At: at.Add(time.Duration(i-3) * time.Second).UnixMilli(), Value: v})
	}
	wrong := telemetry.Incoming{Edge: "level", Batch: &wire.Batch{}, ReceivedAt: at.Add(-time.Minute)}
	wrong.Apart = telemetry.Suspects(&wrong, []wire.Reading{{
		Device: "level", Property: "water_level", At: at.Add(-time.Minute + 40*365*24*time.Hour).UnixMilli(), Value: 5,
	}}, nil)
	in := telemetry.Incoming{Edge: "level", Batch: b, ReceivedAt: at}
	commit := func(in telemetry.Incoming) {
		if _, err := svc.Commit(t.Context(), []telemetry.Incoming{in}); err != nil {
			t.Fatal(err)
		}
	}
	commit(wrong)
	commit(in)
	if more != nil {
		more(func(rs ...wire.Reading) {
			commit(telemetry.Incoming{Edge: "level", Batch: &wire.Batch{Readings: rs}, ReceivedAt: at})
		})
	}
	o.Identity = people
	s = New(o)
	RegisterTelemetry(s, svc)
	return s, at
}

// ask sends one request as somebody and decodes the answer into out, when that is not nil.
func ask(t *testing.T, s *Server, who, method, path, text string, out any) int {
	t.Helper()
	req := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(text))
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+who)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.fiber.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return res.StatusCode
}

func TestValuesAndCharts(t *testing.T) {
	s, at := telemetryServer(t)
	var latest page.List[telemetry.Latest]
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/latest", "", &latest); code != 200 || len(latest.Items) != 1 || latest.Items[0].Value != 5.3 {
		t.Errorf("latest: %d %+v", code, latest)
	}
	if code := ask(t, s, "other", http.MethodGet, "/telemetry/latest", "", &latest); code != 200 || latest.Items == nil || len(latest.Items) != 0 {
		t.Errorf("latest of another county: %d %+v", code, latest)
	}
	var chart telemetry.Chart
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/series/level/water_level", "", &chart); code != 200 || len(chart.Buckets) != 3 || chart.Unit != "m" || chart.Step != 0 {
		t.Errorf("chart: %d %+v", code, chart)
	}
	path := "/telemetry/series/level/water_level?points=2&from=" + at.Add(-time.Minute).Format(time.RFC3339) + "&to=" + at.Add(time.Minute).Format(time.RFC3339)
	if code := ask(t, s, "wang", http.MethodGet, path, "", &chart); code != 200 || len(chart.Buckets) > 2 || chart.Step == 0 {
		t.Errorf("chart of two buckets: %d %+v", code, chart)
	}
	var stats telemetry.Stats
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/stats", "", &stats); code != 200 || stats.Readings != 3 || stats.Series != 1 || stats.Bytes == 0 {
		t.Errorf("stats: %d %+v", code, stats)
	}
	for _, c := range []struct {
		who, path string
		want      int
	}{
		{"", "/telemetry/latest", 401},
		{"none", "/telemetry/latest", 403},
		{"nobody", "/telemetry/stats", 401},
		{"other", "/telemetry/series/level/water_level", 404},
		{"wang", "/telemetry/series/Level!/water_level", 422},
		{"wang", "/telemetry/series/level/water_level?points=9999", 422},
		{"wang", "/telemetry/series/level/water_level?from=yesterday", 422},
		{"wang", "/telemetry/series/level/water_level?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422},
		{"wang", "/alarms?level=7", 422},
		{"wang", "/alarms?state=maybe", 422},
		{"none", "/rules", 403},
		{"none", "/rules?device=level&property=water_level", 403},
		{"other", "/rules?device=level&property=water_level", 404},
		{"wang", "/rules?device=level", 422},
	} {
		if code := ask(t, s, c.who, http.MethodGet, c.path, "", nil); code != c.want {
			t.Errorf("%s as %q: %d, want %d", c.path, c.who, code, c.want)
		}
	}
}

func TestAlarmIsListedExportedAndAcknowledged(t *testing.T) {
	s, _ := telemetryServer(t)
	var list page.List[telemetry.Alarm]
	if code := ask(t, s, "wang", http.MethodGet, "/alarms?q=%E8%AD%A6%E6%88%92", "", &list); code != 200 || len(list.Items) != 1 {
		t.Fatalf("alarms: %d %+v", code, list)
	}
	id := list.Items[0].ID
	var wrong page.List[telemetry.Alarm]
	if code := ask(t, s, "wang", http.MethodGet, "/alarms?level=4", "", &wrong); code != 200 || len(wrong.Items) != 1 || wrong.Items[0].Rule != "clock-wrong" || wrong.Items[0].State != telemetry.Returned {
		t.Errorf("the alarm of the wrong clock: %d %+v", code, wrong)
	}
	for _, path := range []string{"/alarms?q=nothing", "/alarms?level=1", "/alarms?after=0"} {
		if code := ask(t, s, "wang", http.MethodGet, path, "", &list); code != 200 || len(list.Items) != 0 {
			t.Errorf("%s: %d %+v", path, code, list)
		}
	}
	if code := ask(t, s, "wang", http.MethodGet, "/alarms/export.xlsx?level=3", "", nil); code != 200 {
		t.Errorf("export: %d", code)
	}
	if code := ask(t, s, "other", http.MethodPost, "/alarms/"+id+"/ack", `{}`, nil); code != 404 {
		t.Errorf("another county acknowledged: %d", code)
	}
	if code := ask(t, s, "wang", http.MethodPost, "/alarms/"+id+"/ack", `{"remark":"x"}`, nil); code != 422 {
		t.Errorf("an unknown field was taken: %d", code)
	}
	var alarm telemetry.Alarm
	if code := ask(t, s, "wang", http.MethodPost, "/alarms/"+id+"/ack", `{"note":"已派人"}`, &alarm); code != 200 || alarm.AckedByName != "王工" || alarm.State != telemetry.Acknowledged {
		t.Errorf("acknowledge: %d %+v", code, alarm)
	}
	var problem Problem
	if code := ask(t, s, "li", http.MethodPost, "/alarms/"+id+"/ack", `{}`, &problem); code != 409 || !strings.Contains(problem.Detail, "王工") || problem.Code != "alarm.acknowledged" {
		t.Errorf("second: %d %+v", code, problem)
	}
	if code := ask(t, s, "li", http.MethodGet, "/alarms/"+id, "", &alarm); code != 200 || alarm.AckNote != "已派人" {
		t.Errorf("get: %d %+v", code, alarm)
	}
	if code := ask(t, s, "li", http.MethodPost, "/alarms/"+id+"/comments", `{"note":"闸门检修"}`, &alarm); code != 200 {
		t.Errorf("comment: %d", code)
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	if code := ask(t, s, "li", http.MethodPost, "/alarms/"+id+"/shelf", `{"reason":"检修","until":"`+until+`"}`, &alarm); code != 200 || alarm.Shelf == nil {
		t.Errorf("shelve: %d %+v", code, alarm)
	}
	for state, want := range map[string]int{"shelved": 1, "active": 1, "all": 1} { // beside the wrong clock, level 4
		if code := ask(t, s, "li", http.MethodGet, "/alarms?level=3&state="+state, "", &list); code != 200 || len(list.Items) != want {
			t.Errorf("%s: %d %+v", state, code, list)
		}
	}
	if code := ask(t, s, "li", http.MethodDelete, "/alarms/"+id+"/shelf", "", &alarm); code != 200 {
		t.Errorf("unshelve: %d", code)
	}
	if code := ask(t, s, "li", http.MethodGet, "/alarms?state=shelved", "", &list); code != 200 || len(list.Items) != 0 {
		t.Errorf("shelved after all: %d %+v", code, list)
	}
	var trial telemetry.Trial
	try := `{"device":"level","days":1,"rule":{"id":"t","name":"试","name_en":"try","class":"water_level","property":"water_level","condition":"above","limit":5.2,"clear":5.1,"for":"0s","level":3,"source":"%s","effective":"","unverified":true}}`
	if code := ask(t, s, "li", http.MethodPost, "/rules/trial", fmt.Sprintf(try, "演示"), &trial); code != 200 || len(trial.Alarms) != 1 || trial.Readings != 3 {
		t.Errorf("trial: %d %+v", code, trial)
	}
	if code := ask(t, s, "li", http.MethodPost, "/rules/trial", fmt.Sprintf(try, ""), &problem); code != 422 || problem.Code != "rule.invalid" {
		t.Errorf("trial of a rule without a source: %d %+v", code, problem)
	}
	var steps page.List[telemetry.Step]
	if code := ask(t, s, "li", http.MethodGet, "/alarms/"+id+"/events", "", &steps); code != 200 || len(steps.Items) != 5 || steps.Items[1].Note != "已派人" {
		t.Errorf("events: %d %+v", code, steps)
	}
	var lines page.List[telemetry.Line]
	if code := ask(t, s, "li", http.MethodGet, "/alarms/events?limit=1", "", &lines); code != 200 || len(lines.Items) != 1 || lines.Next == "" || lines.Items[0].Alarm.ID != id {
		t.Errorf("all events: %d %+v", code, lines)
	}
	for _, path := range []string{"/alarms/" + id + "/events", "/alarms/events"} {
		if code := ask(t, s, "none", http.MethodGet, path, "", nil); code != 403 {
			t.Errorf("%s without the right: %d", path, code)
		}
	}
	var rules page.List[rule.Rule]
	if code := ask(t, s, "li", http.MethodGet, "/rules", "", &rules); code != 200 || len(rules.Items) < 3 || rules.Items[0].Limit != 5.2 || rules.Items[1].ID != "clock-wrong" {
		t.Errorf("rules: %d %+v", code, rules)
	}
	for property, want := range map[string]int{"water_level": 1, "rain": 0} {
		if code := ask(t, s, "wang", http.MethodGet, "/rules?device=level&property="+property, "", &rules); code != 200 || len(rules.Items) != want {
			t.Errorf("rules of %s: %d %+v", property, code, rules)
		}
	}
}

// TestRefusedReadingsAreListedAndSentAgain on a centre that forwards nothing; with an InfluxDB behind it,
// tsdb/influx tests the same.
func TestRefusedReadingsAreListedAndSentAgain(t *testing.T) {
	s, _ := telemetryServer(t)
	var list page.List[telemetry.Rejection]
	if code := ask(t, s, "li", http.MethodGet, "/telemetry/rejected", "", &list); code != 200 || list.Items == nil || len(list.Items) != 0 {
		t.Errorf("list: %d %+v", code, list)
	}
	if code := ask(t, s, "li", http.MethodGet, "/telemetry/rejected/export.xlsx", "", nil); code != 200 {
		t.Errorf("export: %d", code)
	}
	var problem Problem
	if code := ask(t, s, "li", http.MethodPost, "/telemetry/rejected/retry", "", &problem); code != 403 {
		t.Errorf("without the right: %d %+v", code, problem)
	}
	if code := ask(t, s, "zhao", http.MethodPost, "/telemetry/rejected/retry", "", &problem); code != 409 || problem.Code != "telemetry.no_remote" {
		t.Errorf("without an InfluxDB: %d %+v", code, problem)
	}
	if code := ask(t, s, "none", http.MethodGet, "/telemetry/rejected", "", nil); code != 403 {
		t.Errorf("without any right: %d", code)
	}
}
