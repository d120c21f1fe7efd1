package drill

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Sheet is what one evaluator writes, on the phone by an address or at the console.
type Sheet struct {
	ID      string     `json:"id"`
	DrillID string     `json:"drill_id"`
	Name    string     `json:"name"` // of the evaluator
	Post    string     `json:"post"` // where they stand
	Marks   []Mark     `json:"marks"`
	Advice  string     `json:"advice"`
	At      *time.Time `json:"at,omitempty"` // handed in
	Until   time.Time  `json:"until"`        // how long the address holds
	Hash    string     `json:"-"`
}

// Mark is what an evaluator finds of one aspect: 1 (poor) to 5 (good), 0 not seen.
type Mark struct {
	ID    string `json:"id"`
	Score int    `json:"score"`
	Text  string `json:"text"`
}

const sheetLasts = 30 * 24 * time.Hour

// Handed is a new sheet with the address that leads to it; the address is shown once.
type Handed struct {
	Sheet
	Link string `json:"link"`
}

// Hand makes a sheet for somebody who evaluates.
func (s *Service) Hand(ctx context.Context, id, name, post string) (Handed, error) {
	name, post = strings.TrimSpace(name), strings.TrimSpace(post)
	if !errs.Name(name, 32) || !errs.Line(post, maxName) {
		return Handed{}, errs.Field("drill.evaluator", "name", "1 to 32 characters on one line")
	}
	token := rand.Text()
	var h Handed
	_, err := s.change(ctx, id, EventSheet, func(ctx context.Context, _ actor.Actor, d *Drill, log func(kind, text string)) error {
		if d.State == Cancelled || d.State == Closed {
			return errs.E(errs.Conflict, "drill.state", "that cannot be done with the exercise as it stands; look at it again")
		}
		h.Sheet = Sheet{ID: newID(), DrillID: id, Name: name, Post: post, Marks: []Mark{}, Until: s.stamp().Add(sheetLasts), Hash: account.Digest(token)}
		log("sheet", name)
		return s.Store.SaveSheet(ctx, h.Sheet)
	})
	h.Link = strings.TrimSuffix(s.URL, "/") + "/e/" + token
	return h, err
}

// SheetPage is what the address of a sheet shows. Before the exercise starts it says no more than to wait.
type SheetPage struct {
	Sheet
	Drill   string   `json:"drill"`
	Open    bool     `json:"open"` // it may be written
	Injects []Inject `json:"injects"`
	Aspects []Aspect `json:"aspects"`
}

func (s *Service) sheet(ctx context.Context, token string) (Sheet, Drill, error) {
	v, err := s.Store.SheetByHash(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound || (err == nil && s.stamp().After(v.Until)) {
		return v, Drill{}, errs.E(errs.NotFound, "drill.no_link", "this address is unknown, or its time is over")
	}
	if err != nil {
		return v, Drill{}, err
	}
	d, err := s.Store.Drill(ctx, v.DrillID)
	return v, d, err
}

// Sheet is the page behind an address.
func (s *Service) Sheet(ctx context.Context, token string) (SheetPage, error) {
	v, d, err := s.sheet(ctx, token)
	if err != nil {
		return SheetPage{}, err
	}
	p := SheetPage{Sheet: v, Open: d.State.live(), Injects: []Inject{}, Aspects: append([]Aspect{}, s.Pack.Aspects...)}
	if d.StartedAt == nil {
		return p, nil // of a blind one not even the name
	}
	p.Drill = d.Name
	for _, i := range d.Injects {
		if i.State == Given {
			p.Injects = append(p.Injects, i)
		}
	}
	return p, nil
}

// Write keeps a sheet by its address, as often as the evaluator wants while it may be written.
func (s *Service) Write(ctx context.Context, token string, marks []Mark, advice string) (Sheet, error) {
	ctx = actor.WithSystem(ctx, "evaluator")
	if !errs.Text(advice, maxText) || len(marks) > len(s.Pack.Aspects) {
		return Sheet{}, errs.Field("drill.advice", "advice", "at most 4000 characters")
	}
	for _, m := range marks {
		known := slices.ContainsFunc(s.Pack.Aspects, func(a Aspect) bool { return a.ID == m.ID })
		if !known || m.Score < 0 || m.Score > 5 || !errs.Text(m.Text, maxText) {
			return Sheet{}, errs.Field("drill.marks", "marks", "1 to 5 for each aspect, 0 for what was not seen")
		}
	}
	var out Sheet
	err := event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		v, d, err := s.sheet(ctx, token)
		if err != nil {
			return err
		}
		if !d.State.live() {
			return errs.E(errs.Conflict, "drill.sheet_closed", "sheets are written from the start of the exercise until it is closed")
		}
		now := s.stamp()
		v.Marks, v.Advice, v.At = append([]Mark{}, marks...), strings.TrimSpace(advice), &now
		out = v
		note(event.New(ctx, EventSheet, d.ID, d.Division, Trace{Name: d.Name, To: v.Name}))
		return s.Store.SaveSheet(ctx, v)
	})
	return out, err
}

