package audit_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func service(db *store.DB) (*audit.Service, *event.Bus) {
	s := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	return s, event.NewBus(s)
}

// record writes events down as a use case does.
func record(ctx context.Context, t *testing.T, bus *event.Bus, events ...event.Event) {
	t.Helper()
	for _, e := range events {
		if err := bus.Record(ctx, &e); err != nil {
			t.Error(err)
		}
		bus.Publish(ctx, e) // not written a second time
	}
}

func reader(division string) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Kind: actor.User, ID: "r", DivisionCode: division, Permissions: []actor.Permission{actor.AuditRead},
	})
}

func list(ctx context.Context, t *testing.T, s *audit.Service, q audit.Query) []string {
	t.Helper()
	l, err := s.List(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range l.Items {
		out = append(out, e.Subject)
	}
	return out
}

func TestEveryChangeIsRecordedOnceAndPassingViewsAreNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, bus := service(db)
		who := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u1", Name: "张三"})
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		bus.Publish(who, event.Event{Kind: "telemetry.latest", Subject: "x", Ephemeral: true})
		record(who, t, bus,
			event.Event{Kind: "alarm.opened", Subject: "a1", Division: "320623", Data: map[string]any{"value": 5.3}},
			event.Event{Kind: "device.created", Subject: "d1", Division: "320681"},
			event.Event{Kind: "account.created", Subject: "u2", Division: "320600"})
		ended, cancel := context.WithCancel(who)
		cancel()
		bus.Publish(ended, event.Event{Kind: "alarm.cleared", Subject: "a1 100%", Division: "320623104"}) // no transaction: queued
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}

		for _, c := range []struct {
			name string
			ctx  context.Context
			q    audit.Query
			want string
		}{
			{"city sees all, newest first", reader("320600"), audit.Query{}, "a1 100%,u2,d1,a1"},
			{"county sees its own", reader("320623"), audit.Query{}, "a1 100%,a1"},
			{"nowhere sees nothing", reader(""), audit.Query{}, ""},
			{"kind", reader("320600"), audit.Query{Kind: "alarm."}, "a1 100%,a1"},
			{"search is no pattern", reader("320600"), audit.Query{Request: page.Request{Search: "100%"}}, "a1 100%"},
			{"search in data", reader("320600"), audit.Query{Request: page.Request{Search: "5.3"}}, "a1"},
			{"search by name", reader("320600"), audit.Query{Request: page.Request{Search: "张三"}}, "a1 100%,u2,d1,a1"},
			{"later", reader("320600"), audit.Query{From: time.Now().Add(time.Hour)}, ""},
		} {
			if got := strings.Join(list(c.ctx, t, s, c.q), ","); got != c.want {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		}
		first, err := s.List(reader("320600"), audit.Query{Request: page.Request{Limit: 3}})
		if err != nil || len(first.Items) != 3 || first.Next == "" {
			t.Fatalf("first part: %d items, next %q, %v", len(first.Items), first.Next, err)
		}
		if got := strings.Join(list(reader("320600"), t, s, audit.Query{Request: page.Request{After: first.Next}}), ","); got != "a1" {
			t.Errorf("second part = %q, want a1", got)
		}
		if _, err := s.List(who, audit.Query{}); errs.KindOf(err) != errs.Denied {
			t.Errorf("without permission: %v, want denied", err)
		}
		r, err := s.Verify(reader("320600"), audit.Head{})
		if err != nil || !r.Sound || r.Entries != 4 {
			t.Errorf("verify = %+v, %v", r, err)
		}
	})
}

func TestManyAtOnceMakeOneChain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, bus := service(db)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 5 {
					record(t.Context(), t, bus, event.Event{Kind: "device.created", Subject: "d"})
				}
			})
		}
		wg.Wait()
		if r, err := s.Verify(reader("320600"), audit.Head{}); err != nil || !r.Sound || r.Entries != 40 {
			t.Errorf("verify = %+v, %v; want 40 sound entries", r, err)
		}
	})
}

func TestTamperingIsFound(t *testing.T) {
	for statement, want := range map[string]string{
		`update audit set actor_name = '李四' where seq = 2`: "entry 2 was changed",
		`delete from audit where seq = 2`:                  "entry 2 is missing",
		`delete from audit where seq = 4`:                  "cut off after entry 3",
		`update audit set data = '{}' where seq = 1`:       "entry 1 was changed",
	} {
		path := filepath.Join(t.TempDir(), "central.db")
		s, bus := service(storetest.Open(t, store.Options{Driver: store.SQLite, DSN: path}))
		for range 4 {
			record(t.Context(), t, bus, event.Event{Kind: "device.created", Subject: "d", Data: map[string]int{"a": 1}})
		}
		raw, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		// Whoever owns the file can take the guard away; the hashes remain.
		_, err = raw.ExecContext(t.Context(), "drop trigger audit_kept; drop trigger audit_stays; "+statement)
		_ = raw.Close()
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Verify(reader("320600"), audit.Head{})
		if err != nil || r.Sound || !strings.Contains(r.Problem, want) {
			t.Errorf("%s: %+v, %v; want %q", statement, r, err, want)
		}
	}
}

func TestAChainWrittenAnewIsFoundByTheHeadThatWasKept(t *testing.T) {
	chain := func(subject string, entries int) (*audit.Service, audit.Head) {
		s, bus := service(storetest.Open(t, store.Options{Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "central.db")}))
		for range entries {
			record(t.Context(), t, bus, event.Event{Kind: "device.created", Subject: subject})
		}
		head, err := s.Head(reader("320600"))
		if err != nil {
			t.Fatal(err)
		}
		return s, head
	}
	own, head := chain("d", 3)
	anew, _ := chain("other", 4)
	short, _ := chain("d", 2)
	kept, err := audit.ParseHead(head.String() + "\n")
	if err != nil || kept != head {
		t.Fatalf("read %v, %v; want %v", kept, err, head)
	}
	for want, s := range map[string]*audit.Service{"": own, "entry 3 is not the one that was kept": anew, "cut off after entry 2": short} {
		r, err := s.Verify(reader("320600"), kept)
		if err != nil || r.Sound != (want == "") || !strings.Contains(r.Problem, want) {
			t.Errorf("%+v, %v; want %q", r, err, want)
		}
	}
	for _, bad := range []string{"", "3", "3:", "x:" + head.Hash, "0:" + head.Hash, "3:zz", head.Hash} {
		if _, err := audit.ParseHead(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
