package wall_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/wall"
)

func officer(name, division string) context.Context {
	a := actor.Actor{Kind: actor.User, ID: name, Name: name, DivisionCode: division}
	if name != "" {
		a.Permissions = append(a.Permissions, actor.VideoWatch)
	}
	return actor.With(context.Background(), a)
}

func newService(t *testing.T, db *store.DB) (*wall.Service, func() string) {
	t.Helper()
	bus := event.NewBus(nil)
	var mu sync.Mutex
	var seen []string
	bus.Handle(func(_ context.Context, e event.Event) {
		mu.Lock()
		defer mu.Unlock()
		if w, ok := e.Data.(wall.Wall); !ok || e.Division != w.Division || e.Ephemeral {
			t.Errorf("event %+v", e)
		}
		seen = append(seen, strings.TrimPrefix(e.Kind, "wall."))
	})
	return &wall.Service{Store: store.NewWalls(db), Tx: db, Events: bus}, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(seen, " ")
	}
}

func draft(title string) wall.Draft {
	return wall.Draft{Title: title, Size: 4, Cameras: []string{"cam-1", "", "cam-2", ""}, Tour: 20}
}

func TestWallLivesFromDraftToRemovalAndBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, seen := newService(t, db)
		wang, li := officer("王", "320623"), officer("李", "320600")
		w, err := s.Create(wang, draft("汛期"))
		if err != nil || w.Version != 1 || w.AuthorName != "王" || w.Division != "320623" || len(w.Cameras) != 3 {
			t.Fatalf("%+v %v", w, err)
		}
		changed := draft("台风")
		changed.Division = w.Division
		if w, err = s.Change(li, w.ID, 1, changed); err != nil || w.Version != 2 || w.Title != "台风" || w.Tour != 20 {
			t.Fatalf("%+v %v", w, err)
		}
		if _, err := s.Change(wang, w.ID, 1, draft("溪")); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "李 changed this wall") {
			t.Errorf("a change over a newer version: %v", err)
		}
		if _, err := s.Remove(wang, w.ID, 1); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a removal of a newer version: %v", err)
		}
		if _, err := s.Restore(wang, w.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("one that was not removed came back: %v", err)
		}
		if w, err = s.Remove(wang, w.ID, 2); err != nil || w.RemovedAt == nil {
			t.Fatalf("%+v %v", w, err)
		}
		if list, err := s.List(wang); err != nil || len(list) != 0 {
			t.Errorf("%v %v", list, err)
		}
		if _, err := s.Change(wang, w.ID, 3, changed); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a removed one was changed: %v", err)
		}
		if w, err = s.Restore(wang, w.ID); err != nil || w.RemovedAt != nil || w.Version != 4 {
			t.Fatalf("%+v %v", w, err)
		}
		if list, err := s.List(wang); err != nil || len(list) != 1 || list[0].Cameras[2] != "cam-2" {
			t.Errorf("%v %v", list, err)
		}
		if got := seen(); got != "created changed removed restored" {
			t.Errorf("events %s", got)
		}
	})
}

func TestWallsStayWithinTheirDivision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := newService(t, db)
		w, err := s.Create(officer("王", "320623"), draft("汛期"))
		if err != nil {
			t.Fatal(err)
		}
		other := officer("周", "320681")
		if list, err := s.List(other); err != nil || len(list) != 0 {
			t.Errorf("%v %v", list, err)
		}
		if _, err := s.Change(other, w.ID, 1, draft("x")); errs.KindOf(err) != errs.NotFound {
			t.Errorf("changed by another division: %v", err)
		}
		away := draft("x")
		away.Division = "320623"
		if _, err := s.Create(other, away); errs.KindOf(err) != errs.Denied {
			t.Errorf("created in another division: %v", err)
		}
		if _, err := s.List(officer("", "320623")); errs.KindOf(err) != errs.Denied {
			t.Errorf("listed without permission: %v", err)
		}
		if _, err := s.Restore(other, "no-such"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("no such wall: %v", err)
		}
	})
}

func TestImpossibleWallsAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := newService(t, db)
		many := make([]string, 65)
		for name, change := range map[string]func(*wall.Draft){
			"no title":       func(d *wall.Draft) { d.Title = "  " },
			"control":        func(d *wall.Draft) { d.Title = "a\x00" },
			"size":           func(d *wall.Draft) { d.Size = 5 },
			"quick tour":     func(d *wall.Draft) { d.Tour = 1 },
			"too many":       func(d *wall.Draft) { d.Cameras = many },
			"twice":          func(d *wall.Draft) { d.Cameras = []string{"a", "a"} },
			"not an id":      func(d *wall.Draft) { d.Cameras = []string{"A B"} },
			"none":           func(d *wall.Draft) { d.Cameras = []string{"", ""} },
			"no such number": func(d *wall.Draft) { d.Division = "32" },
		} {
			d := draft("汛期")
			change(&d)
			if _, err := s.Create(officer("王", "320600"), d); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
