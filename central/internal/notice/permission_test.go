package notice_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// For every act, every set of rights and every division: messages of the county are seen by who reads rosters there or above it,
// seen to by who keeps the log, and a message to any address is sent by who may test.
func TestEveryActByEveryRightInEveryDivision(t *testing.T) {
	g := newGateway(t)
	o := newOffice(t, storetest.SQLite(t), g.channel(t, "sms"))
	tried := 0
	lost := func() string { // nobody's number is known
		tried++
		name := fmt.Sprintf("无号%d", tried)
		o.queue(name, to(name))
		return o.find(name).ID
	}
	kept := lost()
	acts := []struct {
		name  string
		needs actor.Permission
		all   bool // wherever one is
		do    func(context.Context) error
	}{
		{"list", actor.DutyRead, false, func(c context.Context) error {
			list, err := o.List(c, "", page.Request{Limit: page.MaxLimit})
			if err == nil && !slices.ContainsFunc(list.Items, func(n notice.Notice) bool { return n.Division == "320623" }) {
				return errs.E(errs.NotFound, "x", "not in the list")
			}
			return err
		}},
		{"read", actor.DutyRead, false, func(c context.Context) error { _, err := o.Get(c, kept); return err }},
		{"see to it", actor.DutyLog, false, func(c context.Context) error { _, err := o.Settle(c, lost(), "打了电话"); return err }},
		{"see the channels", actor.DutyRead, true, func(c context.Context) error { _, err := o.States(c); return err }},
		{"send a test", actor.NoticeTest, true, func(c context.Context) error { _, err := o.Test(c, "sms", "13800000009", "试"); return err }},
	}
	for _, act := range acts {
		if err := act.do(t.Context()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s by nobody: %v", act.name, err)
		}
	}
	for _, holds := range subsets(actor.DutyRead, actor.DutyLog, actor.NoticeTest) {
		for division, inside := range map[string]bool{"320000": true, "320600": true, "320623": true, "320623104": false, "320681": false, "": false} {
			who := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: division, Permissions: holds})
			for _, act := range acts {
				may := slices.Contains(holds, act.needs) && (inside || act.all)
				if err := act.do(who); (err == nil) != may {
					t.Errorf("%v of %q may %s: %v, want %v", holds, division, act.name, err, may)
				} else if err != nil && !slices.Contains([]errs.Kind{errs.Denied, errs.NotFound}, errs.KindOf(err)) {
					t.Errorf("%v of %q, %s: %v", holds, division, act.name, err)
				}
			}
		}
	}
}

// subsets are all sets of some rights.
func subsets(all ...actor.Permission) [][]actor.Permission {
	out := [][]actor.Permission{nil}
	for _, p := range all {
		for _, s := range out {
			out = append(out, append(slices.Clone(s), p))
		}
	}
	return out
}
