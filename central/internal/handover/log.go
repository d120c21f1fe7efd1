package handover

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// NewEntry is what somebody writes. A zero At means now. With Item, what the entry asks for stays open under
// its first line, or under Title.
type NewEntry struct {
	Kind     EntryKind
	At       time.Time
	Party    string
	Contact  string
	Text     string
	Corrects string
	Reason   string
	Item     *NewItem
}

// Write adds a line to the log of the actor's own desk, or corrects one.
func (s *Service) Write(ctx context.Context, n NewEntry) (Entry, error) {
	a, o, err := s.own(ctx)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{
		ID: newID(), OrgID: o.ID, Kind: n.Kind, At: n.At.UTC(), WrittenAt: stamp(), By: a.ID, ByName: a.Name, Party: strings.TrimSpace(n.Party),
		Contact: strings.TrimSpace(n.Contact), Text: strings.TrimSpace(n.Text), Corrects: n.Corrects, Reason: strings.TrimSpace(n.Reason),
	}
	if n.At.IsZero() {
		e.At = e.WrittenAt
	}
	if err := e.validate(); err != nil {
		return Entry{}, err
	}
	err = s.change(ctx, o, func(ctx context.Context, sh *Shift, note noter) error {
		if err := s.current(ctx, o, a, sh, note); err != nil {
			return err
		}
		if e.Corrects != "" {
			if err := s.corrects(ctx, o, &e); err != nil {
				return err
			}
		}
		e.ShiftID = sh.ID
		var err error
		if e, err = s.Store.AddEntry(ctx, e); err != nil {
			return err
		}
		if n.Item != nil {
			if n.Item.Title == "" {
				n.Item.Title, _, _ = strings.Cut(e.Text, "\n")
				n.Item.Title = clip(n.Item.Title, maxParty)
			}
			if _, err := s.addItem(ctx, o, a, *n.Item, e.ID, note); err != nil {
				return err
			}
		}
		kind := EventWritten
		if e.Corrects != "" {
			kind = EventCorrected
		}
		note(ctx, kind, e.ID, trace{No: e.No, Kind: e.Kind})
		return nil
	})
	return e, err
}

// corrects looks at the entry that another takes the place of.
func (s *Service) corrects(ctx context.Context, o account.Org, e *Entry) error {
	old, err := s.Store.Entry(ctx, e.Corrects)
	if err != nil {
		return err
	}
	if old.OrgID != o.ID {
		return errs.E(errs.NotFound, "handover.not_found", "there is no such entry")
	}
	if !slices.Contains(written(), old.Kind) {
		return errs.E(errs.Conflict, "handover.by_desk", "the desk wrote this entry; add a note instead")
	}
	return nil
}

func clip(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// NewItem is something that stays to be done. Without an owner it is the actor's.
type NewItem struct {
	Title   string
	Level   int
	OwnerID string
	DueAt   *time.Time
}

// AddItem opens an item at the actor's own desk.
func (s *Service) AddItem(ctx context.Context, n NewItem) (Item, error) {
	a, o, err := s.own(ctx)
	if err != nil {
		return Item{}, err
	}
	var out Item
	err = s.change(ctx, o, func(ctx context.Context, sh *Shift, note noter) error {
		if err := s.current(ctx, o, a, sh, note); err != nil {
			return err
		}
		out, err = s.addItem(ctx, o, a, n, "", note)
		return err
	})
	return out, err
}

func (s *Service) addItem(ctx context.Context, o account.Org, a actor.Actor, n NewItem, entry string, note noter) (Item, error) {
	now := stamp()
	i := Item{ID: newID(), OrgID: o.ID, Title: strings.TrimSpace(n.Title), Level: n.Level, DueAt: n.DueAt, EntryID: entry, OpenedAt: now, OpenedBy: a.Name, Version: 1}
	if err := i.validate(now); err != nil {
		return Item{}, err
	}
	if n.OwnerID == "" {
		if p, err := s.Roster.PersonOf(actor.WithSystem(ctx, "handover"), a.ID); err == nil && p.OrgID == o.ID {
			n.OwnerID = p.ID
		}
	}
	var err error
	if i.OwnerID, i.OwnerName, err = s.owner(ctx, o, n.OwnerID); err != nil {
		return Item{}, err
	}
	if err := s.Store.SaveItem(ctx, i, 0); err != nil {
		return Item{}, err
	}
	if err := s.step(ctx, i, a.Name, "opened", i.OwnerName); err != nil {
		return Item{}, err
	}
	note(ctx, EventItem, i.ID, trace{To: i.OwnerName})
	return i, s.watchItem(ctx, o, i)
}

// owner finds the duty person that is to have an item; an empty id is nobody.
func (s *Service) owner(ctx context.Context, o account.Org, id string) (string, string, error) {
	if id == "" {
		return "", "", nil
	}
	people, err := s.Roster.People(actor.WithSystem(ctx, "handover"), o.ID)
	if err != nil {
		return "", "", err
	}
	for _, p := range people {
		if p.ID == id && p.Active {
			return p.ID, p.Name, nil
		}
	}
	return "", "", errs.Field("handover.owner", "owner_id", "is none of the duty people of the desk")
}

func (s *Service) step(ctx context.Context, i Item, by, kind, text string) error {
	return s.Store.AddStep(ctx, Step{ItemID: i.ID, At: stamp(), ByName: by, Kind: kind, Text: text})
}

func (s *Service) watchItem(ctx context.Context, o account.Org, i Item) error {
	owner := deadline.Owner{Kind: ItemKind, ID: i.ID}
	found, ok := s.Book.Find(deadline.Query{Division: o.Division, Do: "item", At: i.OpenedAt})
	switch {
	case i.DoneAt != nil:
		return s.Clocks.End(ctx, owner, "item", deadline.Met)
	case i.DueAt == nil || !ok:
		return s.Clocks.End(ctx, owner, "item", deadline.Dropped)
	}
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: owner, Kind: "item", OrgID: o.ID, Division: o.Division, Name: i.Title, Rule: found.Name(), Scale: deadline.Fixed,
		BaseAt: i.OpenedAt, DueAt: i.DueAt.Add(time.Duration(found.Limit.Within)), Stages: found.Limit.Stages(),
	})
	return err
}

