package paper_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/testserver"
)

const password = "Correct-horse-7"

// room is a city with two counties, and people of each.
type room struct {
	*paper.Service
	t                                   *testing.T
	accounts                            *account.Service
	trail                               *audit.Service
	desks                               *handover.Service
	system                              context.Context
	city, county, other                 account.Org
	officer, leader, above, beside, tec context.Context
}

func newRoom(t *testing.T, db *store.DB) *room {
	t.Helper()
	r := &room{t: t, system: actor.WithSystem(t.Context(), "test")}
	r.trail = audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	bus := event.NewBus(r.trail)
	kept := store.NewAccounts(db)
	var err error
	r.accounts, err = account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	r.must(err)
	_, err = r.accounts.EnsureFirst(r.system, account.First{OrgName: "南通市应急管理局", OrgNameEN: "City", Division: "320600"})
	r.must(err)
	r.city, err = r.accounts.TopOrg(r.system)
	r.must(err)
	r.county, err = r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.city.ID, Name: "如东县应急管理局", Division: "320623"})
	r.must(err)
	r.other, err = r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.city.ID, Name: "海安市应急管理局", Division: "320685"})
	r.must(err)
	roster := duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: r.accounts, Events: bus})
	book, err := deadline.LoadBook("../../../firmware-configs/deadlines")
	r.must(err)
	clocks := deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Desks: roster, Events: bus, Book: book})
	r.desks = handover.New(handover.Options{Store: store.NewHandovers(db), Tx: db, Roster: roster, Accounts: r.accounts, Clocks: clocks, Book: book, Events: bus})
	r.Service = paper.New(paper.Options{Store: store.NewPapers(db), Tx: db, Accounts: r.accounts, Printer: document.Printer{}, Duty: roster, Desks: r.desks, Events: bus})
	r.officer = r.user("officer", r.county, account.RoleDuty)
	r.leader = r.user("leader", r.county, account.RoleLeader)
	r.above = r.user("above", r.city, account.RoleLeader)
	r.beside = r.user("beside", r.other, account.RoleLeader)
	r.tec = r.user("tec", r.county, account.RoleTechnician)
	return r
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) user(name string, o account.Org, roles ...string) context.Context {
	r.t.Helper()
	u, _, err := r.accounts.CreateUser(r.system, account.NewUser{Username: name, Name: name, OrgID: o.ID, Roles: roles, Password: password})
	r.must(err)
	return actor.With(r.t.Context(), actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division, Permissions: account.Permissions(roles)})
}

// ready is a letter of the county with a number.
func (r *room) ready(title string) paper.Paper {
	r.t.Helper()
	l, err := r.Letterhead(r.leader)
	r.must(err)
	if l.Version == 0 {
		l.Head, l.Issuer, l.Prefixes = "如东县应急管理局文件", "如东县应急管理局办公室", map[paper.Kind]string{paper.Letter: "东应急", paper.Brief: "东应急值"}
		_, err = r.SaveLetterhead(r.leader, l)
		r.must(err)
	}
	p, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: title, To: "各镇人民政府：", Text: "现将有关事项通知如下。\n一、加强值班"}})
	r.must(err)
	p, err = r.TakeNumber(r.officer, p.ID)
	r.must(err)
	return p
}

// sign signs as the leader; without fonts there is nothing to test, but CI has them.
func (r *room) sign(p paper.Paper) paper.Paper {
	r.t.Helper()
	out, err := r.Sign(r.leader, p.ID, paper.Sign{Version: p.Version, Password: password})
	if errs.KindOf(err) == errs.Unavailable {
		testserver.Missing(r.t, err.Error())
	}
	r.must(err)
	return out
}

