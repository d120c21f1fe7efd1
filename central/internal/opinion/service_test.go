package opinion_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestARumourIsFoundJudgedAndAnsweredInTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(3)
		e := h.rumour(i)
		for _, l := range []opinion.Line{{Kind: "heat", Heat: opinion.Hot, Reach: 50_000}, {Kind: "verdict", Verdict: opinion.False, Text: "现场巡查组 15 时回报未见决口"}} {
			_, err := h.Judge(h.checker, e.ID, l)
			h.must(err)
		}
		if _, err := h.Judge(h.checker, e.ID, opinion.Line{Kind: "verdict", Verdict: opinion.True}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a verdict without evidence: %v", err)
		}
		task, err := h.Ask(h.writer, i.ID, opinion.Ask{Do: "statement", Title: "回应决口传言", Entries: []string{e.ID}})
		h.must(err)
		if task.Rule != "cn-public-opinion-2016/answer" || !task.Unverified || !task.DueAt.Equal(e.FoundAt.Add(48*time.Hour)) || !strings.Contains(task.Clause, "48 小时") {
			t.Errorf("the time to answer: %+v", task)
		}
		clock, err := h.clocks.Of(h.system, deadline.Owner{Kind: opinion.OwnerKind, ID: i.ID + " " + task.ID}, "statement")
		h.must(err)
		if clock.State != deadline.Running || !clock.DueAt.Equal(task.DueAt) {
			t.Errorf("its clock: %+v", clock)
		}
		st := h.signed(i, opinion.NewStatement{Template: "rumour", Tasks: []string{task.ID}})
		st, err = h.Act(h.writer, st.ID, opinion.Act{Do: "release", Edit: st.Edit, Note: "“如东发布”微信公众号"})
		h.must(err)
		v, err := h.View(h.writer, i.ID)
		h.must(err)
		if got := v.Entries[0]; got.State != opinion.False || got.Heat != opinion.Hot || got.Reach != 50_000 || len(got.Lines) != 2 {
			t.Errorf("the entry: %+v", got)
		}
		if got := v.Tasks[0]; got.State != opinion.Said || got.StatementID != st.ID || got.LateAt != nil {
			t.Errorf("the task: %+v", got)
		}
		clock, err = h.clocks.Of(h.system, deadline.Owner{Kind: opinion.OwnerKind, ID: i.ID + " " + task.ID}, "statement")
		if err != nil || clock.State != deadline.Met {
			t.Errorf("its clock after the release: %+v, %v", clock, err)
		}
		var said []string
		for _, line := range h.timeline(i) {
			if line.Kind == opinion.Public || line.Kind == opinion.Press {
				said = append(said, line.Act)
			}
		}
		if want := []string{"found", "hot", "false", "asked_statement", "drafted", "changed", "checked", "signed", "published"}; !slices.Equal(said, want) {
			t.Errorf("the timeline says %v, want %v", said, want)
		}
	})
}

func TestAGraveIncidentIsSpokenOfWithinHoursOfWhatHappened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(2)
		for do, within := range map[string]time.Duration{"statement": 5 * time.Hour, "briefing": 24 * time.Hour} {
			task, err := h.Ask(h.mayor, i.ID, opinion.Ask{Do: do, Title: "发布权威信息", OrgID: h.county.ID})
			h.must(err)
			if !task.DueAt.Equal(i.OccurredAt.Add(within)) || task.OrgID != h.county.ID {
				t.Errorf("%s: %+v", do, task)
			}
		}
		if _, err := h.Ask(h.writer, h.flood(4).ID, opinion.Ask{Do: "briefing", Title: "x"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("no rule gives a time for a press conference about a small one: %v", err)
		}
	})
}

