package device

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// MaxBulk is the most devices that are registered at once.
const MaxBulk = 2000

// Listed is a line of a list of devices as somebody wrote it.
type Listed struct {
	Line     int    `json:"line" doc:"Of the sheet, headings are 1"`
	ID       string `json:"id" maxLength:"500"`
	Kind     string `json:"kind" maxLength:"500" doc:"edge or sensor"`
	Name     string `json:"name" maxLength:"500"`
	NameEN   string `json:"name_en,omitempty" maxLength:"500" doc:"Shown in English"`
	Class    string `json:"class" maxLength:"500"`
	Division string `json:"division" maxLength:"500"`
	Lon      string `json:"lon" maxLength:"500"`
	Lat      string `json:"lat" maxLength:"500"`
	System   string `json:"system" maxLength:"500" doc:"wgs84 (also CGCS2000) or gcj02, which is moved"`
}

// RowState is what will become of a row.
type RowState string

// The states.
const (
	RowNew       RowState = "new"
	RowUnchanged RowState = "unchanged" // it is registered just so
	RowWrong     RowState = "wrong"
)

// Complaint is one thing about a cell. A hint does not keep the row from being taken.
type Complaint struct {
	Column string `json:"column" enum:"id,kind,name,name_en,class,division,lon,lat,system"`
	Code   string `json:"code" enum:"missing,pattern,too_long,choice,duplicate,registered,removed,behind,code,unknown,not_yours,number,range,half,outside,shifted"`
	Detail string `json:"detail,omitempty"`
	Hint   bool   `json:"hint"`
}

// Checked is a row with what was found.
type Checked struct {
	Listed
	State      RowState    `json:"state" enum:"new,unchanged,wrong"`
	Complaints []Complaint `json:"complaints"`
	Place      *wire.Place `json:"place,omitempty" doc:"In WGS 84, as it will be kept"`

	device New
}

func (c *Checked) complain(column, code, detail string) {
	c.State = RowWrong
	c.Complaints = append(c.Complaints, Complaint{Column: column, Code: code, Detail: detail})
}

func (c *Checked) hint(column, code, detail string) {
	c.Complaints = append(c.Complaints, Complaint{Column: column, Code: code, Detail: detail, Hint: true})
}

// CheckBulk says of every row what would become of it. Nothing is written.
func (s *Service) CheckBulk(ctx context.Context, rows []Listed) ([]Checked, error) {
	a, err := actor.Require(ctx, actor.DeviceWrite)
	if err != nil {
		return nil, err
	}
	return s.checkBulk(ctx, a, rows)
}

