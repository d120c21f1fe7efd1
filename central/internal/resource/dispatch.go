package resource

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// State is how far a dispatch has come.
type State string

// The states of a team that was sent, and of stock.
const (
	Sent      State = "sent"
	Going     State = "en_route"
	There     State = "on_site"
	Released  State = "released"
	Refused   State = "refused"
	Reserved  State = "reserved"
	Issued    State = "issued"
	Returned  State = "returned"
	Cancelled State = "cancelled"
)

// States lists them.
func States() []State {
	return []State{Sent, Going, There, Released, Refused, Reserved, Issued, Returned, Cancelled}
}

// Name is how documents call a state.
func (s State) Name() string {
	return map[State]string{
		Sent: "已派", Going: "途中", There: "到场", Released: "已放行", Refused: "不能到场", Reserved: "已预留", Issued: "已发放", Returned: "已归还", Cancelled: "已取消",
	}[s]
}

// Dispatch is one team, or an amount of one stock, that was sent for a request.
type Dispatch struct {
	ID         string     `json:"id"`
	RequestID  string     `json:"request_id"`
	IncidentID string     `json:"incident_id"`
	Division   string     `json:"division"` // of the incident
	Kind       string     `json:"kind"`     // team or material
	SubjectID  string     `json:"subject_id"`
	Name       string     `json:"name"` // of the team; item and warehouse
	OrgID      string     `json:"org_id"`
	OrgName    string     `json:"org_name"`
	OrgArea    string     `json:"org_area"` // division of the team or the warehouse
	Leader     string     `json:"leader"`
	Phone      string     `json:"phone"`
	Amount     float64    `json:"amount"`
	Back       float64    `json:"back"`    // of stock, returned
	Counted    float64    `json:"counted"` // towards the request
	Unit       string     `json:"unit"`
	What       string     `json:"what"` // that was asked
	Place      string     `json:"place"`
	ToLon      *float64   `json:"to_lon,omitempty"` // WGS 84, degrees
	ToLat      *float64   `json:"to_lat,omitempty"`
	Lon        *float64   `json:"lon,omitempty"` // where it is, or was when it was sent
	Lat        *float64   `json:"lat,omitempty"`
	LocatedAt  *time.Time `json:"located_at,omitempty"` // when it told where it is
	KM         *float64   `json:"km,omitempty"`         // from where it was sent, as the crow flies
	State      State      `json:"state"`
	SentAt     time.Time  `json:"sent_at"`
	SentBy     string     `json:"sent_by"`
	DeskID     string     `json:"desk_id"` // organisation that sent it
	DeskArea   string     `json:"desk_area"`
	GoneAt     *time.Time `json:"gone_at,omitempty"`
	ArrivedAt  *time.Time `json:"arrived_at,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Minutes    int        `json:"minutes"`             // within which it reports again; 0: no clock
	HeardAt    time.Time  `json:"heard_at"`            // that it reported last
	DueAt      *time.Time `json:"due_at,omitempty"`    // by when it reports next
	MissedAt   *time.Time `json:"missed_at,omitempty"` // it was due and nobody reported
	Steps      int        `json:"steps"`
	Edit       int        `json:"edit"`
}

func (d Dispatch) over() bool {
	return slices.Contains([]State{Released, Refused, Returned, Cancelled}, d.State)
}

// Since is when it came into its state.
func (d Dispatch) Since() time.Time {
	for _, at := range []*time.Time{d.EndedAt, d.ArrivedAt, d.GoneAt} {
		if at != nil {
			return *at
		}
	}
	return d.SentAt
}

// counts reports whether a dispatch meets some of its request: it was not refused, taken back or recalled on the way.
func (d Dispatch) counts() bool {
	return d.State != Refused && d.State != Cancelled && (d.State != Released || d.ArrivedAt != nil)
}

// Choice is a team, or an amount of a stock, that somebody sends.
type Choice struct {
	ID     string
	Amount float64 // of stock
}

// Send sends what was chosen for a request: all of it or nothing. Edit is the one of the request that was seen; minutes
// within which crews promise to report, 0 for the limit of the division.
func (s *Service) Send(ctx context.Context, request string, list []Choice, edit, minutes int) ([]Dispatch, error) {
	a, o, err := s.Desks.Own(ctx, actor.ResponseOrder)
	if err != nil {
		return nil, err
	}
	switch {
	case len(list) == 0 || len(list) > 100:
		return nil, errs.Field("resource.choice", "choices", "choose 1 to 100")
	case minutes != 0 && (minutes < 5 || minutes > 24*60):
		return nil, errs.Field("resource.minutes", "minutes", "must be 5 to 1440")
	}
	var out []Dispatch
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		out = nil
		r, i, err := s.request(ctx, request)
		if err != nil {
			return err
		}
		if err := s.Responses.Orders(ctx, i); err != nil {
			return err
		}
		if r.Closed {
			return errs.E(errs.Conflict, "resource.closed", "the request is closed already; look at it again")
		}
		if r.Edit != edit {
			return errs.E(errs.Conflict, "resource.changed", "somebody has sent something for it meanwhile; look at it again")
		}
		for _, c := range list {
			d, err := s.send(ctx, a, o, i, r, c, minutes, note)
			if err != nil {
				return err
			}
			out = append(out, d)
		}
		r.Edit++
		return s.Store.SaveRequest(ctx, r)
	})
	for k := range out {
		out[k].Phone = masked(a, out[k].Phone)
	}
	return out, err
}

// send sends one team, or an amount of one stock.
func (s *Service) send(ctx context.Context, a actor.Actor, o account.Org, i incident.Incident, r Request, c Choice, minutes int, note noter) (Dispatch, error) {
	now := stamp()
	d := Dispatch{
		ID: newID(), RequestID: r.ID, IncidentID: r.IncidentID, Division: r.Division, Kind: r.Kind, SubjectID: c.ID, Unit: r.Unit, What: r.What, Place: r.Place, ToLon: r.Lon, ToLat: r.Lat,
		SentAt: now, SentBy: a.Name, DeskID: o.ID, DeskArea: o.Division, HeardAt: now, Edit: 1,
	}
	var err error
	if r.Kind == OfTeam {
		d, err = s.sendTeam(ctx, a, r, d, minutes, note)
	} else {
		d, err = s.sendStock(ctx, a, o, r, d, c.Amount, note)
	}
	if err != nil {
		return d, err
	}
	if d.Lon != nil && d.ToLon != nil {
		n := math.Round(km(*d.Lon, *d.Lat, *d.ToLon, *d.ToLat)*10) / 10
		d.KM = &n
	}
	if d, err = s.write(ctx, d, Step{Kind: string(d.State), ByName: a.Name, OrgName: o.Name}, now); err != nil {
		return d, err
	}
	if err := s.clock(ctx, d, now); err != nil {
		return d, err
	}
	if err := s.tell(ctx, i, r, d); err != nil {
		return d, err
	}
	if err := s.tellLine(ctx, o, r.IncidentID, string(d.State), fmt.Sprintf("%s → %s", d.title(), d.Place), d.ID); err != nil {
		return d, err
	}
	note(EventDispatched, d.ID, d.Division, Trace{IncidentID: d.IncidentID, Name: d.Name, To: string(d.State), Amount: d.Amount, Unit: d.Unit})
	return d, nil
}

func (d Dispatch) title() string {
	if d.Kind == OfTeam {
		return d.Name
	}
	return strings.TrimSpace(fmt.Sprintf("%s %g %s", d.Name, d.Amount, d.Unit))
}

func (s *Service) sendTeam(ctx context.Context, a actor.Actor, r Request, d Dispatch, minutes int, note noter) (Dispatch, error) {
	t, err := s.Store.Team(ctx, d.SubjectID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !a.Covers(t.Division)) {
		return d, denied("team")
	}
	if err != nil {
		return d, err
	}
	if t.Status != Ready {
		return d, errs.E(errs.Conflict, "resource.taken", "%s is not ready any more; look at the proposal again", t.Name)
	}
	d.State, d.Name, d.OrgID, d.OrgName, d.OrgArea, d.Leader, d.Phone = Sent, t.Name, t.OrgID, t.OrgName, t.Division, t.Leader, t.Phone
	d.Amount, d.Counted, d.Lon, d.Lat, d.Minutes = float64(t.People), 1, t.Lon, t.Lat, minutes
	if r.people() {
		d.Counted = float64(t.People)
	}
	if minutes == 0 {
		d.Minutes = int(time.Duration(s.rule(r.Division, d.SentAt).Limit.Within).Minutes())
	}
	t.DispatchID = d.ID
	_, err = s.put(ctx, t, Assigned, r.What, a.Name, note)
	return d, err
}

func (s *Service) sendStock(ctx context.Context, a actor.Actor, o account.Org, r Request, d Dispatch, n float64, note noter) (Dispatch, error) {
	st, err := s.Store.Stock(ctx, d.SubjectID)
	w := st.Warehouse
	if errs.KindOf(err) == errs.NotFound || (err == nil && !a.Covers(w.Division)) {
		return d, denied("stock")
	}
	if err != nil {
		return d, err
	}
	if r.Unit != "" && st.Unit != r.Unit {
		return d, errs.Field("resource.unit", "choices", "the stock is counted in "+st.Unit+" and not in "+r.Unit)
	}
	d.State, d.Name, d.OrgID, d.OrgName, d.OrgArea, d.Leader, d.Phone = Reserved, st.Item+" · "+w.Name, w.OrgID, w.OrgName, w.Division, w.Keeper, w.Phone
	d.Amount, d.Counted, d.Unit, d.Lon, d.Lat = n, n, st.Unit, w.Lon, w.Lat
	_, err = s.shift(ctx, st, "reserve", n, Move{Reason: r.text(), ByName: a.Name, OrgName: o.Name, DispatchID: d.ID}, note)
	return d, err
}
