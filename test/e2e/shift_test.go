package e2e

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/test/harness"
)

// shiftPack has the steps after a roll-call follow one another at once, and a second for accidents.
const shiftPack = `id: shift
name: 演练时限
name_en: Shift
nature: local
jurisdiction: "320600"
source: 测试
from: "2020-01-01"
rules:
  - {id: written, do: written, base: received, within: 60m, then: [{after: 0s, to: leader}]}
  - {id: accident, do: written, categories: [accident], base: received, within: 1s, then: [{after: 0s, to: leader}]}
  - {id: rollcall, do: rollcall, base: known, within: 10m, then: [{after: 0s, to: leader}, {after: 2s, to: above}]}
`

type intakeItem struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`
	State      string `json:"state"`
	Text       string `json:"text"`
	IncidentID string `json:"incident_id"`
	Similar    []struct {
		Incident struct {
			ID string `json:"id"`
		} `json:"incident"`
	} `json:"similar"`
}

// inbox is what lies at the county's desk, the newest first.
func (s chain) inbox(state string) []intakeItem {
	s.Helper()
	var list harness.List[intakeItem]
	s.do(s.county, http.MethodGet, "/intake?state="+state, nil, &list)
	return list.Items
}

// begins is the next version of the county's chain.
func (s chain) begins(incident, kind string) (v reportView) {
	s.Helper()
	in := map[string]string{}
	if kind != "" {
		in["kind"] = kind
	}
	s.do(s.county, http.MethodPost, "/incidents/"+incident+"/reports", in, &v)
	return v
}

// What the public says twice is one incident; its reports say what changed and end; the month is printed with figures
// that agree with what was done. The centre dies in between, wherever it hurts.
func TestTwoVoicesAreOneIncidentWhoseMonthIsPrinted(t *testing.T) {
	t.Parallel()
	s := newChain(t, shiftPack)
	public := harness.NewClient(t, s.centre.URL)
	for _, text := range []string{"洋口闸外有渔船进水，船上有人", "洋口闸外一条渔船进水下沉，有人求救"} {
		s.do(public, http.MethodPost, "/intake/public", map[string]any{"division": "320623", "place": "洋口闸外", "text": text}, nil)
	}
	s.killed() // with both in the inbox
	waits := s.inbox("waiting")
	if len(waits) != 2 || waits[0].Kind != "public" || waits[1].Kind != "public" {
		t.Fatalf("in the inbox lies %+v", waits)
	}
	var opened, second intakeItem
	s.do(s.county, http.MethodPost, "/intake/"+waits[1].ID+"/incident", map[string]any{"title": "洋口闸外渔船进水", "category": "natural.ocean"}, &opened)
	s.do(s.county, http.MethodGet, "/intake/"+waits[0].ID, nil, &second)
	if len(second.Similar) != 1 || second.Similar[0].Incident.ID != opened.IncidentID {
		t.Fatalf("the second voice is like %+v, the incident is %s", second.Similar, opened.IncidentID)
	}
	s.do(s.county, http.MethodPost, "/intake/"+second.ID+"/link", map[string]any{"incident": opened.IncidentID}, nil)
	s.killed()
	linked := s.inbox("linked")
	if len(s.inbox("waiting")) != 0 || len(linked) != 2 || linked[0].IncidentID != opened.IncidentID || linked[1].IncidentID != opened.IncidentID {
		t.Fatalf("after the merge lies in the inbox %+v", linked)
	}
	var incidents harness.List[struct {
		ID string `json:"id"`
	}]
	s.do(s.county, http.MethodGet, "/incidents", nil, &incidents)
	if len(incidents.Items) != 1 {
		t.Fatalf("the county has %d incidents", len(incidents.Items))
	}

	s.reports(opened.IncidentID)
	s.learnedElsewhere()
	s.printed(opened.IncidentID)
}

// ammonia is the incident of which the city reads before its county says anything.
const ammonia = "刘埠冷库氨气泄漏"

// learnedElsewhere is an incident that the city finds in the media, that the county tells of late, and whose two records
// are merged.
func (s chain) learnedElsewhere() {
	s.Helper()
	opens := func(c *harness.Client, in map[string]any) string {
		s.Helper()
		var item intakeItem
		s.do(c, http.MethodPost, "/intake", in, &item)
		s.do(c, http.MethodPost, "/intake/"+item.ID+"/incident", map[string]any{"title": ammonia, "category": "accident.work_safety"}, &item)
		return item.IncidentID
	}
	read := opens(s.city, map[string]any{"kind": "media", "source": "https://news.example/1", "division": "320623", "place": "刘埠镇冷库", "text": "网友称冷库氨气泄漏"})
	told := opens(s.county, map[string]any{"kind": "call", "unit": "刘埠镇政府", "caller": "值班员", "phone": "000-0000", "place": "刘埠镇冷库", "text": "冷库氨气泄漏，已关阀"})
	harness.WaitFor(s.T, time.Minute, "the limit of the county has passed", func() error {
		var passed harness.List[struct {
			Kind string `json:"kind"`
		}]
		if err := s.county.Call(http.MethodGet, "/deadlines/breaches", nil, &passed); err != nil {
			return err
		}
		return want(len(passed.Items), 1)
	})
	s.killed()
	s.sends(s.county, s.begins(told, ""), []map[string]string{{"field": "unit", "from": "", "to": "某冷库（演示）"}, {"field": "level", "from": "0", "to": "4"}}, nil)
	s.accepts()
	s.do(s.city, http.MethodPost, "/incidents/"+read+"/merge", map[string]string{"into": told}, nil)
}

// reports is the chain of an incident: first, follow-up with what changed, final, and a correction after it.
func (s chain) reports(incident string) {
	s.Helper()
	edit := func(field, from, to string) map[string]string {
		return map[string]string{"field": field, "from": from, "to": to}
	}
	first := s.sends(s.county, s.begins(incident, ""), []map[string]string{
		edit("measures", "", "海事已派艇"), edit("cause", "", "原因待查"), edit("scope", "", "本船"), edit("level", "0", "4"),
	}, nil)
	s.accepts()
	follow := s.begins(incident, "")
	if follow.Kind != "follow" || follow.State != "draft" {
		s.Fatalf("after the first report begins %+v", follow)
	}
	s.killed() // with the draft
	follow = s.sends(s.county, follow, []map[string]string{edit("trend", "", "渔船已拖回洋口")}, nil)
	if !slices.Equal(follow.Changed, []string{"trend"}) {
		s.Errorf("the follow-up says %v", follow.Changed)
	}
	s.accepts()

	final := s.begins(incident, "final")
	err := s.county.Call(http.MethodPost, "/reports/"+final.ID+"/send", map[string]any{"version": final.Version, "how": "oral", "signer": "李县长"}, nil)
	problem(s.T, err, http.StatusUnprocessableEntity) // neither complete nor explained
	s.sends(s.county, final, []map[string]string{edit("handling", "", "6 人获救"), edit("waive aftermath", "", "不涉及善后")}, nil)
	s.killed()
	s.accepts()
	var running harness.List[struct {
		Kind string `json:"kind"`
	}]
	s.do(s.city, http.MethodGet, "/deadlines", nil, &running)
	for _, c := range running.Items {
		if strings.HasPrefix(c.Kind, "report.") {
			s.Errorf("after the final report %s still runs", c.Kind)
		}
	}
	problem(s.T, s.county.Call(http.MethodPatch, "/reports/"+first.ID, map[string]any{"edits": []any{edit("trend", "", "x")}}, nil), http.StatusConflict)
	after := s.begins(incident, "")
	if after.Kind != "correction" {
		s.Errorf("after the final report begins a %s", after.Kind)
	}
	s.do(s.county, http.MethodDelete, "/reports/"+after.ID, nil, nil)
}

// printed is the bulletin of the month as it leaves the house.
func (s chain) printed(incident string) {
	s.Helper()
	var room struct {
		OccurredAt time.Time `json:"occurred_at"`
	}
	s.do(s.city, http.MethodGet, "/incidents/"+incident, nil, &room)
	china := time.FixedZone("China", 8*60*60)
	month := room.OccurredAt.In(china)
	from := time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, china)
	var stats struct {
		Scores []struct {
			OrgName   string         `json:"org_name"`
			Incidents int            `json:"incidents"`
			Reports   int            `json:"reports"`
			InTime    int            `json:"in_time"`
			Faults    map[string]int `json:"faults"`
			Points    float64        `json:"points"`
		} `json:"scores"`
	}
	s.do(s.city, http.MethodGet, fmt.Sprintf("/report-stats?from=%s&to=%s", from.UTC().Format(time.RFC3339), from.AddDate(0, 1, 0).UTC().Format(time.RFC3339)), nil, &stats)
	if len(stats.Scores) != 1 {
		s.Fatalf("the month counts %+v", stats.Scores)
	}
	at := stats.Scores[0]
	if at.OrgName != "如东县" || at.Incidents != 2 || at.Reports != 4 || at.InTime != 1 || at.Faults["late"] != 1 || at.Faults["reversed"] != 1 || at.Faults["returned"] != 0 || at.Faults["incomplete"] == 0 {
		s.Errorf("of two incidents, one of them told late and known before, the month counts %+v", at)
	}

	var head struct {
		Version int `json:"version"`
	}
	s.do(s.centre.Admin, http.MethodGet, "/papers/letterhead", nil, &head)
	s.do(s.centre.Admin, http.MethodPut, "/papers/letterhead", map[string]any{"head": "", "from": "南通市应急指挥中心（演示）", "issuer": "", "seal": false, "prefixes": map[string]string{"bulletin": "演示报"}, "version": head.Version}, nil)
	var paper struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
		State   string `json:"state"`
	}
	s.do(s.centre.Admin, http.MethodPost, "/papers/compose", map[string]string{"kind": "bulletin", "ref": from.Format("2006-01")}, &paper)
	s.do(s.centre.Admin, http.MethodPost, "/papers/"+paper.ID+"/number", map[string]any{}, &paper)
	s.killed() // with the draft and its number
	s.do(s.centre.Admin, http.MethodPost, "/papers/"+paper.ID+"/sign", map[string]any{"version": paper.Version, "password": s.centre.AdminPassword(), "missing_ok": true}, &paper)
	if paper.State != "signed" {
		s.Fatalf("the bulletin is %s", paper.State)
	}
	s.killed()
	row := regexp.MustCompile(fmt.Sprintf(`如东县 2 4 1 \d+ 迟报1、要素不全%d、信息倒流1 %.1f`, at.Faults["incomplete"], at.Points))
	for name, text := range map[string]string{"DOCX": s.docx(paper.ID), "PDF": s.pdf(paper.ID)} {
		words := strings.Join(strings.Fields(text), " ")
		solid := strings.ReplaceAll(words, " ", "")
		for _, said := range []string{
			"突发事件信息报告情况的通报", "本期共发生突发事件2起，其中特别重大0起、重大0起、较大0起、一般2起", "迟报1起：如东县“" + ammonia + "”（应于", "信息倒流1起：如东县“" + ammonia + "”",
		} {
			if !strings.Contains(solid, said) {
				s.Errorf("the %s does not say %q: %s", name, said, words)
			}
		}
		if !row.MatchString(words) {
			s.Errorf("the %s has no row %s of the county: %s", name, row, words)
		}
	}
}

// fetched is one of the files of a signed document.
func (s chain) fetched(paper, ending string) []byte {
	s.Helper()
	answer, err := s.centre.Admin.Do(http.MethodGet, "/api/v1/papers/"+paper+"/file."+ending, "", "", nil)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		s.Fatalf("fetch %s: %d %.200s %v", ending, answer.StatusCode, text, err)
	}
	return text
}

// docx is the words of the document, a gap between any two of its texts.
func (s chain) docx(paper string) string {
	s.Helper()
	raw := s.fetched(paper, "docx")
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		s.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		s.Fatal(err)
	}
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(text), " ")
}

func (s chain) pdf(paper string) string {
	s.Helper()
	name := filepath.Join(s.TempDir(), "bulletin.pdf")
	if err := os.WriteFile(name, s.fetched(paper, "pdf"), 0o600); err != nil {
		s.Fatal(err)
	}
	out, err := exec.CommandContext(s.Context(), testserver.Program(s.T, "pdftotext"), "-layout", name, "-").Output()
	if err != nil {
		s.Fatal(err)
	}
	return string(out)
}

type askedPost struct {
	ID     string `json:"id"`
	Tier   string `json:"tier"`
	State  string `json:"state"`
	ByName string `json:"by_name"`
	Points *int   `json:"points"`
}

// A roll-call over a kill: the officer answers, the leader does not, and the silence goes up to the city by itself.
func TestARollCallFindsOneAndTheOtherGoesUp(t *testing.T) {
	t.Parallel()
	s := newChain(t, shiftPack)
	var orgs, users harness.List[struct {
		ID       string `json:"id"`
		ParentID string `json:"parent_id"`
		Name     string `json:"username"`
	}]
	s.do(s.centre.Admin, http.MethodGet, "/orgs", nil, &orgs)
	s.do(s.centre.Admin, http.MethodGet, "/users", nil, &users)
	for _, u := range users.Items {
		if u.Name == "rudong" {
			s.keepsDuty(s.countyID, u.ID)
		}
	}
	for _, o := range orgs.Items {
		if o.ParentID == "" {
			s.keepsDuty(o.ID, "")
		}
	}
	var call struct {
		ID    string      `json:"id"`
		Posts []askedPost `json:"posts"`
	}
	s.do(s.city, http.MethodPost, "/rollcalls", map[string]any{"name": "抽查", "orgs": []string{s.countyID}, "tiers": []string{"officer", "leader"}, "minutes": 1}, &call)
	if len(call.Posts) != 2 {
		t.Fatalf("asked are %+v", call.Posts)
	}
	of := func(posts []askedPost, tier string) askedPost {
		return posts[slices.IndexFunc(posts, func(p askedPost) bool { return p.Tier == tier })]
	}
	leader := of(call.Posts, "leader")
	problem(t, s.county.Call(http.MethodPost, "/rollcalls/posts/"+leader.ID+"/answer", map[string]any{}, nil), http.StatusForbidden)
	s.do(s.county, http.MethodPost, "/rollcalls/posts/"+of(call.Posts, "officer").ID+"/answer", map[string]any{}, nil)
	s.killed() // while the leader is asked

	board := func() []askedPost {
		t.Helper()
		var list harness.List[struct {
			ID    string      `json:"id"`
			Posts []askedPost `json:"posts"`
		}]
		s.do(s.city, http.MethodGet, "/rollcalls", nil, &list)
		if len(list.Items) != 1 || len(list.Items[0].Posts) != 2 {
			t.Fatalf("the board shows %+v", list.Items)
		}
		return list.Items[0].Posts
	}
	harness.WaitFor(t, 3*time.Minute, "the leader is found missing", func() error { return want(of(board(), "leader").State, "missed") })
	harness.WaitFor(t, time.Minute, "the desk above is asked", func() error {
		var passed harness.List[struct {
			Kind  string `json:"kind"`
			Owner struct {
				ID string `json:"id"`
			} `json:"owner"`
			Asked struct {
				To      string `json:"to"`
				OrgName string `json:"org_name"`
			} `json:"asked"`
		}]
		if err := s.city.Call(http.MethodGet, "/deadlines/breaches", nil, &passed); err != nil {
			return err
		}
		if len(passed.Items) != 1 {
			return fmt.Errorf("passed are %+v", passed.Items)
		}
		at := passed.Items[0]
		return errors.Join(want(at.Kind, "rollcall"), want(at.Owner.ID, leader.ID), want(at.Asked.To, "officer"), want(at.Asked.OrgName, "南通市应急指挥中心（演示）"))
	})
	s.killed()
	officer, silent := of(board(), "officer"), of(board(), "leader")
	if officer.State != "answered" || officer.ByName != "县值班员" || officer.Points == nil || *officer.Points != 100 {
		t.Errorf("the officer is %+v", officer)
	}
	if silent.State != "missed" || silent.Points == nil || *silent.Points != 0 {
		t.Errorf("the leader is %+v", silent)
	}
	var scores harness.List[struct {
		OrgID  string  `json:"org_id"`
		Points float64 `json:"points"`
	}]
	s.do(s.city, http.MethodGet, "/rollcalls/scores", nil, &scores)
	if len(scores.Items) != 1 || scores.Items[0].OrgID != s.countyID || scores.Items[0].Points != 50 {
		t.Errorf("the month counts %+v", scores.Items)
	}
}

// keepsDuty gives a desk an officer, who may be one that signs in, and a leader, both on duty all day.
func (s chain) keepsDuty(org, user string) {
	s.Helper()
	zone, loc := noon()
	s.do(s.centre.Admin, http.MethodPut, "/duty/desks/"+org, map[string]any{"zone": zone, "phone": "", "max_row": 2, "rest_hours": 8, "public_names": false, "public_phone": true}, nil)
	for name, tier := range map[string]string{"值班员": "officer", "带班领导": "leader"} {
		var person, post struct {
			ID string `json:"id"`
		}
		in := map[string]any{"name": name, "active": true, "phones": []any{map[string]string{"kind": "mobile", "number": "000-0000"}}}
		if tier == "officer" && user != "" {
			in["user_id"] = user
		}
		s.do(s.centre.Admin, http.MethodPost, "/duty/people?org="+org, in, &person)
		s.do(s.centre.Admin, http.MethodPost, "/duty/people/"+person.ID+"/verify", map[string]string{"number": "000-0000", "how": "call"}, nil)
		s.do(s.centre.Admin, http.MethodPost, "/duty/posts?org="+org, map[string]any{"name": name, "tier": tier, "continuous": true}, &post)
		s.do(s.centre.Admin, http.MethodPost, "/duty/posts/"+post.ID+"/rules", map[string]any{
			"from":      time.Now().In(loc).Format(time.DateOnly),
			"watches":   []any{map[string]string{"name": "全天", "from": "00:00", "to": "00:00"}},
			"heads":     map[string]int{"workday": 1, "weekend": 1},
			"rotations": []any{map[string]any{"name": "轮值", "keep": 1, "first": 0, "members": []string{person.ID}}},
		}, nil)
	}
}