// Sheets lists what the evaluators wrote, for the controllers.
func (s *Service) Sheets(ctx context.Context, id string) ([]Sheet, error) {
	v, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.Part != Controls {
		return []Sheet{}, nil
	}
	list, err := s.Store.Sheets(ctx, id)
	return append([]Sheet{}, list...), err
}

// ItemState of something to improve.
type ItemState string

// The states.
const (
	ItemOpen     ItemState = "open"
	ItemDone     ItemState = "done"     // whoever has to do it says so
	ItemVerified ItemState = "verified" // a controller has seen that it holds
)

// Item is something to improve that an exercise has shown, until somebody has seen that it is done.
type Item struct {
	ID        string     `json:"id"`
	DrillID   string     `json:"drill_id"`
	Text      string     `json:"text"`
	OrgID     string     `json:"org_id"` // who does it
	OrgName   string     `json:"org_name"`
	DueOn     string     `json:"due_on"` // day
	State     ItemState  `json:"state" enum:"open,done,verified"`
	How       string     `json:"how"` // it was done
	MadeAt    time.Time  `json:"made_at"`
	DoneAt    *time.Time `json:"done_at,omitempty"`
	DoneBy    string     `json:"done_by"`
	ClosedAt  *time.Time `json:"closed_at,omitempty"`
	ClosedBy  string     `json:"closed_by"`
	DrillName string     `json:"drill_name"`
}

// Improve adds something to improve.
func (s *Service) Improve(ctx context.Context, id, text, org, dueOn string) (Item, error) {
	text = strings.TrimSpace(text)
	if text == "" || !errs.Text(text, maxText) || !day(dueOn) {
		return Item{}, errs.Field("drill.item", "text", "say what, in 1 to 4000 characters, and by which day")
	}
	var i Item
	_, err := s.change(ctx, id, EventItem, func(ctx context.Context, _ actor.Actor, d *Drill, log func(kind, text string)) error {
		if d.StartedAt == nil {
			return errs.E(errs.Conflict, "drill.state", "that cannot be done with the exercise as it stands; look at it again")
		}
		tree, err := s.Desks.Tree(ctx)
		if err != nil {
			return err
		}
		o, ok := incident.Find(tree, org)
		if !ok {
			return errs.Field("drill.org", "org_id", "there is no such organisation")
		}
		i = Item{ID: newID(), DrillID: id, DrillName: d.Name, Text: text, OrgID: o.ID, OrgName: o.Name, DueOn: dueOn, State: ItemOpen, MadeAt: s.stamp()}
		log("item", i.Text)
		return s.Store.SaveItem(ctx, i)
	})
	return i, err
}

// Items lists what an exercise wants improved.
func (s *Service) Items(ctx context.Context, id string) ([]Item, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	list, err := s.Store.Items(ctx, id)
	return append([]Item{}, list...), err
}

// Settle says that something is done (the organisation that does it, or a controller), that this was seen (a
// controller), or that it is open again (a controller).
func (s *Service) Settle(ctx context.Context, id, item string, to ItemState, how string) (Item, error) {
	a, o, err := s.Desks.Own(ctx, actor.DrillWrite)
	if err != nil {
		return Item{}, err
	}
	how = strings.TrimSpace(how)
	if !errs.Text(how, maxText) || (to == ItemDone && how == "") {
		return Item{}, errs.Field("drill.how", "how", "say how, in 1 to 4000 characters")
	}
	var out Item
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		d, err := s.Store.Drill(ctx, id)
		if err != nil {
			return err
		}
		if _, err := s.part(d, a, o); err != nil {
			return err
		}
		list, err := s.Store.Items(ctx, id)
		if err != nil {
			return err
		}
		n := slices.IndexFunc(list, func(i Item) bool { return i.ID == item })
		if n < 0 {
			return errs.E(errs.NotFound, "drill.no_item", "there is no such item")
		}
		if out, err = list[n].settle(to, how, a, o, d, s.stamp()); err != nil {
			return err
		}
		note(event.New(ctx, EventItem, d.ID, d.Division, Trace{Name: d.Name, To: string(to)}))
		return s.Store.SaveItem(ctx, out)
	})
	return out, err
}

func (i Item) settle(to ItemState, how string, a actor.Actor, o account.Org, d Drill, now time.Time) (Item, error) {
	controls := d.controls(a.ID) || a.Kind == actor.System
	switch {
	case to == ItemDone && i.State == ItemOpen && (controls || o.ID == i.OrgID):
		i.State, i.How, i.DoneAt, i.DoneBy = ItemDone, how, &now, a.Name
	case to == ItemVerified && i.State == ItemDone && controls:
		i.State, i.ClosedAt, i.ClosedBy = ItemVerified, &now, a.Name
	case to == ItemOpen && i.State != ItemOpen && controls:
		i.State, i.DoneAt, i.DoneBy, i.ClosedAt, i.ClosedBy = ItemOpen, nil, "", nil, ""
	case !controls && o.ID != i.OrgID:
		return i, errs.E(errs.Denied, "drill.not_yours", "only its controllers may do that")
	default:
		return i, errs.E(errs.Conflict, "drill.item_state", "that cannot be done with it as it stands; look at it again")
	}
	return i, nil
}