func (r *room) refused(what string, err error, code string) {
	r.t.Helper()
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Code != code {
		r.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestADocumentIsNumberedSignedAndNeverChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p := r.ready("关于做好寒潮防范的通知")
		year := time.Now().In(time.FixedZone("CST", 8*3600)).Year()
		if p.NumberText != fmt.Sprintf("东应急〔%d〕1号", year) || p.Content.From != r.county.Name || p.Content.Head == "" || p.Content.To != "各镇人民政府" {
			t.Errorf("the draft: %q %+v", p.NumberText, p.Content)
		}
		_, err := r.Change(r.officer, p.ID, p.Version-1, p.Content)
		r.refused("a change of an older version", err, "paper.changed")
		_, err = r.Sign(r.officer, p.ID, paper.Sign{Version: p.Version, Password: password})
		r.refused("an officer signs", err, "auth.denied")
		_, err = r.Sign(r.leader, p.ID, paper.Sign{Version: p.Version, Password: "wrong"})
		r.refused("a wrong password", err, "account.wrong_signature")
		_, err = r.Sign(r.leader, p.ID, paper.Sign{Version: p.Version - 1, Password: password})
		r.refused("a version that is not the newest", err, "paper.changed")
		r.refused("a draft with a number is discarded", r.Discard(r.officer, p.ID), "paper.numbered")
		p = r.sign(p)
		_, f, err := r.Files(r.above, p.ID)
		r.must(err)
		if s := sha256.Sum256(f.PDF); hex.EncodeToString(s[:]) != p.SumPDF || !bytes.HasPrefix(f.PDF, []byte("%PDF-")) || !bytes.HasPrefix(f.DOCX, []byte("PK")) {
			t.Error("the files are not those that were signed")
		}
		_, err = r.Change(r.leader, p.ID, p.Version, p.Content)
		r.refused("a change after the signature", err, "paper.signed")
		_, err = r.Void(r.leader, p.ID, "typing")
		r.refused("a signed number is voided", err, "paper.signed")
		if got, err := r.Paper(r.officer, p.ID); err != nil || got.Signature == nil || got.Signature.Name != "leader" || got.State != paper.Signed {
			t.Errorf("the signed document: %+v, %v", got, err)
		}
		got, err := store.NewPapers(db).Paper(r.system, p.ID)
		r.must(err)
		got.Content.Text, got.Version = "something else", got.Version+1
		if err := store.NewPapers(db).SavePaper(r.system, got); err == nil {
			t.Error("the database let a signed document be changed")
		}
	})
}

func TestNumbersHaveNeitherGapsNorDoubles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		first := r.ready("第一份")
		const takers = 100
		var drafts []paper.Paper
		for i := range takers {
			p, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: fmt.Sprint(i)}})
			r.must(err)
			drafts = append(drafts, p)
		}
		var all sync.WaitGroup
		numbers := make([]int, takers)
		for i, p := range drafts {
			all.Go(func() {
				for { // a busy database says so, and whoever waits asks again
					got, err := r.TakeNumber(r.officer, p.ID)
					if errs.KindOf(err) == errs.Unavailable {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					numbers[i] = got.Number.No
					return
				}
			})
		}
		all.Wait()
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != i+2 {
				t.Fatalf("the numbers are %v", numbers)
			}
		}
		_, err := r.Void(r.officer, first.ID, "")
		r.refused("a number is voided without a reason", err, "paper.reason")
		p, err := r.Void(r.officer, first.ID, "发文对象有误")
		r.must(err)
		p, err = r.TakeNumber(r.officer, p.ID)
		r.must(err)
		if p.Number.No != takers+2 {
			t.Errorf("a voided number was given again, or one left out: %d", p.Number.No)
		}
		list, err := r.Numbers(r.officer, 0, "", page.Request{Limit: 500})
		r.must(err)
		last := list.Items[len(list.Items)-1]
		if len(list.Items) != takers+2 || last.No != 1 || last.VoidedAt == nil || last.Reason != "发文对象有误" || last.Title != "第一份" {
			t.Errorf("the register: %d lines, the first %+v", len(list.Items), last)
		}
	})
}

