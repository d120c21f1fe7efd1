// Package resource is what an emergency is met with: teams and stock, where they are, what was asked of them for an
// incident, what was proposed and what was sent. Rules that must never break: an amount of stock is never below what
// is reserved of it, and a team is sent to one place at a time.
package resource

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/geo"
)

// Status is what a team is doing.
type Status string

// The statuses. Those from Assigned to OnSite come from a dispatch alone.
const (
	Ready    Status = "ready"
	Assigned Status = "assigned"
	EnRoute  Status = "en_route"
	OnSite   Status = "on_site"
	Resting  Status = "resting"
	Out      Status = "out" // of service
)

// Team is people with equipment who are sent together.
type Team struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	Division   string    `json:"division"`
	Words      []string  `json:"words"` // capabilities: what it can do
	People     int       `json:"people"`
	Equipment  string    `json:"equipment"`
	Leader     string    `json:"leader"`
	Phone      string    `json:"phone"`
	Place      string    `json:"place"`
	Lon        *float64  `json:"lon,omitempty"` // WGS 84, degrees
	Lat        *float64  `json:"lat,omitempty"`
	Note       string    `json:"note"`
	Status     Status    `json:"status"`
	StatusAt   time.Time `json:"status_at"`
	StatusNote string    `json:"status_note"`
	DispatchID string    `json:"dispatch_id"`    // on which it is; empty: none
	Seen       *Seen     `json:"seen,omitempty"` // where it told to be, while it is on a dispatch
	Edit       int       `json:"edit"`
}

// Seen is where a crew was when it told.
type Seen struct {
	Lon float64   `json:"lon"` // WGS 84, degrees
	Lat float64   `json:"lat"`
	At  time.Time `json:"at"`
}

// Warehouse is a place where stock lies.
type Warehouse struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	OrgID    string   `json:"org_id"`
	OrgName  string   `json:"org_name"`
	Division string   `json:"division"`
	Place    string   `json:"place"`
	Lon      *float64 `json:"lon,omitempty"` // WGS 84, degrees
	Lat      *float64 `json:"lat,omitempty"`
	Keeper   string   `json:"keeper"`
	Phone    string   `json:"phone"`
	Edit     int      `json:"edit"`
}

// Stock is one item of a warehouse. Amounts have at most three decimals.
type Stock struct {
	ID        string    `json:"id"`
	Item      string    `json:"item"`
	Unit      string    `json:"unit"`
	Amount    float64   `json:"amount"`   // that lies there
	Reserved  float64   `json:"reserved"` // of it, for dispatches that were not fetched yet
	Moves     int       `json:"moves"`
	Warehouse Warehouse `json:"warehouse"`
}

// Free is what may still be promised.
func (s Stock) Free() float64 { return exact(s.Amount - s.Reserved) }

