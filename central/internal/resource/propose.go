package resource

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Reason is why something is proposed, or why not. Text is what it rests on.
type Reason struct {
	Code string `json:"code"` // same, alike, km, nowhere, people, free, busy, unit
	Text string `json:"text"`
}

// Pick is a team or a stock that answers a request, and how much of it.
type Pick struct {
	ID       string   `json:"id"` // of the team or the stock
	Name     string   `json:"name"`
	OrgName  string   `json:"org_name"`
	Place    string   `json:"place"`
	Lon      *float64 `json:"lon,omitempty"`
	Lat      *float64 `json:"lat,omitempty"`
	KM       *float64 `json:"km,omitempty"` // as the crow flies
	Free     float64  `json:"free"`         // what it has: teams 1 or its people, stock what is not promised
	Unit     string   `json:"unit"`
	Amount   float64  `json:"amount"` // that is proposed; 0: not needed, or not to be had
	Status   Status   `json:"status"` // of a team
	Why      []Reason `json:"why"`
	distance float64
	alike    bool
}

// Proposal is how a request can be met: the nearest that can do it, until it is enough.
type Proposal struct {
	Request Request `json:"request"`
	Picks   []Pick  `json:"picks"`
	Others  []Pick  `json:"others"` // the next that would do, and the nearest that are not free
	Found   float64 `json:"found"`
	Short   float64 `json:"short"` // what nobody has
	Unit    string  `json:"unit"`
}

// What is shown beside a proposal.
const (
	moreFree = 12
	moreBusy = 5
)

// Propose proposes how to meet what a request still lacks.
func (s *Service) Propose(ctx context.Context, id string) (Proposal, error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return Proposal{}, err
	}
	r, _, err := s.request(ctx, id)
	if err != nil {
		return Proposal{}, err
	}
	kind := "stock"
	if r.Kind == OfTeam {
		kind = OfTeam
	}
	known, err := s.Store.Words(ctx, kind)
	if err != nil {
		return Proposal{}, err
	}
	asked := Key(r.What)
	var all []Pick
	seen := map[string]bool{}
	for _, k := range matching(asked, known) {
		list, err := s.able(ctx, a, r, k, known[k])
		if err != nil {
			return Proposal{}, err
		}
		for _, p := range list {
			if seen[p.ID] {
				continue
			}
			seen[p.ID], p.alike = true, k != asked
			if p.alike {
				p.Why[0].Code = "alike"
			}
			all = append(all, p)
		}
	}
	return propose(r, all), nil
}

// matching lists the words that answer what was asked, the same one first.
func matching(asked string, known map[string]string) []string {
	var out []string
	for k := range known {
		if _, near := alike(asked, k); near && k != asked {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	if _, ok := known[asked]; ok {
		out = append([]string{asked}, out...)
	}
	return out
}

// able lists what answers a word.
func (s *Service) able(ctx context.Context, a actor.Actor, r Request, k, word string) ([]Pick, error) {
	var out []Pick
	why := func() []Reason { return append(make([]Reason, 0, 4), Reason{"same", word}) }
	if r.Kind == OfMaterial {
		list, err := s.Store.Held(ctx, a.Scope(), k)
		for _, v := range list {
			w := v.Warehouse
			out = append(out, Pick{ID: v.ID, Name: v.Item + " · " + w.Name, OrgName: w.OrgName, Place: w.Place, Lon: w.Lon, Lat: w.Lat, Free: v.Free(), Unit: v.Unit, Status: Ready, Why: why()})
		}
		return out, err
	}
	list, err := s.Store.Able(ctx, a.Scope(), k)
	for _, t := range list {
		p := Pick{ID: t.ID, Name: t.Name, OrgName: t.OrgName, Place: t.Place, Lon: t.Lon, Lat: t.Lat, Free: 1, Unit: r.Unit, Status: t.Status, Why: why()}
		if r.people() {
			p.Free = float64(t.People)
		}
		if t.People > 0 {
			p.Why = append(p.Why, Reason{"people", fmt.Sprint(t.People)})
		}
		out = append(out, p)
	}
	return out, err
}

// propose takes the nearest that are free until it is enough: those that can do exactly what was asked before those
// that can do something alike, and those whose place is not known last. A request without a place has no nearest; that is not said of the teams.
func propose(r Request, all []Pick) Proposal {
	for i := range all {
		p := &all[i]
		p.distance = math.Inf(1)
		switch {
		case p.Lon == nil:
			p.Why = append(p.Why, Reason{"nowhere", ""})
		case r.Lon != nil:
			p.distance = km(*r.Lon, *r.Lat, *p.Lon, *p.Lat)
			d := math.Round(p.distance*10) / 10
			p.KM = &d
			p.Why = append(p.Why, Reason{"km", fmt.Sprintf("%.1f", d)})
		}
	}
	slices.SortFunc(all, func(a, b Pick) int {
		if a.alike != b.alike {
			return map[bool]int{true: 1, false: -1}[a.alike]
		}
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.Free, a.Free), cmp.Compare(a.ID, b.ID))
	})
	out := Proposal{Request: r, Picks: []Pick{}, Others: []Pick{}, Short: r.Short(), Unit: r.Unit}
	if i := slices.IndexFunc(all, func(p Pick) bool { return p.Status == Ready && p.Free > 0 }); out.Unit == "" && i >= 0 {
		out.Unit = all[i].Unit
	}
	free, busy := 0, 0
	for _, p := range all {
		switch {
		case p.Status != Ready:
			if busy++; busy <= moreBusy {
				p.Why = append(p.Why, Reason{"busy", string(p.Status)})
				out.Others = append(out.Others, p)
			}
		case p.Unit != out.Unit || p.Free <= 0:
			if busy++; busy <= moreBusy {
				p.Why = append(p.Why, Reason{"unit", p.Unit})
				out.Others = append(out.Others, p)
			}
		case out.Short > 0:
			p.Amount = p.Free
			if r.Kind == OfMaterial {
				p.Amount = min(p.Free, out.Short)
			}
			out.Found, out.Short = exact(out.Found+p.Amount), max(0, exact(out.Short-p.Amount))
			out.Picks = append(out.Picks, p)
		default:
			if free++; free <= moreFree {
				out.Others = append(out.Others, p)
			}
		}
	}
	return out
}