func TestAnAnswerThatDoesNotComeIsLate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		task, err := h.Ask(h.writer, i.ID, opinion.Ask{Do: "statement", Title: "回应", DueAt: time.Now().Add(time.Hour)})
		h.must(err)
		clock, err := h.clocks.Of(h.system, deadline.Owner{Kind: opinion.OwnerKind, ID: i.ID + " " + task.ID}, "statement")
		h.must(err)
		for range 2 {
			_, err = h.OnClock(h.system, deadline.Firing{Clock: clock.Clock, Round: clock.Round, Mark: deadline.Passed})
			h.must(err)
		}
		late := 0
		for _, line := range h.timeline(i) {
			if line.Act == "task_late" {
				late++
			}
		}
		v, err := h.View(h.writer, i.ID)
		h.must(err)
		if late != 1 || v.Tasks[0].LateAt == nil {
			t.Errorf("it was told %d times, %+v", late, v.Tasks[0])
		}
		got, err := h.Settle(h.writer, task.ID, opinion.Said, "县长接受南通电视台采访")
		if err != nil || got.State != opinion.Said || got.LateAt == nil {
			t.Errorf("settled late: %+v, %v", got, err)
		}
		if _, err := h.Settle(h.writer, task.ID, opinion.Dropped, "x"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("settled twice: %v", err)
		}
	})
}

func TestNobodyReleasesWhatTheyHaveWrittenAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		st, err := h.Draft(h.leader, i.ID, opinion.NewStatement{Template: "first"})
		h.must(err)
		if !strings.Contains(st.Text, "洋口镇") || !strings.Contains(st.Text, "〔待填〕") {
			t.Errorf("the template was not filled: %s", st.Text)
		}
		if _, err := h.Act(h.checker, st.ID, opinion.Act{Do: "check", Edit: st.Edit}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a text with gaps is checked: %v", err)
		}
		st, err = h.Write(h.leader, st.ID, st.Edit, st.Title, "堤防安全。")
		h.must(err)
		for _, n := range []struct {
			who  person
			do   string
			kind errs.Kind
		}{{h.leader, "check", errs.Conflict}, {h.leader, "sign", errs.Conflict}, {h.writer, "release", errs.Conflict}, {h.writer, "sign", errs.Denied}, {h.outside, "check", errs.NotFound}} {
			if _, err := h.Act(n.who, st.ID, opinion.Act{Do: n.do, Edit: st.Edit, Note: "x", Password: n.who.password}); errs.KindOf(err) != n.kind {
				t.Errorf("%s: %v", n.do, err)
			}
		}
		st, err = h.Act(h.checker, st.ID, opinion.Act{Do: "check", Edit: st.Edit})
		h.must(err)
		if _, err := h.Act(h.leader, st.ID, opinion.Act{Do: "sign", Edit: st.Edit, Password: h.leader.password}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the writer signs: %v", err)
		}
		if _, err := h.Act(h.mayor, st.ID, opinion.Act{Do: "sign", Edit: st.Edit, Password: "wrong"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("signed with a wrong password: %v", err)
		}
		st, err = h.Act(h.mayor, st.ID, opinion.Act{Do: "sign", Edit: st.Edit, Password: h.mayor.password})
		h.must(err)
		if _, err := h.Write(h.writer, st.ID, st.Edit, "改", "改"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a signed text is changed: %v", err)
		}
		st, err = h.Act(h.checker, st.ID, opinion.Act{Do: "return", Edit: st.Edit, Note: "数字已变"})
		if err != nil || st.State != opinion.Draft || st.Signed != nil || st.Hash != "" {
			t.Errorf("returned: %+v, %v", st, err)
		}
	})
}

func TestWhatWasReleasedStaysAndIsCorrectedByANewVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		old := h.signed(i, opinion.NewStatement{Template: "first"})
		_, unsent, err := h.Print(h.writer, old.ID)
		h.must(err)
		old, err = h.Act(h.writer, old.ID, opinion.Act{Do: "release", Edit: old.Edit, Note: "县政府网站"})
		h.must(err)
		_, first, err := h.Print(h.outsideOf(), old.ID)
		h.must(err)
		_, again, err := h.Print(h.mayor, old.ID)
		h.must(err)
		if !bytes.Equal(first.DOCX, again.DOCX) || !bytes.Equal(first.PDF, again.PDF) || bytes.Equal(first.PDF, unsent.PDF) {
			t.Error("the same statement prints differently, or one that was not released prints like one that was")
		}
		changed := old
		changed.Text = "改过的话"
		if err := store.NewOpinions(db).SaveStatement(h.system, changed); err == nil {
			t.Error("the database takes another text of what was released")
		}
		if err := store.NewOpinions(db).DropStatement(h.system, old.ID); err == nil {
			t.Error("the database drops what was released")
		}
		next := h.signed(i, opinion.NewStatement{Template: "correction", Replaces: old.ID})
		if next.Version != 2 || !strings.Contains(next.Title, old.Title) {
			t.Errorf("the correction: %+v", next)
		}
		_, err = h.Act(h.writer, next.ID, opinion.Act{Do: "release", Edit: next.Edit, Note: "县政府网站"})
		h.must(err)
		v, err := h.View(h.mayor, i.ID)
		h.must(err)
		if v.Statements[0].State != opinion.Superseded || v.Statements[0].Text != old.Text || v.Statements[1].State != opinion.Released {
			t.Errorf("after the correction: %+v", v.Statements)
		}
		if _, err := h.Draft(h.writer, i.ID, opinion.NewStatement{Template: "correction", Replaces: old.ID}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("corrected twice: %v", err)
		}
	})
}

// outsideOf sees the county's incidents and has no reach to its desk: a department beside it.
func (h *house) outsideOf() person {
	h.t.Helper()
	o, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市水利局", Division: "320600"})
	h.must(err)
	return h.user("丁", o, account.RoleLeader)
}

// For every act, every role and every organisation: who may is decided by the permission of the role, by who sees the
// incident and by whose it is, and by nothing else.
func TestWhoMayDoWhatWithWhatIsSaid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		e := h.rumour(i)
		beside, err := h.accounts.CreateOrg(h.system, account.NewOrg{ParentID: h.city.ID, Name: "市水利局", Division: "320600"})
		h.must(err)
		task, err := h.Ask(h.writer, i.ID, opinion.Ask{Do: "statement", Title: "回应"})
		h.must(err)
		draft, err := h.Draft(h.writer, i.ID, opinion.NewStatement{Template: "first"})
		h.must(err)
		advice, err := h.Consult(h.writer, i.ID, opinion.Advice{Name: "陈工", Field: "水利", Text: "x", How: "x"})
		h.must(err)
		writes := func(p person) bool { return may(p, "incident.write") }
		reads := func(p person) bool { return may(p, "incident.read") }
		for _, org := range []account.Org{h.city, h.county, h.other, beside} {
			sees, owns := org.ID != h.other.ID, org.ID == h.city.ID || org.ID == h.county.ID
			for _, role := range account.Roles() {
				p := h.user("某", org, role.ID)
				for _, act := range []struct {
					name string
					may  bool
					try  func() error
				}{
					{"view", reads(p) && sees, func() error { _, err := h.View(p, i.ID); return err }},
					{"add", writes(p) && sees, func() error { _, err := h.Add(p, i.ID, opinion.Found{Source: "来电", Text: "x"}); return err }},
					{"judge", writes(p) && sees, func() error {
						_, err := h.Judge(p, e.ID, opinion.Line{Kind: "verdict", Verdict: opinion.Unclear, Text: "x"})
						return err
					}},
					{"ask", writes(p) && owns, func() error {
						_, err := h.Ask(p, i.ID, opinion.Ask{Do: "statement", Title: "x", DueAt: time.Now().Add(time.Hour)})
						return err
					}},
					{"settle", writes(p) && owns, func() error {
						_, err := h.Settle(p, task.ID, "nonsense", "x")
						return judged(err)
					}},
					{"draft", writes(p) && sees, func() error {
						_, err := h.Draft(p, i.ID, opinion.NewStatement{Template: "first"})
						return err
					}},
					{"write", writes(p) && owns, func() error { _, err := h.Write(p, draft.ID, 999, "x", "x"); return judged(err) }},
					{"check", writes(p) && owns, func() error { _, err := h.Act(p, draft.ID, opinion.Act{Do: "check", Edit: 999}); return judged(err) }},
					{"sign", may(p, "opinion.sign") && owns, func() error { _, err := h.Act(p, draft.ID, opinion.Act{Do: "sign", Edit: 999}); return judged(err) }},
					{"release", writes(p) && owns, func() error {
						_, err := h.Act(p, draft.ID, opinion.Act{Do: "release", Edit: 999, Note: "x"})
						return judged(err)
					}},
					{"consult", writes(p) && sees, func() error {
						_, err := h.Consult(p, i.ID, opinion.Advice{Name: "陈工", Field: "水利", Text: "x", How: "x"})
						return err
					}},
					{"advise", writes(p) && owns, func() error { _, err := h.Advise(p, advice.ID, 999, opinion.Advice{}); return judged(err) }},
					{"vouch", writes(p) && owns, func() error { _, err := h.Vouch(p, advice.ID, 999, "", false); return judged(err) }},
					{"print", reads(p) && owns, func() error { _, _, err := h.Print(p, draft.ID); return err }},
				} {
					err := act.try()
					if (err == nil) != act.may || (err != nil && errs.KindOf(err) != errs.Denied && errs.KindOf(err) != errs.NotFound) {
						t.Errorf("%s of %s: %s is %v, want %v", role.Name, org.Name, act.name, err, act.may)
					}
				}
			}
		}
	})
}

