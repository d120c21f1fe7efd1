package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	planRoles = 40
	planTasks = 150
)

// largePlan is a plan of four levels whose tasks all belong to each level: a third of them follow another.
func largePlan(org string) map[string]any {
	var levels, roles, actions []any
	for l := 1; l <= 4; l++ {
		levels = append(levels, map[string]any{"level": l, "conditions": []any{map[string]any{"text": "达到启动条件", "figure": "", "least": 0}}, "decider": "总指挥", "clause": "c1"})
	}
	for i := range planRoles {
		fill := map[string]any{"how": "org", "org_id": org, "tier": "", "person_id": "", "name": ""}
		roles = append(roles, map[string]any{"id": fmt.Sprint("r", i), "name": fmt.Sprint("第", i+1, "组"), "name_en": "", "group": "", "duty": "", "fill": fill, "clause": "c1"})
	}
	for i := range planTasks {
		from, after := "start", []string{}
		if i%3 == 2 {
			from, after = "after", []string{fmt.Sprint("a", i-1)}
		}
		actions = append(actions, map[string]any{
			"id": fmt.Sprint("a", i), "title": fmt.Sprint("行动", i+1), "title_en": "", "text": "", "levels": []int{1, 2, 3, 4}, "role_id": fmt.Sprint("r", i%planRoles),
			"after": after, "from": from, "minutes": 60, "condition": "", "evidence": []string{}, "output": "", "channel": "", "demands": []any{}, "clause": "c1",
		})
	}
	return map[string]any{
		"chapters": []any{map[string]any{"id": "c1", "depth": 1, "title": "应急响应", "text": "按行动表执行。", "brief": true}},
		"levels":   levels, "roles": roles, "actions": actions, "contacts": []any{},
	}
}

// responding is a centre with a plan in force.
type responding struct {
	chain
	planID  string
	version int
}

func newResponding(t *testing.T) responding {
	t.Helper()
	s := responding{chain: newChain(t, hastyPack)}
	var orgs harness.List[struct {
		ID string `json:"id"`
	}]
	s.do(s.centre.Admin, http.MethodGet, "/orgs", nil, &orgs)
	var p struct {
		ID       string `json:"id"`
		Edit     int    `json:"edit"`
		Revision int    `json:"revision"`
		Version  int    `json:"version"`
	}
	s.do(s.city, http.MethodPost, "/plans", map[string]any{"name": "大型预案", "name_en": "", "kind": "special", "category": "accident.work_safety", "org_id": orgs.Items[0].ID, "demo": true}, &p)
	s.do(s.city, http.MethodPut, "/plans/"+p.ID+"/text", map[string]any{"revision": p.Revision, "body": largePlan(orgs.Items[0].ID)}, &p)
	for _, to := range []string{"consulting", "reviewing", "approving"} {
		s.do(s.city, http.MethodPost, "/plans/"+p.ID+"/steps", map[string]any{"to": to, "edit": p.Edit}, &p)
	}
	s.do(s.centre.Admin, http.MethodPost, "/plans/"+p.ID+"/steps", map[string]any{"to": "published", "edit": p.Edit, "number": "测试〔2026〕1 号"}, &p)
	s.planID, s.version = p.ID, p.Version
	return s
}

func (s responding) incident(title string) string {
	s.Helper()
	var i struct {
		ID string `json:"id"`
	}
	s.do(s.city, http.MethodPost, "/incidents", map[string]any{"title": title, "category": "accident.work_safety", "place": "洋口镇", "summary": "仓库起火"}, &i)
	return i.ID
}

// order carries the plan out.
func (s responding) order(incident string) (started responseOutcome, err error) {
	err = s.centre.Admin.Call(http.MethodPost, "/incidents/"+incident+"/responses", map[string]any{"plan_id": s.planID, "version": s.version, "level": 2, "order": "王市长口头命令"}, &started)
	return started, err
}

type responseOutcome struct {
	Response struct {
		ID string `json:"id"`
	} `json:"response"`
	Added int  `json:"added"`
	New   bool `json:"new"`
}

