package board_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// officer may read and write boards of a division; without a name, only read.
func officer(name, division string) context.Context {
	a := actor.Actor{Kind: actor.User, ID: name, Name: name, DivisionCode: division, Permissions: []actor.Permission{actor.TelemetryRead, actor.DeviceRead}}
	if name != "" {
		a.Permissions = append(a.Permissions, actor.BoardWrite)
	}
	return actor.With(context.Background(), a)
}

func newService(t *testing.T, db *store.DB) (*board.Service, func() string) {
	t.Helper()
	bus := event.NewBus(nil)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	devices := &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, Log: slog.New(slog.DiscardHandler), CA: ca}
	var mu sync.Mutex
	var seen []string
	bus.Handle(func(_ context.Context, e event.Event) {
		mu.Lock()
		defer mu.Unlock()
		b, ok := e.Data.(board.Board)
		if !ok || e.Division != b.Division || len(b.Tiles) > 0 && len(b.Tiles[0].Picture) > 5 {
			t.Errorf("event %+v", e)
		}
		seen = append(seen, strings.TrimPrefix(e.Kind, "board."))
	})
	return &board.Service{Store: store.NewBoards(db), Tx: db, Devices: devices, Events: bus}, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(seen, " ")
	}
}

func draft(title string) board.Draft {
	return board.Draft{Division: "320623", Title: title, Tiles: []board.Tile{{ID: "t1", Kind: board.Plan, Columns: 1, Rows: 1, Picture: "data:image/png;base64,iVBORw0KGgo="}}}
}

func TestBoardLivesFromDraftToRemovalAndBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, seen := newService(t, db)
		wang, li := officer("王", "320623"), officer("李", "320600")
		b, err := s.Create(wang, draft("河"))
		if err != nil || b.Version != 1 || b.AuthorName != "王" {
			t.Fatalf("%+v %v", b, err)
		}
		if b, err = s.Change(li, b.ID, 1, draft("江")); err != nil || b.Version != 2 || b.Title != "江" {
			t.Fatalf("%+v %v", b, err)
		}
		_, err = s.Change(wang, b.ID, 1, draft("溪"))
		if errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "李 changed this board") {
			t.Errorf("a change over a newer version: %v", err)
		}
		if _, err := s.Remove(wang, b.ID, 1); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a removal of a newer version: %v", err)
		}
		if b, err = s.Remove(wang, b.ID, 2); err != nil || b.RemovedAt == nil {
			t.Fatalf("%+v %v", b, err)
		}
		if list, err := s.List(wang); err != nil || len(list) != 0 {
			t.Errorf("%v %v", list, err)
		}
		if _, err := s.Get(wang, b.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a removed board: %v", err)
		}
		if _, err := s.Restore(wang, b.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Restore(wang, b.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a second restoring: %v", err)
		}
		got, err := s.Get(wang, b.ID)
		if err != nil || got.Version != 4 || got.RemovedAt != nil || got.Tiles[0].Picture == "data:" || !got.CreatedAt.Equal(b.CreatedAt) {
			t.Errorf("%+v %v", got, err)
		}
		if got := seen(); got != "created changed removed restored" {
			t.Errorf("events %q", got)
		}
	})
}

func TestBoardsAreSeenAndWrittenWithinTheDivisionOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := newService(t, db)
		b, err := s.Create(officer("王", "320623"), draft("河"))
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := officer("赵", "320681")
		if list, err := s.List(elsewhere); err != nil || len(list) != 0 {
			t.Errorf("%v %v", list, err)
		}
		for what, err := range map[string]error{
			"get":     second(s.Get(elsewhere, b.ID)),
			"change":  second(s.Change(elsewhere, b.ID, 1, draft("x"))),
			"remove":  second(s.Remove(elsewhere, b.ID, 1)),
			"restore": second(s.Restore(elsewhere, b.ID)),
		} {
			if errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", what, err)
			}
		}
		for what, err := range map[string]error{
			"create elsewhere":  second(s.Create(elsewhere, draft("x"))),
			"suggest elsewhere": second(s.Suggest(elsewhere, "320623")),
			"only reading":      second(s.Create(officer("", "320623"), draft("x"))),
		} {
			if errs.KindOf(err) != errs.Denied {
				t.Errorf("%s: %v", what, err)
			}
		}
		if list, err := s.List(officer("", "320600")); err != nil || len(list) != 1 || len(list[0].Tiles) != 0 {
			t.Errorf("%v %v", list, err)
		}
	})
}

// A save that comes second is refused by the database as well, whoever looked first.
func TestSaveOverAnOlderVersionIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, _ := newService(t, db)
		b, err := s.Create(officer("王", "320623"), draft("河"))
		if err != nil {
			t.Fatal(err)
		}
		b.Version = 2
		boards := store.NewBoards(db)
		if err := boards.Save(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := boards.Save(t.Context(), b); errs.KindOf(err) != errs.Conflict {
			t.Errorf("got %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }
