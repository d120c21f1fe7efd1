package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// speaking is a centre with an incident of which is spoken, and a second officer who checks.
type speaking struct {
	chain
	second   *harness.Client
	incident string
}

type written struct {
	ID    string `json:"id"`
	Edit  int    `json:"edit"`
	State string `json:"state"`
}

// said is what is read of an incident.
type said struct {
	Entries    []written `json:"entries"`
	Tasks      []written `json:"tasks"`
	Statements []written `json:"statements"`
	Experts    []written `json:"experts"`
}

func newSpeaking(t *testing.T) speaking {
	t.Helper()
	s := speaking{chain: newChain(t, hastyPack)}
	s.second = s.centre.Officer(t, "second")
	var i written
	s.do(s.city, http.MethodPost, "/incidents", map[string]any{"title": "海堤渗水", "category": "natural.flood", "place": "洋口外闸北侧", "level": 4, "lon": 120.9, "lat": 32.5}, &i)
	s.incident = i.ID
	return s
}

func (s speaking) view(incident string) (v said) {
	s.Helper()
	s.do(s.city, http.MethodGet, "/incidents/"+incident+"/opinions", nil, &v)
	return v
}

func (s speaking) rumour(text string) (e written) {
	s.Helper()
	s.do(s.city, http.MethodPost, "/incidents/"+s.incident+"/opinions", map[string]any{"source": "本地论坛", "text": text, "heat": "hot", "reach": 126000}, &e)
	return e
}

// signed is a statement that answers a task and waits for its release.
func (s speaking) signed(title string) (st, task written) {
	s.Helper()
	e := s.rumour(title)
	s.do(s.second, http.MethodPost, "/opinions/"+e.ID+"/lines", map[string]any{"kind": "verdict", "verdict": "false", "text": "现场查看"}, nil)
	s.do(s.city, http.MethodPost, "/incidents/"+s.incident+"/statement-tasks", map[string]any{"do": "statement", "title": "回应：" + title, "entries": []string{e.ID}, "due_at": time.Now().Add(time.Hour)}, &task)
	s.do(s.city, http.MethodPost, "/incidents/"+s.incident+"/statements", map[string]any{"template": "rumour", "tasks": []string{task.ID}}, &st)
	s.do(s.city, http.MethodPut, "/statements/"+st.ID, map[string]any{"edit": st.Edit, "title": title, "text": "经核实，该说法不属实。"}, &st)
	s.do(s.second, http.MethodPost, "/statements/"+st.ID+"/steps", map[string]any{"do": "check", "edit": st.Edit}, &st)
	s.do(s.centre.Admin, http.MethodPost, "/statements/"+st.ID+"/steps", map[string]any{"do": "sign", "edit": st.Edit, "password": s.centre.AdminPassword()}, &st)
	return st, task
}

func (s speaking) release(st written) error {
	return s.city.Call(http.MethodPost, "/statements/"+st.ID+"/steps", map[string]any{"do": "release", "edit": st.Edit, "note": "官网"}, nil)
}

// record is what stands of a release: its state, what it answers, its line of the timeline and of the audit trail.
type record struct {
	Released, Answered bool
	Lines, Trail       int
}

func (s speaking) record(st, task written) (r record) {
	s.Helper()
	v := s.view(s.incident)
	r.Released = slices.ContainsFunc(v.Statements, func(o written) bool { return o.ID == st.ID && o.State == "released" })
	r.Answered = slices.ContainsFunc(v.Tasks, func(o written) bool { return o.ID == task.ID && o.State == "said" })
	var room struct {
		Steps []struct {
			Kind string `json:"kind"`
			Act  string `json:"act"`
			Ref  string `json:"ref"`
		} `json:"steps"`
	}
	s.do(s.city, http.MethodGet, "/incidents/"+s.incident, nil, &room)
	for _, step := range room.Steps {
		if step.Kind == "statement" && step.Act == "published" && step.Ref == st.ID {
			r.Lines++
		}
	}
	var trail harness.List[struct {
		Data struct {
			What string `json:"what"`
		} `json:"data"`
	}]
	s.do(s.centre.Admin, http.MethodGet, "/audit?kind=opinion.statement_released&limit=100", nil, &trail)
	for _, e := range trail.Items {
		if e.Data.What == st.ID {
			r.Trail++
		}
	}
	return r
}