// ItemChange is what is changed of an item. Version is the one that the person saw: errs.Conflict when there
// is a newer. Done with a result closes it; one that is done and is not any more is open again.
type ItemChange struct {
	Version int
	Title   string
	Level   int
	OwnerID string
	DueAt   *time.Time
	Done    bool
	Result  string
}

// ChangeItem changes an item of the actor's own desk.
func (s *Service) ChangeItem(ctx context.Context, id string, c ItemChange) (Item, error) {
	a, o, err := s.own(ctx)
	if err != nil {
		return Item{}, err
	}
	var out Item
	err = s.change(ctx, o, func(ctx context.Context, _ *Shift, note noter) error {
		old, err := s.Store.Item(ctx, id)
		if err != nil {
			return err
		}
		if old.OrgID != o.ID {
			return errs.E(errs.NotFound, "handover.not_found", "there is no such item")
		}
		i := old
		now := stamp()
		i.Title, i.Level, i.DueAt, i.Version = strings.TrimSpace(c.Title), c.Level, c.DueAt, c.Version+1
		if err := i.validate(now); err != nil {
			return err
		}
		if c.OwnerID != old.OwnerID {
			if i.OwnerID, i.OwnerName, err = s.owner(ctx, o, c.OwnerID); err != nil {
				return err
			}
		}
		kind, text := "changed", i.Title
		switch {
		case c.Done && old.DoneAt == nil:
			i.Result = strings.TrimSpace(c.Result)
			if strings.TrimSpace(i.Result) == "" || !errs.Text(i.Result, maxText) {
				return errs.Field("handover.result", "result", "say what came of it")
			}
			i.DoneAt, i.DoneBy = &now, a.Name
			kind, text = "done", i.Result
		case !c.Done && old.DoneAt != nil:
			i.DoneAt, i.DoneBy, i.Result = nil, "", ""
			kind = "reopened"
		case i.OwnerID != old.OwnerID:
			kind, text = "owned", i.OwnerName
		}
		if err := s.Store.SaveItem(ctx, i, c.Version); err != nil {
			return err
		}
		if err := s.step(ctx, i, a.Name, kind, text); err != nil {
			return err
		}
		done := EventItem
		if i.DoneAt != nil {
			done = EventItemDone
		}
		note(ctx, done, i.ID, trace{From: old.OwnerName, To: i.OwnerName})
		out = i
		return s.watchItem(ctx, o, i)
	})
	return out, err
}

// Steps lists what became of an item.
func (s *Service) Steps(ctx context.Context, id string) ([]Step, error) {
	if _, err := actor.Require(ctx, actor.DutyLog); err != nil {
		return nil, err
	}
	i, err := s.Store.Item(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.org(ctx, i.OrgID); err != nil {
		return nil, err
	}
	return s.Store.Steps(ctx, id)
}
