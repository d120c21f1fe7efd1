package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// hastyPack gives the county seconds where others have an hour.
const hastyPack = `id: hasty
name: 演练时限
name_en: Hasty
nature: local
jurisdiction: "320623"
source: 测试
from: "2020-01-01"
rules:
  - {id: phone, do: phone, base: received, within: 2s, then: [{after: 1s, to: leader}]}
  - {id: written, do: written, base: received, within: 3s, then: [{after: 1s, to: leader}]}
`

type reportHop struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	DeliveredAt *time.Time `json:"delivered_at"`
	OpenedAt    *time.Time `json:"opened_at"`
	Decision    string     `json:"decision"`
}

type reportView struct {
	ID       string      `json:"id"`
	Kind     string      `json:"kind"`
	State    string      `json:"state"`
	Version  int         `json:"version"`
	Replaces string      `json:"replaces"`
	Changed  []string    `json:"changed"`
	Hops     []reportHop `json:"hops"`
}

type reportTask struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Version int    `json:"version"`
}

// chain is a county below the city, with an officer at each.
type chain struct {
	*testing.T
	centre       *harness.Centre
	county, city *harness.Client
	countyID     string
}

// newChain starts it with the limits of a pack of its own.
func newChain(t *testing.T, pack string) chain {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.yml"), []byte(pack), 0o600); err != nil {
		t.Fatal(err)
	}
	s := chain{T: t, centre: harness.StartCentre(t, harness.Build(t), harness.CentreOptions{Extra: "deadlines: " + dir + "\n"})}
	s.countyID, s.county = s.centre.County(t)
	s.city = s.centre.Officer(t, "zhiban")
	return s
}

func (s chain) do(c *harness.Client, method, path string, in, out any) {
	s.Helper()
	if err := c.Call(method, path, in, out); err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
}

// accepts opens what waits at the city's desk and accepts it.
func (s chain) accepts() reportHop {
	s.Helper()
	hop := s.waiting()
	s.do(s.city, http.MethodPost, "/hops/"+hop.ID+"/open", map[string]any{}, nil)
	s.do(s.city, http.MethodPost, "/hops/"+hop.ID+"/accept", map[string]any{}, nil)
	return hop
}

// killed has the centre die and come back.
func (s chain) killed() {
	s.Helper()
	s.centre.Kill9()
	s.centre.Restart(s.T)
}

// waiting is what lies at the city's desk and waits.
func (s chain) waiting() reportHop {
	s.Helper()
	var desk struct {
		Waiting []reportHop `json:"waiting"`
	}
	s.do(s.city, http.MethodGet, "/reports", nil, &desk)
	if len(desk.Waiting) != 1 || desk.Waiting[0].DeliveredAt == nil {
		s.Fatalf("at the city waits %+v", desk.Waiting)
	}
	return desk.Waiting[0]
}

// sends writes the next version at a desk and signs it by word of mouth.
func (s chain) sends(c *harness.Client, v reportView, edits []map[string]string, more map[string]any) reportView {
	s.Helper()
	s.do(c, http.MethodPatch, "/reports/"+v.ID, map[string]any{"edits": edits}, &v)
	in := map[string]any{"version": v.Version, "how": "oral", "signer": "李县长"}
	maps.Copy(in, more)
	s.do(c, http.MethodPost, "/reports/"+v.ID+"/send", in, &v)
	return v
}