func TestWhoSeesAndWritesWhat(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p := r.ready("县里的文件")
		_, err := r.Paper(r.above, p.ID)
		r.refused("the city reads a draft of the county", err, "paper.not_found")
		_, err = r.Paper(r.tec, p.ID)
		r.refused("a technician reads", err, "auth.denied")
		_, err = r.Change(r.beside, p.ID, p.Version, p.Content)
		r.refused("another county writes", err, "paper.not_found")
		_, err = r.Sign(r.above, p.ID, paper.Sign{Version: p.Version, Password: password})
		r.refused("the city signs for the county", err, "paper.not_found")
		_, err = r.SaveLetterhead(r.officer, paper.Letterhead{})
		r.refused("an officer changes the letterhead", err, "auth.denied")
		_, err = r.SaveLetterhead(r.beside, paper.Letterhead{Prefixes: map[paper.Kind]string{paper.Letter: "东应急"}})
		r.refused("a prefix of another", err, "paper.prefix_taken")
		p = r.sign(p)
		if got, err := r.Paper(r.above, p.ID); err != nil || got.Own {
			t.Errorf("the city reads what the county signed: %+v, %v", got, err)
		}
		_, err = r.Paper(r.beside, p.ID)
		r.refused("another county reads it", err, "paper.not_found")
		_, err = r.Withdraw(r.above, p.ID)
		r.refused("the city withdraws it", err, "paper.not_yours")
		for who, want := range map[context.Context]int{r.officer: 1, r.above: 1, r.beside: 0} {
			if list, err := r.List(who, paper.Filter{}); err != nil || len(list.Items) != want {
				t.Errorf("a list of %d, want %d: %v", len(list.Items), want, err)
			}
		}
	})
}

func TestADocumentIsWithdrawnByAnother(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	p := r.sign(r.ready("关于\n停课的通知"))
	w, err := r.Withdraw(r.officer, p.ID)
	r.must(err)
	if !strings.Contains(w.Content.Text, "《关于停课的通知》（"+p.NumberText+"）") {
		t.Errorf("the draft says %q", w.Content.Text)
	}
	second, err := r.Withdraw(r.officer, p.ID)
	r.must(err)
	w, err = r.TakeNumber(r.officer, w.ID)
	r.must(err)
	w = r.sign(w)
	if old, err := r.Paper(r.officer, p.ID); err != nil || old.State != paper.Withdrawn || old.ReplacedBy != w.ID || old.SumPDF != p.SumPDF {
		t.Errorf("the withdrawn document: %+v, %v", old, err)
	}
	second, err = r.TakeNumber(r.officer, second.ID)
	r.must(err)
	_, err = r.Sign(r.leader, second.ID, paper.Sign{Version: second.Version, Password: password})
	r.refused("it is withdrawn again", err, "paper.not_signed")
}

// A draft is handed round as a PDF that says what it is, and no longer once it was signed.
func TestADraftIsHandedRoundMarked(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	p := r.ready("关于征求意见的通知")
	_, text, err := r.DraftPDF(r.officer, p.ID)
	if errs.KindOf(err) == errs.Unavailable {
		testserver.Missing(t, err.Error())
	}
	r.must(err)
	_, again, err := r.DraftPDF(r.officer, p.ID)
	r.must(err)
	if !bytes.HasPrefix(text, []byte("%PDF-")) || !bytes.Equal(text, again) {
		t.Error("the draft is no PDF, or another one each time")
	}
	_, _, err = r.DraftPDF(r.above, p.ID)
	r.refused("the city takes a draft of the county", err, "paper.not_found")
	p = r.sign(p)
	_, _, err = r.DraftPDF(r.officer, p.ID)
	r.refused("a draft of what was signed", err, "paper.signed")
}

func TestWhatIsNotCompleteDoesNotLeave(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	p, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: "空"}})
	r.must(err)
	_, err = r.TakeNumber(r.officer, p.ID)
	r.refused("a number without a prefix", err, "paper.no_prefix")
	_, err = r.Sign(r.leader, p.ID, paper.Sign{Version: p.Version, Password: password})
	r.refused("a document without text", err, "paper.incomplete")
	_, _, err = r.Files(r.officer, p.ID)
	r.refused("files of a draft", err, "paper.draft")
	for field, c := range map[string]paper.Content{
		"title": {Title: strings.Repeat("长", 200)}, "urgency": {Urgency: "平急"}, "text": {Text: "|" + strings.Repeat("a|", 40)}, "annexes.0.title": {Annexes: []paper.Annex{{}}},
	} {
		_, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: c})
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	p = r.ready("生僻字")
	p.Content.Text = "联系人𠮷某。"
	p, err = r.Change(r.officer, p.ID, p.Version, p.Content)
	r.must(err)
	if _, missing, err := r.Print(r.officer, p.ID); err != nil || missing != "𠮷" && os.Getenv("CI") != "" {
		t.Errorf("missing: %q, %v", missing, err)
	}
}