// stands wants the order to have made all, and ends the response.
func (s responding) stands(incident string, out responseOutcome) {
	s.Helper()
	if got, want := s.made(incident), (made{Responses: 1, Seats: planRoles, Tasks: planTasks, Clocks: planTasks, Lines: 1}); got != want {
		s.Fatalf("the order made %+v, want %+v", got, want)
	}
	s.do(s.centre.Admin, http.MethodPut, "/responses/"+out.Response.ID+"/level", map[string]any{"level": 0, "order": "险情解除"}, nil)
	if got := s.made(incident); got.Clocks != 0 || got.Tasks != planTasks {
		s.Fatalf("after its end stands %+v", got)
	}
}

// made is what an order has made: responses, seats, tasks, clocks of tasks, lines of the incident's record.
type made struct{ Responses, Seats, Tasks, Clocks, Lines int }

func (s responding) made(incident string) (m made) {
	s.Helper()
	var view struct {
		Responses []struct {
			Seats []struct{} `json:"seats"`
		} `json:"responses"`
		Tasks []struct {
			ID    string `json:"id"`
			State string `json:"state"`
		} `json:"tasks"`
	}
	s.do(s.centre.Admin, http.MethodGet, "/incidents/"+incident+"/responses", nil, &view)
	m.Responses, m.Tasks = len(view.Responses), len(view.Tasks)
	mine := map[string]bool{}
	for _, task := range view.Tasks {
		mine[task.ID] = true
	}
	for _, r := range view.Responses {
		m.Seats += len(r.Seats)
	}
	var clocks harness.List[struct {
		Kind  string `json:"kind"`
		Owner struct {
			ID string `json:"id"`
		} `json:"owner"`
	}]
	s.do(s.centre.Admin, http.MethodGet, "/deadlines?limit=500", nil, &clocks)
	for _, c := range clocks.Items {
		if mine[c.Owner.ID] {
			m.Clocks++
		}
	}
	var room struct {
		Steps []struct {
			Act string `json:"act"`
		} `json:"steps"`
	}
	s.do(s.centre.Admin, http.MethodGet, "/incidents/"+incident, nil, &room)
	for _, step := range room.Steps {
		if step.Act == "plan" {
			m.Lines++
		}
	}
	return m
}

// The centre dies at ever later moments of carrying out a plan of 150 tasks and 40 roles: what stands after it is all
// of it or nothing, and the same order again completes it without a double.
func TestAPlanIsCarriedOutWholeOrNotAtAllWhenTheCentreDies(t *testing.T) {
	t.Parallel()
	s := newResponding(t)
	whole := made{Responses: 1, Seats: planRoles, Tasks: planTasks, Clocks: planTasks, Lines: 1}

	begun := time.Now()
	first := s.incident("第一起火灾")
	out, err := s.order(first)
	if err != nil || out.Added != planTasks || !out.New {
		t.Fatalf("the first order: %+v, %v", out, err)
	}
	took := time.Since(begun)
	s.stands(first, out)

	const kills = 5
	outcomes := map[bool]int{}
	for k := range kills {
		id := s.incident(fmt.Sprint("第", k+2, "起火灾"))
		var wait sync.WaitGroup
		wait.Go(func() { _, _ = s.order(id) }) // the answer may be lost with the centre
		killed := time.NewTimer(took * time.Duration(k+1) / kills)
		<-killed.C
		s.centre.Kill9()
		wait.Wait()
		s.centre.Restart(t)
		got := s.made(id)
		if got != whole && got != (made{}) {
			t.Fatalf("after kill %d stands %+v", k, got)
		}
		outcomes[got == whole]++
		out, err := s.order(id)
		if err != nil || out.New == (got == whole) {
			t.Fatalf("the order again after %+v: %+v, %v", got, out, err)
		}
		s.stands(id, out)
	}
	t.Logf("of %d kills %d came before the order stood, %d after", kills, outcomes[false], outcomes[true])
}