// The centre dies at ever later moments of a release: what stands after it is released, answered and recorded, or
// nothing of it; the same release again completes it and makes no second record.
func TestAStatementIsReleasedWithItsRecordOrNotAtAllWhenTheCentreDies(t *testing.T) {
	t.Parallel()
	s := newSpeaking(t)
	whole := record{Released: true, Answered: true, Lines: 1, Trail: 1}
	st, task := s.signed("第一稿")
	if got := s.record(st, task); got != (record{}) {
		t.Fatalf("before its release stands %+v", got)
	}
	begun := time.Now()
	if err := s.release(st); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begun)
	if got := s.record(st, task); got != whole {
		t.Fatalf("after its release stands %+v", got)
	}
	problem(t, s.city.Call(http.MethodPut, "/statements/"+st.ID, map[string]any{"edit": st.Edit + 1, "title": "另一稿", "text": "另一个说法"}, nil), http.StatusConflict)

	const kills = 6
	outcomes := map[bool]int{}
	for k := range kills {
		st, task := s.signed(fmt.Sprint("第", k+2, "稿"))
		var wait sync.WaitGroup
		wait.Go(func() { _ = s.release(st) }) // the answer may be lost with the centre
		moment := time.NewTimer(took * time.Duration(k) / (kills - 1))
		<-moment.C
		s.centre.Kill9()
		wait.Wait()
		s.centre.Restart(t)
		got := s.record(st, task)
		if got != whole && got != (record{}) {
			t.Fatalf("after kill %d stands %+v", k, got)
		}
		outcomes[got == whole]++
		if err := s.release(st); (err == nil) == (got == whole) {
			t.Fatalf("released again after %+v: %v", got, err)
		}
		if got := s.record(st, task); got != whole {
			t.Fatalf("completed after kill %d: %+v", k, got)
		}
	}
	t.Logf("of %d kills %d came before the release stood, %d after", kills, outcomes[false], outcomes[true])
}

// What an expert has signed, with its file, and how an incident was split stand after the death of the centre.
func TestASignedOpinionAndASplitOutliveTheCentre(t *testing.T) {
	t.Parallel()
	s := newSpeaking(t)
	stays, goes := s.rumour("大堤决口"), s.rumour("冷库氨味刺鼻")
	var e written
	s.do(s.city, http.MethodPost, "/incidents/"+s.incident+"/expert-opinions", map[string]any{"name": "陆工", "field": "水工", "how": "会商", "text": "先做月堤。"}, &e)
	sheet := bytes.Repeat([]byte("月堤 30 米\n"), 1000)
	answer, err := s.city.Do(http.MethodPost, fmt.Sprintf("/api/v1/expert-opinions/%s/file?name=sketch.txt&edit=%d", e.ID, e.Edit), "application/octet-stream", "", bytes.NewReader(sheet))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the file: %s", answer.Status)
	}
	e = s.view(s.incident).Experts[0]
	problem(t, s.centre.Admin.Call(http.MethodPost, "/expert-opinions/"+e.ID+"/state", map[string]any{"do": "sign", "edit": e.Edit, "password": "not it"}, nil), http.StatusUnprocessableEntity)
	s.do(s.centre.Admin, http.MethodPost, "/expert-opinions/"+e.ID+"/state", map[string]any{"do": "sign", "edit": e.Edit, "password": s.centre.AdminPassword()}, &e)
	s.do(s.city, http.MethodPost, "/incidents/"+s.incident+"/figures", map[string]any{"kind": "injured", "value": 1, "source": "镇政府"}, nil)
	type room struct {
		Version int       `json:"version"`
		Figures []written `json:"figures"`
		Lon     *float64  `json:"lon"`
	}
	var was, half room
	s.do(s.city, http.MethodGet, "/incidents/"+s.incident, nil, &was)
	var next written
	split := map[string]any{"version": was.Version, "title": "冷库氨味", "place": "冷库", "why": "两地两件事", "lon": 121.1, "lat": 32.4, "figures": []string{was.Figures[0].ID}, "opinions": []string{goes.ID}}
	s.do(s.city, http.MethodPost, "/incidents/"+s.incident+"/split", split, &next)
	s.killed()

	v := s.view(s.incident)
	if len(v.Experts) != 1 || v.Experts[0].State != "signed" {
		t.Fatalf("experts: %+v", v.Experts)
	}
	problem(t, s.city.Call(http.MethodPut, "/expert-opinions/"+e.ID, map[string]any{"edit": e.Edit, "name": "陆工", "field": "水工", "how": "会商", "text": "不做月堤。"}, nil), http.StatusConflict)
	answer, err = s.second.Do(http.MethodGet, "/api/v1/expert-opinions/"+e.ID+"/file", "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || !bytes.Equal(got, sheet) {
		t.Errorf("the file: %d bytes, %v", len(got), err)
	}
	ids := func(list []written) (out []string) {
		for _, one := range list {
			out = append(out, one.ID)
		}
		return out
	}
	if here, there := ids(v.Entries), ids(s.view(next.ID).Entries); !slices.Equal(here, []string{stays.ID}) || !slices.Equal(there, []string{goes.ID}) {
		t.Errorf("entries: %v and %v", here, there)
	}
	s.do(s.city, http.MethodGet, "/incidents/"+s.incident, nil, &was)
	s.do(s.city, http.MethodGet, "/incidents/"+next.ID, nil, &half)
	if len(was.Figures) != 0 || len(half.Figures) != 1 || half.Lon == nil || *half.Lon != 121.1 {
		t.Errorf("the halves: %+v and %+v", was, half)
	}
}
