package api

import (
	"slices"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
)

func say(t *testing.T, conn *websocket.Conn, word string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(word)); err != nil {
		t.Fatal(err)
	}
}

func TestDesksAboveLearnAtOnceWhoHearsAlarmsBelow(t *testing.T) {
	c := newCentre(t)
	admin := c.admin()
	city := admin.live()
	if m := next(t, city); m.Desks == nil || len(m.Desks) != 0 {
		t.Fatalf("desks of the snapshot %v, want a list that is empty", m.Desks)
	}
	told := func(what string, want ...string) {
		t.Helper()
		if m := until(t, city, func(m liveMessage) bool { return m.Desks != nil }); !slices.Equal(m.Desks, want) {
			t.Errorf("%s: desks %v, want %v", what, m.Desks, want)
		}
	}
	duty, _ := c.user(admin, "rudong", "320623", account.RoleDuty)
	other, _ := c.user(admin, "qidong", "320681", account.RoleDuty)
	county, third := duty.live(), other.live()
	next(t, county)
	if m := next(t, third); len(m.Desks) != 0 {
		t.Errorf("a desk that is open and has not said that it hears counts: %v", m.Desks)
	}
	say(t, county, sayHears)
	told("one county", "320623")
	say(t, third, sayHears)
	told("two counties", "320623", "320681")
	say(t, county, sayDeaf)
	told("muted", "320681")
	say(t, county, sayHears)
	told("heard again", "320623", "320681")
	if err := county.Close(); err != nil {
		t.Fatal(err)
	}
	told("closed", "320681")
	c.server.live.mu.Lock()
	for v := range c.server.live.open {
		if v.who.DivisionCode == "320681" {
			v.heard = v.heard.Add(-liveDeaf) // its page hangs
		}
	}
	c.server.live.mu.Unlock()
	told("silent for too long")
}

func TestWhoCannotTakeAlarmsIsNoDesk(t *testing.T) {
	now := time.Now()
	who := actor.Actor{DivisionCode: "320623", Permissions: []actor.Permission{actor.AlarmRead, actor.AlarmAck}}
	for what, c := range map[string]struct {
		v    view
		want bool
	}{
		"an officer":      {view{who: who, cred: credential{cookie: true}, heard: now}, true},
		"a program":       {view{who: who, heard: now}, false},
		"nothing heard":   {view{who: who, cred: credential{cookie: true}}, false},
		"too long ago":    {view{who: who, cred: credential{cookie: true}, heard: now.Add(-liveDeaf)}, false},
		"only looks on":   {view{who: actor.Actor{DivisionCode: "320623", Permissions: []actor.Permission{actor.AlarmRead}}, cred: credential{cookie: true}, heard: now}, false},
		"sees no alarms":  {view{who: actor.Actor{DivisionCode: "320623", Permissions: []actor.Permission{actor.AlarmAck}}, cred: credential{cookie: true}, heard: now}, false},
		"of another year": {view{who: who, cred: credential{cookie: true}, heard: now.AddDate(-1, 0, 0)}, false},
	} {
		if got := c.v.hears(now); got != c.want {
			t.Errorf("%s: a desk %v, want %v", what, got, c.want)
		}
	}
}