// Move is one change of an amount; moves are only added.
type Move struct {
	StockID    string    `json:"stock_id"`
	No         int       `json:"no"`
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`   // in, out, count, reserve, free, issue, return
	Amount     float64   `json:"amount"` // change of what lies there
	Reserved   float64   `json:"reserved"`
	After      float64   `json:"after"`
	HeldAfter  float64   `json:"held_after"`
	Reason     string    `json:"reason"`
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	DispatchID string    `json:"dispatch_id"`
}

// What people write, and how much.
const (
	maxName   = 80
	maxWords  = 20
	maxWord   = 24
	maxText   = 1000
	maxAmount = 1e9
	maxPeople = 10_000
)

var phonePattern = regexp.MustCompile(`^[0-9+][0-9 -]{1,22}[0-9]$`)

func exact(n float64) float64 { return math.Round(n*1000) / 1000 }

func amount(n float64) bool { return n > 0 && n <= maxAmount && exact(n) == n }

func (t Team) validate() error {
	switch {
	case !errs.Name(t.Name, maxName):
		return errs.Field("resource.name", "name", "1 to 80 characters on one line")
	case len(t.Words) == 0 || len(t.Words) > maxWords || slices.ContainsFunc(t.Words, func(w string) bool { return !errs.Name(w, maxWord) || Key(w) == "" }):
		return errs.Field("resource.words", "words", "say what the team can do, in 1 to 20 words of at most 24 characters")
	case t.People < 0 || t.People > maxPeople:
		return errs.Field("resource.people", "people", "must be 0 to 10000")
	case !errs.Text(t.Equipment, maxText):
		return errs.Field("resource.text", "equipment", "at most 1000 characters")
	case !errs.Text(t.Note, maxText):
		return errs.Field("resource.text", "note", "at most 1000 characters")
	}
	return reach(t.Leader, "leader", t.Phone, t.Place, t.Lon, t.Lat)
}

func (w Warehouse) validate() error {
	if !errs.Name(w.Name, maxName) {
		return errs.Field("resource.name", "name", "1 to 80 characters on one line")
	}
	return reach(w.Keeper, "keeper", w.Phone, w.Place, w.Lon, w.Lat)
}

// reach complains of where something is and how it is reached.
func reach(name, field, phone, place string, lon, lat *float64) error {
	switch {
	case !errs.Line(name, 32):
		return errs.Field("resource.person", field, "at most 32 characters on one line")
	case phone != "" && !phonePattern.MatchString(phone):
		return errs.Field("resource.phone", "phone", "is no telephone number")
	case !errs.Line(place, incident.MaxPlace):
		return errs.Field("resource.place", "place", "at most 200 characters on one line")
	}
	return incident.Place(lon, lat)
}

func (s Stock) validate() error {
	switch {
	case !errs.Name(s.Item, maxName) || Key(s.Item) == "":
		return errs.Field("resource.item", "item", "1 to 80 characters on one line")
	case !errs.Name(s.Unit, 16):
		return errs.Field("resource.unit", "unit", "1 to 16 characters on one line")
	}
	return nil
}

// move is the stock after a move, and the line that is kept of it.
func (s Stock) move(kind string, n float64) (Stock, Move, error) {
	m := Move{StockID: s.ID, Kind: kind}
	if !amount(n) && (kind != "count" || n != 0) {
		return s, m, errs.Field("resource.amount", "amount", "must be above 0, at most 1,000,000,000, with at most three decimals")
	}
	switch kind {
	case "in", "return":
		m.Amount = n
	case "out":
		m.Amount = -n
	case "count":
		m.Amount = exact(n - s.Amount)
	case "reserve":
		m.Reserved = n
	case "free":
		m.Reserved = -n
	case "issue":
		m.Amount, m.Reserved = -n, -n
	default:
		return s, m, errs.Field("resource.move", "kind", "must be in, out or count")
	}
	free := s.Free()
	s.Amount, s.Reserved = exact(s.Amount+m.Amount), exact(s.Reserved+m.Reserved)
	if s.Reserved < 0 || s.Amount < s.Reserved || s.Amount > maxAmount {
		return s, m, errs.E(errs.Conflict, "resource.short", "of %s only %g %s are free in %s; look at it again", s.Item, free, s.Unit, s.Warehouse.Name)
	}
	s.Moves++
	m.No, m.After, m.HeldAfter = s.Moves, s.Amount, s.Reserved
	return s, m, nil
}

// Key is a word as it is compared: small letters and figures, without what only says that it is a team.
func Key(word string) string {
	k := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, word)
	for _, end := range []string{"队伍", "分队", "小队", "队"} {
		if short, ok := strings.CutSuffix(k, end); ok && short != "" {
			return short
		}
	}
	return k
}

// alike reports whether a word answers what was asked: the same, or one holds the other.
func alike(asked, word string) (same, near bool) {
	short := min(len([]rune(asked)), len([]rune(word)))
	return asked == word, short >= 2 && (strings.Contains(asked, word) || strings.Contains(word, asked))
}

// km is the distance of two places on a sphere of 6,371 km.
func km(lon1, lat1, lon2, lat2 float64) float64 {
	const rad = math.Pi / 180
	a := math.Pow(math.Sin((lat2-lat1)*rad/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin((lon2-lon1)*rad/2), 2)
	return 2 * 6371 * math.Asin(math.Min(1, math.Sqrt(a)))
}

// words are distinct and trimmed.
func words(list []string) []string {
	out := []string{}
	for _, w := range list {
		if w = strings.TrimSpace(w); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func divisionOf(given, org string) (string, error) {
	if given == "" {
		return org, nil
	}
	if !geo.Division(given).Valid() || !geo.Division(org).Covers(geo.Division(given)) {
		return "", errs.Field("resource.division", "division", "must be a division of the organisation, or one below it")
	}
	return given, nil
}
