package paper_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// For every act, every role and every organisation: a draft is for its own organisation alone, to read, to write and to
// sign; what was signed is read where the division is seen, and taken back by whose it is. The bureau shares the
// division of the city.
func TestEveryActByEveryRoleInEveryOrganisation(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	bureau, err := r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.city.ID, Name: "市气象局", Division: "320600"})
	r.must(err)
	town, err := r.accounts.CreateOrg(r.system, account.NewOrg{ParentID: r.county.ID, Name: "洋口镇", Division: "320623104"})
	r.must(err)
	orgs := map[string]account.Org{"city": r.city, "county": r.county, "neighbour": r.other, "bureau": bureau, "town": town}
	signed := r.sign(r.ready("已签发"))
	draft := r.ready("草稿")
	once := func() paper.Paper { return r.ready("一次") }
	shift, err := r.desks.Open(r.officer)
	r.must(err)
	_, err = r.desks.Take(r.leader, handover.Takes{Seen: handover.Seen{Shift: shift.ID, Version: shift.Version}, Proof: handover.Proof{Secret: password}, Absent: "x", Reason: "x"})
	r.must(err)
	made, err := r.Compose(r.officer, paper.Brief, time.Now().In(event.China()).Format(time.DateOnly))
	r.must(err)
	absent := errs.E(errs.NotFound, "x", "not there")
	listed := func(c context.Context, id string) error {
		list, err := r.List(c, paper.Filter{Request: page.Request{Limit: page.MaxLimit}})
		if err == nil && !slices.ContainsFunc(list.Items, func(p paper.Paper) bool { return p.ID == id }) {
			return absent
		}
		return err
	}
	here := func(org string, err error) error {
		if err == nil && org != r.county.ID {
			return absent
		}
		return err
	}
	own, seen := []string{"county"}, []string{"county", "city", "bureau"}
	acts := []struct {
		name  string
		needs actor.Permission
		who   []string
		do    func(context.Context) error
	}{
		{"find the draft", actor.PaperRead, own, func(c context.Context) error { return listed(c, draft.ID) }},
		{"find the signed one", actor.PaperRead, seen, func(c context.Context) error { return listed(c, signed.ID) }},
		{"read the draft", actor.PaperRead, own, func(c context.Context) error { _, err := r.Paper(c, draft.ID); return err }},
		{"read the signed one", actor.PaperRead, seen, func(c context.Context) error { _, err := r.Paper(c, signed.ID); return err }},
		{"see the pages of the draft", actor.PaperRead, own, func(c context.Context) error { _, _, err := r.Print(c, draft.ID); return err }},
		{"see the pages of the signed one", actor.PaperRead, seen, func(c context.Context) error { _, _, err := r.Print(c, signed.ID); return err }},
		{"try other words", actor.PaperRead, own, func(c context.Context) error { _, _, err := r.Preview(c, draft.ID, draft.Content); return err }},
		{"hand the draft round", actor.PaperRead, own, func(c context.Context) error { _, _, err := r.DraftPDF(c, draft.ID); return err }},
		{"take the files", actor.PaperRead, seen, func(c context.Context) error { _, _, err := r.Files(c, signed.ID); return err }},
		{"read the register", actor.PaperRead, own, func(c context.Context) error {
			list, err := r.Numbers(c, 0, "", page.Request{})
			if err == nil && !slices.ContainsFunc(list.Items, func(n paper.Taken) bool { return n.PaperID == signed.ID }) {
				return absent
			}
			return err
		}},
		{"read the letterhead", actor.PaperRead, own, func(c context.Context) error { l, err := r.Letterhead(c); return here(l.OrgID, err) }},
		{"write a draft", actor.PaperWrite, own, func(c context.Context) error {
			p, err := r.Create(c, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: "x", Text: "x"}})
			return here(p.OrgID, err)
		}},
		{"make the duty table", actor.PaperWrite, own, func(c context.Context) error {
			p, err := r.Compose(c, paper.Roster, "2026-12")
			return here(p.OrgID, err)
		}},
		{"make the record of the shift", actor.PaperWrite, own, func(c context.Context) error {
			p, err := r.Compose(c, paper.Handover, shift.ID)
			return here(p.OrgID, err)
		}},
		{"write it anew", actor.PaperWrite, own, func(c context.Context) error { _, err := r.Refresh(c, made.ID, 0); return err }},
		{"change the draft", actor.PaperWrite, own, func(c context.Context) error {
			now, err := r.Paper(r.officer, draft.ID)
			r.must(err)
			_, err = r.Change(c, draft.ID, now.Version, draft.Content)
			return err
		}},
		{"take a number and void it", actor.PaperWrite, own, func(c context.Context) error {
			p, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: "x", Text: "x"}})
			r.must(err)
			if _, err := r.TakeNumber(c, p.ID); err != nil {
				return err
			}
			_, err = r.Void(c, p.ID, "x")
			return err
		}},
		{"void a number", actor.PaperWrite, own, func(c context.Context) error { _, err := r.Void(c, once().ID, "x"); return err }},
		{"discard", actor.PaperWrite, own, func(c context.Context) error {
			p, err := r.Create(r.officer, paper.NewPaper{Kind: paper.Letter, Content: paper.Content{Title: "x", Text: "x"}})
			r.must(err)
			return r.Discard(c, p.ID)
		}},
		{"take the signed one back", actor.PaperWrite, own, func(c context.Context) error { _, err := r.Withdraw(c, signed.ID); return err }},
		{"take its place", actor.PaperWrite, own, func(c context.Context) error { _, err := r.Replace(c, signed.ID); return err }},
		{"sign", actor.PaperSign, own, func(c context.Context) error {
			p := once()
			_, err := r.Sign(c, p.ID, paper.Sign{Version: p.Version, Password: password})
			return err
		}},
		{"change the letterhead", actor.PaperSign, own, func(c context.Context) error {
			l, err := r.Letterhead(r.leader)
			r.must(err)
			l, err = r.SaveLetterhead(c, l)
			return here(l.OrgID, err)
		}},
	}
	for _, act := range acts {
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s by nobody: %v", act.name, err)
		}
	}
	for _, role := range account.Roles() {
		for org, o := range orgs {
			who := r.user(org+"-"+role.ID, o, role.ID)
			for _, act := range acts {
				holds := slices.Contains(role.Permissions, act.needs)
				may := holds && slices.Contains(act.who, org)
				err := act.do(who)
				if (err == nil) != may {
					t.Errorf("%s of the %s may %s: %v, want %v", role.ID, org, act.name, err, may)
				}
				if e, ok := errors.AsType[*errs.Error](err); !holds && (!ok || e.Code != "auth.denied") { // and learns nothing else
					t.Errorf("%s of the %s, %s: %v", role.ID, org, act.name, err)
				}
			}
		}
	}
}
