package duty

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// OnPost is somebody who holds a post now. An empty PersonID is a gap.
type OnPost struct {
	Cell       Key       `json:"cell"`
	WatchName  string    `json:"watch_name"`
	PersonID   string    `json:"person_id"`
	Name       string    `json:"name"`
	Title      string    `json:"title"`
	Phones     []Phone   `json:"phones"`
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until"`
	TakeoverID string    `json:"takeover_id,omitempty"`
	Instead    string    `json:"instead,omitempty"` // whom the roster names
}

// PostNow is a post and who holds it.
type PostNow struct {
	PostID     string   `json:"post_id"`
	Name       string   `json:"name"`
	NameEN     string   `json:"name_en"`
	Tier       Tier     `json:"tier"`
	Continuous bool     `json:"continuous"`
	People     []OnPost `json:"people"`
}

// The relations of a desk to whoever asks.
const (
	RelationOwn   = "own"
	RelationUpper = "upper"
	RelationLower = "lower"
)

// The states of a desk.
const (
	StateHeld  = "held"
	StateGap   = "gap"   // a post that must be held stands empty
	StateNone  = "none"  // nobody is on duty at all
	StateUnset = "unset" // the organisation has no posts
)

// DeskNow is who is on duty at an organisation.
type DeskNow struct {
	OrgID     string     `json:"org_id"`
	OrgName   string     `json:"org_name"`
	OrgNameEN string     `json:"org_name_en"`
	Relation  string     `json:"relation"`
	Phone     string     `json:"phone"`
	State     string     `json:"state"`
	Posts     []PostNow  `json:"posts"`
	Next      *time.Time `json:"next,omitempty"` // hand-off
}

// Now is who is on duty at this moment: the actor's own desk first, then those above it, then those below.
// Of desks above, people are named and only the duty phone is given.
func (s *Service) Now(ctx context.Context) ([]DeskNow, error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.ownOrg(ctx, a)
	if err != nil {
		return nil, err
	}
	above := line(tree, own)
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	out := []DeskNow{}
	now := stamp()
	for _, o := range tree {
		relation := RelationLower
		switch {
		case o.ID == own:
			relation = RelationOwn
		case above[o.ID]:
			relation = RelationUpper
		case !a.Covers(o.Division):
			continue
		}
		if relation != RelationOwn && !slices.Contains(desks, o.ID) {
			continue
		}
		d, err := s.deskNow(ctx, o, now, relation != RelationUpper && a.Can(actor.DutyPhone))
		if err != nil {
			return nil, err
		}
		d.Relation = relation
		out = append(out, d)
	}
	order := map[string]int{RelationOwn: 0, RelationUpper: 1, RelationLower: 2}
	slices.SortStableFunc(out, func(a, b DeskNow) int { return cmp.Compare(order[a.Relation], order[b.Relation]) })
	return out, nil
}

// onDuty is OnDuty of an organisation at an instant: one query for the shifts and one for what was taken over.
func (s *Service) onDuty(ctx context.Context, org string, at time.Time) ([]Holding, error) {
	shifts, err := s.Store.ShiftsAt(ctx, org, at)
	if err != nil {
		return nil, err
	}
	taken, err := s.Store.Takeovers(ctx, org, at.Add(-2*widest))
	if err != nil {
		return nil, err
	}
	return OnDuty(shifts, taken, at), nil
}

// OnDutyAt is who held the posts of an organisation at an instant, for capabilities that must reach somebody
// or ask who answered. A cell without a person is a gap.
func (s *Service) OnDutyAt(ctx context.Context, org string, at time.Time) ([]Holding, error) {
	_, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	return s.onDuty(ctx, o.ID, at)
}

func (s *Service) deskNow(ctx context.Context, o account.Org, now time.Time, numbers bool) (DeskNow, error) {
	desk, err := s.desk(ctx, o.ID)
	if err != nil {
		return DeskNow{}, err
	}
	out := DeskNow{OrgID: o.ID, OrgName: o.Name, OrgNameEN: o.NameEN, Phone: desk.Phone, State: StateUnset, Posts: []PostNow{}}
	posts, err := s.Store.Posts(ctx, o.ID)
	if err != nil {
		return DeskNow{}, err
	}
	holdings, err := s.onDuty(ctx, o.ID, now)
	if err != nil {
		return DeskNow{}, err
	}
	list, err := s.Store.People(ctx, o.ID)
	if err != nil {
		return DeskNow{}, err
	}
	people := index(list)
	gap, held := false, false
	for _, p := range posts {
		if p.Ended {
			continue
		}
		one := PostNow{p.ID, p.Name, p.NameEN, p.Tier, p.Continuous, []OnPost{}}
		for _, h := range holdings {
			if h.PostID != p.ID {
				continue
			}
			who := people[h.PersonID].shown(numbers)
			on := OnPost{
				Cell: h.Key, WatchName: h.WatchName, PersonID: h.PersonID, Name: h.PersonName, Title: who.Title, Phones: append([]Phone{}, who.Phones...), Since: h.StartsAt, Until: h.EndsAt,
			}
			if h.Takeover != nil {
				on.TakeoverID, on.Since, on.Instead = h.Takeover.ID, h.Takeover.At, h.Takeover.FromName
			}
			gap = gap || (h.PersonID == "" && h.Required)
			held = held || h.PersonID != ""
			if out.Next == nil || h.EndsAt.Before(*out.Next) {
				out.Next = &h.EndsAt
			}
			one.People = append(one.People, on)
		}
		gap = gap || (p.Continuous && len(one.People) == 0)
		out.Posts = append(out.Posts, one)
	}
	switch {
	case len(out.Posts) == 0:
	case !held:
		out.State = StateNone
	case gap:
		out.State = StateGap
	default:
		out.State = StateHeld
	}
	return out, nil
}