func (s *Service) checkBulk(ctx context.Context, a actor.Actor, rows []Listed) ([]Checked, error) {
	if len(rows) == 0 || len(rows) > MaxBulk {
		return nil, errs.Field("device.bulk_rows", "rows", "1 to 2000 rows at a time; split a longer list")
	}
	known, err := s.Store.Devices(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	registered := make(map[string]Record, len(known))
	for _, r := range known {
		registered[r.ID] = r
	}
	first := map[string]int{}
	out := make([]Checked, len(rows))
	for i, row := range rows {
		c := &out[i]
		*c = s.checkRow(a, row)
		if line, ok := first[c.device.ID]; ok && c.device.ID != "" {
			c.complain("id", "duplicate", strconv.Itoa(line))
			continue
		}
		first[c.device.ID] = row.Line
		if r, ok := registered[c.device.ID]; ok {
			c.against(a, r)
		}
	}
	return out, nil
}

// against compares a row with what is registered under its id.
func (c *Checked) against(a actor.Actor, r Record) {
	if !a.Sees(r.Division) {
		c.complain("id", "registered", "")
		return
	}
	switch {
	case r.RemovedAt != nil:
		c.complain("id", "removed", "")
	case r.Parent != "":
		c.complain("id", "behind", r.Parent)
	case c.State == RowWrong:
	case r.Kind != c.device.Kind:
		c.complain("kind", "registered", string(r.Kind))
	case r.Name != cmp.Or(c.device.Name, c.device.ID):
		c.complain("name", "registered", r.Name)
	case c.device.NameEN != "" && r.NameEN != c.device.NameEN:
		c.complain("name_en", "registered", r.NameEN)
	case r.Division != c.device.Division:
		c.complain("division", "registered", r.Division)
	default:
		c.State, c.Complaints = RowUnchanged, []Complaint{}
	}
}

// checkRow looks at one row by itself.
func (s *Service) checkRow(a actor.Actor, row Listed) Checked {
	for _, cell := range []*string{&row.ID, &row.Kind, &row.Name, &row.NameEN, &row.Class, &row.Division, &row.Lon, &row.Lat, &row.System} {
		*cell = strings.TrimSpace(*cell)
	}
	c := Checked{Listed: row, State: RowNew, Complaints: []Complaint{}}
	c.device = New{ID: row.ID, Kind: Kind(row.Kind), Name: row.Name, NameEN: row.NameEN, Class: row.Class, Division: cmp.Or(row.Division, a.DivisionCode)}
	switch {
	case row.ID == "":
		c.complain("id", "missing", "")
	case !wire.ValidID(row.ID):
		c.complain("id", "pattern", "")
	}
	if c.device.Kind != Edge && c.device.Kind != Sensor {
		c.complain("kind", "choice", "")
	}
	if len(row.Name) > maxName {
		c.complain("name", "too_long", "")
	}
	if len(row.NameEN) > maxName {
		c.complain("name_en", "too_long", "")
	}
	if row.Class != "" && !wire.ValidID(row.Class) {
		c.complain("class", "pattern", "")
	}
	d := geo.Division(c.device.Division)
	switch {
	case !d.Valid():
		c.complain("division", "code", "")
	case !s.Areas.Knows(d):
		c.complain("division", "unknown", "")
	case !a.Sees(c.device.Division):
		c.complain("division", "not_yours", a.DivisionCode)
	}
	s.checkPlace(&c, d)
	return c
}

// maxDecimals is as long as a coordinate is written.
const maxDecimals = 32

func (s *Service) checkPlace(c *Checked, d geo.Division) {
	if c.System != "" && c.System != "wgs84" && c.System != "gcj02" {
		c.complain("system", "choice", "")
		return
	}
	if c.Lon == "" && c.Lat == "" {
		return
	}
	if c.Lon == "" || c.Lat == "" {
		c.complain(map[bool]string{true: "lon", false: "lat"}[c.Lon == ""], "half", "")
		return
	}
	at := [2]float64{}
	for i, cell := range []struct {
		column, text string
		most         float64
	}{{"lon", c.Lon, 180}, {"lat", c.Lat, 90}} {
		v, err := strconv.ParseFloat(cell.text, 64)
		switch {
		case err != nil || len(cell.text) > maxDecimals || math.IsNaN(v):
			c.complain(cell.column, "number", "")
			return
		case v < -cell.most || v > cell.most:
			c.complain(cell.column, "range", "")
			return
		}
		at[i] = v
	}
	lon, lat := at[0], at[1]
	if c.System == "gcj02" {
		lon, lat = geo.FromGCJ02(lon, lat)
	}
	c.Place = &wire.Place{Lon: lon, Lat: lat}
	c.device.Place = c.Place
	inside, known := s.Areas.Holds(d, lon, lat)
	if inside || !known {
		return
	}
	// Taken from a Chinese web map it would lie right: then that is what happened.
	if fromLon, fromLat := geo.FromGCJ02(lon, lat); c.System != "gcj02" {
		if inside, _ := s.Areas.Holds(d, fromLon, fromLat); inside {
			c.hint("system", "shifted", "")
			return
		}
	}
	c.hint("lon", "outside", string(d))
}

// CreateBulk registers all rows that are new, or none when one is wrong. What comes back is in the order of the
// rows, without those that were registered just so before. Their one-time tokens are good for so long (0: a day).
func (s *Service) CreateBulk(ctx context.Context, rows []Listed, life time.Duration) ([]Added, error) {
	a, err := actor.Require(ctx, actor.DeviceWrite)
	if err != nil {
		return nil, err
	}
	if err := checkLife(life); err != nil {
		return nil, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	checked, err := s.checkBulk(ctx, a, rows)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(checked, func(c Checked) bool { return c.State == RowWrong }); i >= 0 {
		c := checked[i]
		return nil, errs.E(errs.Invalid, "device.bulk_wrong", "row %d: %s: %s; nothing was registered, check the list again",
			c.Line, c.Complaints[0].Column, c.Complaints[0].Code)
	}
	now := time.Now()
	out, records, done := []Added{}, []Record{}, []event.Event{}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		for _, c := range checked {
			if c.State != RowNew {
				continue
			}
			r, added := c.device.record(now)
			if err := s.insert(ctx, r, &added, life, now); err != nil {
				return err
			}
			added.Device = s.preview(r)
			out, records = append(out, added), append(records, r)
			done = append(done, news(ctx, EventCreated, added.Device))
		}
		all := make([]*event.Event, len(done))
		for i := range done {
			all[i] = &done[i]
		}
		return s.Events.Record(ctx, all...)
	})
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		s.put(r)
	}
	s.Events.Publish(ctx, done...)
	return out, nil
}
