package reminder_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/reminder"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestEventsOfTheDeskBecomeMessagesInTheirTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := actor.WithSystem(t.Context(), "test")
		bus := event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))
		kept := store.NewAccounts(db)
		accounts, err := account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
		must(t, err)
		_, err = accounts.EnsureFirst(ctx, account.First{OrgName: "市", OrgNameEN: "City", Division: "320600"})
		must(t, err)
		city, err := accounts.TopOrg(ctx)
		must(t, err)
		roster := duty.New(duty.Options{Store: store.NewDuty(db), Tx: db, Accounts: accounts, Events: bus})
		notices := notice.New(notice.Options{Store: store.NewNotices(db), Tx: db, Events: bus})
		told := &reminder.Service{People: roster, Notices: notices, Log: slog.New(slog.DiscardHandler)}
		bus.Inside(told.OnRecord)
		person := func(name string) duty.Person {
			p, err := roster.SavePerson(ctx, duty.Person{OrgID: city.ID, Name: name, Active: true, Phones: []duty.Phone{{Kind: "mobile", Number: "138 0000 0001"}, {Kind: "mail", Number: "a@example.cn"}}})
			must(t, err)
			return p
		}
		from, to := person("李明"), person("王芳")
		at := time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC)
		swap := duty.Swap{ID: "w", OrgID: city.ID, Cell: duty.Key{Day: "2026-12-01"}, CellName: "值班员 夜班", FromID: from.ID, FromName: from.Name, ToID: to.ID, ToName: to.Name, StartsAt: at.Add(100 * time.Hour)}
		clock := deadline.Clock{ID: "c", Owner: deadline.Owner{Kind: "handover"}, Name: "市值班室", DueAt: at, Stage: 2, Asked: &deadline.Asked{OrgID: city.ID, Division: "320600", People: []string{to.ID, "gone"}}}
		for _, c := range []struct {
			kind string
			data any
			want []string // names and a part of the text, newest first
		}{
			{duty.EventSwapAsked, swap, []string{"王芳 李明想把 2026-12-01 值班员 夜班 换给您"}},
			{duty.EventSwapAgreed, swap, []string{"李明 王芳同意接"}},
			{duty.EventSwapApproved, swap, []string{"王芳 换班已批准", "李明 换班已批准"}},
			{duty.EventSwapRefused, swap, []string{"王芳 换班未批准", "李明 换班未批准"}},
			{duty.EventTakeover, duty.Takeover{ID: "t", ToID: to.ID, ToName: to.Name, FromID: from.ID, At: at, Reason: "急病", ByName: "张"}, []string{"王芳 11月26日12:00起由王芳接替值班，原因：急病", "李明 11月26日12:00起由王芳接替值班"}},
			{duty.EventReturned, duty.Takeover{ID: "t2", ToID: to.ID}, nil},
			{deadline.EventPassed, clock, nil},
			{deadline.EventEscalated, clock, []string{"王芳 交班超时：市值班室，11月26日12:00到期"}},
			{deadline.EventEscalated, clock, nil}, // the same mark again
			{deadline.EventEscalated, late(clock, "report", "report.written"), []string{"王芳 书面报告超时：市值班室"}},
			{deadline.EventEscalated, late(clock, "daily", "report.daily"), []string{"王芳 日报未报：市值班室"}},
			{deadline.EventEscalated, late(clock, "response", "task"), []string{"王芳 应急任务超时：市值班室"}},
			{deadline.EventEscalated, late(clock, "resource", "check_in"), []string{"王芳 现场未报平安：市值班室"}},
			{deadline.EventEscalated, late(clock, "plan", "plan.assess"), []string{"王芳 预案评估超期：市值班室"}},
			{deadline.EventEscalated, late(clock, "something", "new"), []string{"王芳 时限超时：市值班室"}},
		} {
			before := count(ctx, t, notices)
			err := db.Do(ctx, func(ctx context.Context) error {
				e := event.New(ctx, c.kind, "x", "320600", c.data)
				e.At = at
				return bus.Record(ctx, &e)
			})
			must(t, err)
			list, err := notices.List(ctx, "", page.Request{})
			must(t, err)
			if got := len(list.Items) - before; got != len(c.want) {
				t.Errorf("%s: %d messages, want %d", c.kind, got, len(c.want))
				continue
			}
			for i, want := range c.want {
				if n := list.Items[i]; !strings.HasPrefix(n.Name+" "+n.Text, want) {
					t.Errorf("%s: %s %s, want %s", c.kind, n.Name, n.Text, want)
				}
			}
		}
	})
}

func count(ctx context.Context, t *testing.T, s *notice.Service) int {
	t.Helper()
	list, err := s.List(ctx, "", page.Request{})
	must(t, err)
	return len(list.Items)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPersonIsReachedFirstWhereSomebodyMadeSure(t *testing.T) {
	at := time.Now()
	p := duty.Person{Phones: []duty.Phone{{Kind: "mobile", Number: "138 0000-0001"}, {Kind: "office", Number: "0513 1"}, {Kind: "mail", Number: "a@example.cn"}, {Kind: "mobile", Number: "13900000002", VerifiedAt: &at}}}
	numbers, mails := p.Addresses()
	if strings.Join(numbers, " ") != "13900000002 13800000001" || strings.Join(mails, " ") != "a@example.cn" {
		t.Errorf("%q %q", numbers, mails)
	}
}

// late is a clock like another, of another owner.
func late(c deadline.Clock, owner, kind string) deadline.Clock {
	c.ID, c.Owner.Kind, c.Kind = "c "+kind, owner, kind
	return c
}