func TestTheDeskMakesItsDocuments(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	_, err := r.desks.Write(r.officer, handover.NewEntry{Kind: handover.CallIn, Party: "长沙镇|值班员", Contact: "13800000000", Text: "渔船进港\n共12艘", Item: &handover.NewItem{Title: "核实渔船数量"}})
	r.must(err)
	today := time.Now().In(time.FixedZone("CST", 8*3600))
	p, err := r.Compose(r.officer, paper.Brief, today.Format(time.DateOnly))
	r.must(err)
	for _, want := range []string{"共处理事项1件", "来电（长沙镇|值班员）：渔船进港 共12艘。", "核实渔船数量（承办人：无）"} {
		if !strings.Contains(p.Content.Text, want) {
			t.Errorf("the brief does not say %q: %s", want, p.Content.Text)
		}
	}
	if strings.Contains(p.Content.Text, "13800000000") {
		t.Error("the brief gives a caller's number away")
	}
	again, err := r.Compose(r.officer, paper.Brief, today.Format(time.DateOnly))
	if err != nil || again.ID != p.ID {
		t.Errorf("a second draft of one day: %v, %v", again.ID, err)
	}
	p, err = r.Compose(r.officer, paper.Roster, today.Format("2006-01"))
	r.must(err)
	if blocks := paper.Blocks(p.Content.Text); blocks[0].Rows == nil || blocks[0].Rows[0][0] != "日期" || len(blocks[0].Rows) < 29 {
		t.Errorf("the duty table: %s", p.Content.Text)
	}
	d, err := r.desks.Desk(r.officer, "")
	r.must(err)
	_, err = r.Compose(r.officer, paper.Handover, d.Shift.ID)
	r.refused("the record of a shift that runs", err, "paper.shift_open")
	_, err = r.Compose(r.officer, paper.Letter, "x")
	r.refused("a letter", err, "paper.kind")
}

func TestFactsThatChangeAreSaidAndWrittenAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		text := "一、甲"
		r.Makers = map[paper.Kind]paper.Maker{paper.Report: func(_ context.Context, o account.Org, ref string) (paper.Content, error) {
			return paper.Content{Title: "关于" + ref + "的报告", Text: text, From: o.Name}, nil
		}}
		_ = r.ready("先有版头")
		l, err := r.Letterhead(r.leader)
		r.must(err)
		l.Prefixes[paper.Report] = "东应急报"
		_, err = r.SaveLetterhead(r.leader, l)
		r.must(err)
		p, err := r.Compose(r.officer, paper.Report, "火灾")
		r.must(err)
		if p.Stale || p.Content.Head == "" {
			t.Errorf("a new draft: %+v", p)
		}
		p, err = r.TakeNumber(r.officer, p.ID)
		r.must(err)
		text = "一、乙"
		again, err := r.Compose(r.officer, paper.Report, "火灾")
		if err != nil || again.ID != p.ID || !again.Stale || again.Content.Text != "一、甲" {
			t.Errorf("a draft of older facts: %+v %v", again, err)
		}
		_, err = r.Refresh(r.officer, p.ID, p.Version-1)
		r.refused("an older version is written anew", err, "paper.changed")
		p, err = r.Refresh(r.officer, p.ID, p.Version)
		if err != nil || p.Content.Text != "一、乙" || p.Number == nil || p.Content.Head == "" {
			t.Errorf("written anew: %+v %v", p, err)
		}
		p = r.sign(p)
		if again, err = r.Compose(r.officer, paper.Report, "火灾"); err != nil || again.ID != p.ID || again.Stale {
			t.Errorf("what was signed is made again: %+v %v", again, err)
		}
		_, err = r.Refresh(r.officer, p.ID, p.Version)
		r.refused("a signed document is written anew", err, "paper.signed")
		_, err = r.Replace(r.beside, p.ID)
		r.refused("another county replaces it", err, "paper.not_found")
		_, err = r.Replace(r.above, p.ID)
		r.refused("the city replaces it", err, "paper.not_yours")
		next, err := r.Replace(r.officer, p.ID)
		if err != nil || next.Kind != paper.Report || next.Content.Text != "一、乙" || next.Replaces != p.ID || next.Number != nil {
			t.Fatalf("the one that replaces it: %+v %v", next, err)
		}
		next, err = r.TakeNumber(r.officer, next.ID)
		r.must(err)
		next = r.sign(next)
		if old, err := r.Paper(r.officer, p.ID); err != nil || old.State != paper.Withdrawn || old.ReplacedBy != next.ID {
			t.Errorf("the replaced one: %+v %v", old, err)
		}
		hand := r.ready("手写")
		_, err = r.Refresh(r.officer, hand.ID, hand.Version)
		r.refused("what was typed is written anew", err, "paper.typed")
		for year, want := range map[int]int{0: 4, next.Year(): 4, next.Year() - 1: 0} {
			if list, err := r.List(r.officer, paper.Filter{Year: year}); err != nil || len(list.Items) != want {
				t.Errorf("%d of %d, want %d: %v", len(list.Items), year, want, err)
			}
		}
		if list, err := r.Numbers(r.officer, 0, paper.Report, page.Request{}); err != nil || len(list.Items) != 2 || list.Items[0].Kind != paper.Report {
			t.Errorf("the numbers of reports: %+v %v", list, err)
		}
	})
}