func may(p person, what string) bool {
	a, _ := actor.From(p)
	return a.Can(actor.Permission(what))
}

// judged is nil for what was refused because of what was asked, which only who may do it learns.
func judged(err error) error {
	if k := errs.KindOf(err); k == errs.Conflict || k == errs.Invalid {
		return nil
	}
	return err
}

func TestBadEntriesAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		for name, f := range map[string]opinion.Found{
			"no source":               {Text: "x"},
			"no text":                 {Source: "x"},
			"a link that is a script": {Source: "x", Text: "x", Link: "javascript:alert(1)"},
			"a link in the middle":    {Source: "x", Text: "x", Link: "https://a b"},
			"said tomorrow":           {Source: "x", Text: "x", SaidAt: time.Now().Add(24 * time.Hour)},
			"found before it is said": {Source: "x", Text: "x", SaidAt: time.Now(), FoundAt: time.Now().Add(-time.Hour)},
			"lukewarm":                {Source: "x", Text: "x", Heat: "lukewarm"},
			"fewer than nobody":       {Source: "x", Text: "x", Reach: -1},
			"a source of two lines":   {Source: "x\ny", Text: "x"},
		} {
			if _, err := h.Add(h.writer, i.ID, f); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := h.incidents.Close(h.writer, i.ID, incident.Void, "误开")
		h.must(err)
		if _, err := h.Add(h.writer, i.ID, opinion.Found{Source: "x", Text: "x"}); errs.KindOf(err) != errs.Conflict {
			t.Errorf("of a withdrawn incident: %v", err)
		}
	})
}

func TestWhatAnExpertHasSignedStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		kept := store.NewOpinions(db)
		if _, err := h.Consult(h.writer, i.ID, opinion.Advice{Name: "陈工", Field: "水利", Text: "先导渗"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("nobody says how the officer has it: %v", err)
		}
		e, err := h.Consult(h.writer, i.ID, opinion.Advice{Name: "陈工", Post: "市水利设计院 高工", Field: "水利", Text: "先导渗，再压浸", How: "15 时电话，本人录音核对"})
		h.must(err)
		if v, err := h.View(h.outsideOf(), i.ID); err != nil || len(v.Experts) != 0 {
			t.Errorf("a draft is shown to a department beside: %+v, %v", v.Experts, err)
		}
		e, err = h.Attach(h.writer, e.ID, e.Edit, opinion.File{Name: "断面图.pdf", Type: "application/pdf", Bytes: []byte("%PDF-1.4")})
		h.must(err)
		e, err = h.Advise(h.checker, e.ID, e.Edit, opinion.Advice{Name: "陈工", Field: "水利", Text: "先导渗，再压浸，备石料", How: "15 时电话"})
		h.must(err)
		if _, err := h.Vouch(h.checker, e.ID, e.Edit, "wrong", false); errs.KindOf(err) != errs.Invalid {
			t.Errorf("signed with a wrong password: %v", err)
		}
		e, err = h.Vouch(h.checker, e.ID, e.Edit, h.checker.password, false)
		h.must(err)
		if e.State != opinion.Signed || e.Signed.Name != "乙" || e.Hash == "" {
			t.Errorf("signed: %+v", e)
		}
		for name, try := range map[string]func() error{
			"written over": func() error {
				_, err := h.Advise(h.checker, e.ID, e.Edit, opinion.Advice{Name: "陈工", Field: "水利", Text: "x", How: "x"})
				return err
			},
			"given another file": func() error {
				_, err := h.Attach(h.checker, e.ID, e.Edit, opinion.File{Name: "x", Bytes: []byte("x")})
				return err
			},
			"discarded": func() error { _, err := h.Vouch(h.checker, e.ID, e.Edit, "", true); return err },
		} {
			if err := try(); errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		changed := e
		changed.Text = "别的话"
		if kept.SaveExpert(h.system, changed) == nil || kept.DropExpert(h.system, e.ID) == nil || kept.SaveFile(h.system, e.ID, opinion.File{Bytes: []byte("x")}) == nil {
			t.Error("the database changes or removes what was signed")
		}
		v, err := h.View(h.outsideOf(), i.ID)
		h.must(err)
		f, err := h.File(h.outsideOf(), e.ID)
		if err != nil || string(f.Bytes) != "%PDF-1.4" || len(v.Experts) != 1 || v.Experts[0].Text != "先导渗，再压浸，备石料" {
			t.Errorf("shown: %+v, %+v, %v", v.Experts, f, err)
		}
		if _, err := h.File(h.outside, e.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("its file is given to another county: %v", err)
		}
		steps := h.timeline(i)
		if last := steps[len(steps)-1]; last.Kind != opinion.Expertly || last.Act != "recorded" || !strings.Contains(last.Text, "备石料") {
			t.Errorf("the timeline: %+v", last)
		}
	})
}

func TestAnExpertSignsTheOwnWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		i := h.flood(4)
		e, err := h.Consult(h.writer, i.ID, opinion.Advice{Name: "冒名", Field: "地质", Text: "堤脚土层松散", Self: true})
		h.must(err)
		if e.Name != "甲" {
			t.Errorf("an expert signs as %s", e.Name)
		}
		if _, err := h.Vouch(h.checker, e.ID, e.Edit, h.checker.password, false); errs.KindOf(err) != errs.Denied {
			t.Errorf("somebody else signs the words of an expert: %v", err)
		}
		if _, err := h.Advise(h.mayor, e.ID, e.Edit, opinion.Advice{Field: "地质", Text: "x"}); errs.KindOf(err) != errs.Denied {
			t.Errorf("somebody else writes the words of an expert: %v", err)
		}
		e, err = h.Vouch(h.writer, e.ID, e.Edit, h.writer.password, false)
		if err != nil || e.Signed == nil {
			t.Errorf("signed: %+v, %v", e, err)
		}
	})
}