// MyShift is a shift of whoever asks.
type MyShift struct {
	Shift
	PostName   string `json:"post_name"`
	PostNameEN string `json:"post_name_en"`
	OrgName    string `json:"org_name"`
	Zone       string `json:"zone"`
	With       string `json:"with"` // others of the same watch
}

// Mine is the shifts of the actor that have not ended, and the person that the actor is among the duty people.
type Mine struct {
	Person *Person   `json:"person,omitempty"`
	Shifts []MyShift `json:"shifts"`
	Swaps  []Swap    `json:"swaps"` // that name the actor
}

// Mine lists the shifts of whoever asks, 92 days ahead.
func (s *Service) Mine(ctx context.Context) (Mine, error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return Mine{}, err
	}
	out := Mine{Shifts: []MyShift{}, Swaps: []Swap{}}
	me, ok, err := s.self(ctx, a)
	if err != nil || !ok {
		return out, err
	}
	shown := me.shown(true)
	out.Person = &shown
	if out.Shifts, err = s.shiftsOf(ctx, me, stamp()); err != nil {
		return Mine{}, err
	}
	swaps, err := s.Store.Swaps(ctx, me.OrgID, stamp())
	if err != nil {
		return Mine{}, err
	}
	for _, w := range swaps {
		if w.FromID == me.ID || w.ToID == me.ID {
			out.Swaps = append(out.Swaps, w)
		}
	}
	return out, nil
}

func (s *Service) shiftsOf(ctx context.Context, me Person, now time.Time) ([]MyShift, error) {
	shifts, err := s.Store.ShiftsOf(ctx, me.ID, now, now.AddDate(0, 0, Horizon))
	if err != nil {
		return nil, err
	}
	posts, err := s.Store.Posts(ctx, me.OrgID)
	if err != nil {
		return nil, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	desk, err := s.desk(ctx, me.OrgID)
	if err != nil {
		return nil, err
	}
	out := []MyShift{}
	for _, v := range shifts {
		one := MyShift{Shift: v, Zone: desk.Zone}
		if i := slices.IndexFunc(posts, func(p Post) bool { return p.ID == v.PostID }); i >= 0 {
			one.PostName, one.PostNameEN = posts[i].Name, posts[i].NameEN
		}
		if i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == v.OrgID }); i >= 0 {
			one.OrgName = tree[i].Name
		}
		out = append(out, one)
	}
	return out, nil
}

// BoardPost is a post on the public board. Names are left out unless the desk shows them.
type BoardPost struct {
	Name   string   `json:"name"`
	NameEN string   `json:"name_en"`
	Held   bool     `json:"held"`
	People []string `json:"people"`
}

// Board is what a public board shows.
type Board struct {
	OrgName   string      `json:"org_name"`
	OrgNameEN string      `json:"org_name_en"`
	Zone      string      `json:"zone"`
	Phone     string      `json:"phone"`
	At        time.Time   `json:"at"`
	Next      *time.Time  `json:"next,omitempty"`
	Posts     []BoardPost `json:"posts"`
}

// Board is the public board behind a link: errs.NotFound when the link is unknown or revoked. The desk says
// which fields are public; numbers of people never are.
func (s *Service) Board(ctx context.Context, token string) (Board, error) {
	l, err := s.linkOf(ctx, token, LinkBoard)
	if err != nil {
		return Board{}, err
	}
	ctx = actor.WithSystem(ctx, "duty board")
	_, o, err := s.org(ctx, l.OrgID, actor.DutyRead)
	if err != nil {
		return Board{}, err
	}
	desk, err := s.desk(ctx, o.ID)
	if err != nil {
		return Board{}, err
	}
	now := stamp()
	d, err := s.deskNow(ctx, o, now, false)
	if err != nil {
		return Board{}, err
	}
	out := Board{OrgName: o.Name, OrgNameEN: o.NameEN, Zone: desk.Zone, At: now, Next: d.Next, Posts: []BoardPost{}}
	if desk.PublicPhone {
		out.Phone = desk.Phone
	}
	for _, p := range d.Posts {
		if len(p.People) == 0 && !p.Continuous {
			continue // not asked for at this time
		}
		one := BoardPost{Name: p.Name, NameEN: p.NameEN, People: []string{}}
		for _, on := range p.People {
			one.Held = one.Held || on.PersonID != ""
			if desk.PublicNames && on.PersonID != "" {
				one.People = append(one.People, on.Name)
			}
		}
		out.Posts = append(out.Posts, one)
	}
	return out, nil
}

func noLink() error {
	return errs.E(errs.NotFound, "duty.no_link", "this address shows nothing: it is unknown or was revoked")
}