func TestTheSameFactsAreTheSameBytes(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	_, err := r.desks.Write(r.officer, handover.NewEntry{Kind: handover.CallIn, Party: "长沙镇", Text: "渔船进港，共12艘"})
	r.must(err)
	today := time.Now().In(time.FixedZone("CST", 8*3600))
	for kind, ref := range map[paper.Kind]string{paper.Brief: today.Format(time.DateOnly), paper.Roster: today.Format("2006-01")} {
		var before paper.Files
		for n := range 2 {
			p, err := r.Compose(r.officer, kind, ref)
			r.must(err)
			sheet, _, err := r.Print(r.officer, p.ID)
			r.must(err)
			sheet.Date = today
			f, err := document.Printer{}.Files(sheet)
			if errs.KindOf(err) == errs.Unavailable {
				testserver.Missing(t, err.Error())
			}
			r.must(err)
			if n > 0 && (!bytes.Equal(f.PDF, before.PDF) || !bytes.Equal(f.DOCX, before.DOCX)) {
				t.Errorf("%s: a second export differs", kind)
			}
			before = f
			r.must(r.Discard(r.officer, p.ID))
		}
	}
}

func TestADutyTableThatChangedTakesThePlaceOfTheSignedOne(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	month := time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006-01")
	text := "|日期|值班员|\n|1日|甲|"
	r.Makers = map[paper.Kind]paper.Maker{paper.Roster: func(_ context.Context, o account.Org, _ string) (paper.Content, error) {
		return paper.Content{Title: "值班表", Text: text, From: o.Name}, nil
	}}
	p, err := r.Compose(r.officer, paper.Roster, month)
	r.must(err)
	p = r.sign(p)
	if again, err := r.Compose(r.officer, paper.Roster, month); err != nil || again.ID != p.ID {
		t.Errorf("the same table is made twice: %v", err)
	}
	text = "|日期|值班员|\n|1日|乙|"
	next, err := r.Compose(r.officer, paper.Roster, month)
	if err != nil || next.Replaces != p.ID || next.State != paper.Draft {
		t.Errorf("a table that changed: %+v %v", next, err)
	}
}

// What is laid out grows with paragraphs and cells: a short text that unfolds into a huge table is refused.
func TestATextThatUnfoldsIsRefused(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	row := strings.Repeat("|", paper.MaxColumns) + "x"
	for what, text := range map[string]string{"cells": row + strings.Repeat("\n|", 2000), "paragraphs": strings.Repeat("一\n", 21_000)} {
		_, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: "长", Text: text}})
		if errs.KindOf(err) != errs.Invalid {
			t.Errorf("too many %s: %v", what, err)
		}
	}
	if _, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: "表", Text: row + strings.Repeat("\n|", 500)}}); err != nil {
		t.Errorf("a long table: %v", err)
	}
}