// The whole chain on the real program: late clocks that fire once over kills, a report that is returned, done again,
// accepted and passed on, and an instruction that is supervised to its end.
func TestAReportGoesUpAndAnInstructionComesBackOverKills(t *testing.T) {
	t.Parallel()
	s := newChain(t, hastyPack)
	var fire struct {
		ID string `json:"id"`
	}
	s.do(s.county, http.MethodPost, "/incidents", map[string]any{"title": "洋口仓库火灾", "category": "accident.work_safety", "place": "洋口镇", "summary": "仓库起火"}, &fire)
	s.killed() // while both clocks run

	late := func() (n int) {
		s.Helper()
		var room struct {
			Steps []struct {
				Act string `json:"act"`
			} `json:"steps"`
		}
		s.do(s.county, http.MethodGet, "/incidents/"+fire.ID, nil, &room)
		for _, step := range room.Steps {
			if step.Act == "late" {
				n++
			}
		}
		return n
	}
	harness.WaitFor(t, time.Minute, "the clocks of telephone and paper have passed", func() error { return want(late(), 2) })
	s.killed()

	var v reportView
	s.do(s.county, http.MethodPost, "/incidents/"+fire.ID+"/reports", map[string]any{}, &v)
	first := s.sends(s.county, v, []map[string]string{{"field": "unit", "from": "", "to": "某化工公司（演示）"}, {"field": "figure.dead", "from": "", "to": "3"}, {"field": "level", "from": "0", "to": "3"}}, nil)
	s.killed() // right after it was taken
	hop := s.waiting()
	problem(t, s.county.Call(http.MethodPatch, "/reports/"+first.ID, map[string]any{"edits": []map[string]string{{"field": "figure.dead", "from": "3", "to": "1"}}}, nil), http.StatusConflict)

	s.do(s.city, http.MethodPost, "/hops/"+hop.ID+"/open", map[string]any{}, nil)
	s.do(s.city, http.MethodPost, "/hops/"+hop.ID+"/return", map[string]string{"reason": "请写明起因"}, nil)
	s.killed()
	var again reportView
	s.do(s.county, http.MethodPost, "/incidents/"+fire.ID+"/reports", map[string]any{}, &again)
	if again.Replaces != first.ID || again.Kind != "first" {
		t.Fatalf("after the return begins %+v", again)
	}
	s.sends(s.county, again, []map[string]string{{"field": "cause", "from": "", "to": "正在调查"}}, nil)
	hop = s.accepts()
	var own reportView
	s.do(s.city, http.MethodPost, "/hops/"+hop.ID+"/forward", map[string]any{}, &own)
	s.killed() // with a draft
	passed := s.sends(s.city, own, []map[string]string{}, map[string]any{"out": "省应急指挥中心，传真"})
	if passed.State != "sent" || len(passed.Hops) != 1 {
		t.Fatalf("the city passed on %+v", passed)
	}

	s.do(s.centre.Admin, http.MethodPost, "/incidents/"+fire.ID+"/instructions",
		map[string]any{"leader": "王市长", "text": "全力搜救，查明原因", "orgs": []string{s.countyID}, "due_at": time.Now().Add(time.Hour)}, nil)
	s.killed()
	task := func(c *harness.Client) reportTask {
		t.Helper()
		var list harness.List[reportTask]
		s.do(c, http.MethodGet, "/report-tasks?all=true", nil, &list)
		if len(list.Items) != 1 {
			t.Fatalf("tasks %+v", list.Items)
		}
		return list.Items[0]
	}
	for _, step := range []struct {
		who       *harness.Client
		do, act   string
		afterward string
	}{
		{s.county, "do", "take", "taken"},
		{s.county, "do", "answer", "answered"},
		{s.city, "supervise", "back", "sent_back"},
		{s.county, "do", "answer", "answered"},
		{s.city, "supervise", "close", "done"},
	} {
		at := task(step.who)
		if err := step.who.Call(http.MethodPost, "/report-tasks/"+at.ID+"/"+step.do, map[string]any{"act": step.act, "text": "火已扑灭", "version": at.Version}, nil); err != nil {
			t.Fatalf("%s the task: %v", step.act, err)
		}
		if got := task(step.who); got.State != step.afterward {
			t.Fatalf("after %s the task is %s", step.act, got.State)
		}
	}
	s.killed()
	if got := task(s.city); got.State != "done" {
		t.Errorf("after the kill the task is %s", got.State)
	}
	if n := late(); n != 2 {
		t.Errorf("the clocks fired %d times", n)
	}
	var running harness.List[struct {
		Kind string `json:"kind"`
	}]
	s.do(s.city, http.MethodGet, "/deadlines", nil, &running)
	for _, c := range running.Items {
		if c.Kind == "report.written" || c.Kind == "report.phone" || c.Kind == "report.task" {
			t.Errorf("%s still runs", c.Kind)
		}
	}
	var stats struct {
		Scores []struct {
			Faults map[string]int `json:"faults"`
		} `json:"scores"`
	}
	s.do(s.city, http.MethodGet, fmt.Sprintf("/report-stats?from=%s&to=%s", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339)), nil, &stats)
	if len(stats.Scores) != 1 || stats.Scores[0].Faults["late"] != 2 || stats.Scores[0].Faults["returned"] != 1 {
		t.Errorf("the month counts %+v", stats.Scores)
	}
}
