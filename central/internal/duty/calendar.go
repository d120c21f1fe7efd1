package duty

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Class is what a day asks of the roster.
type Class string

// The classes of days.
const (
	Workday Class = "workday"
	Weekend Class = "weekend"
	Holiday Class = "holiday" // 法定节假日, with the days off that were moved beside it
	Makeup  Class = "makeup"  // 调休: a weekend day on which people work
	Special Class = "special" // ordered: an important meeting, a long incident
)

// Classes lists them.
func Classes() []Class { return []Class{Workday, Weekend, Holiday, Makeup, Special} }

func (c Class) valid() bool { return slices.Contains(Classes(), c) }

// tableSource is where the days of the table come from, for the page that shows them.
const tableSource = "6tail/lunar-go v1.4.6"

// firstChecked is the first year of which the table was compared with the notices of the General Office of the State
// Council, day by day. Those of before were not found to read.
const firstChecked = 2007

// mended are days of which the notice says something else than the table.
func mended() []NamedDay {
	const source = "国务院办公厅关于2013年部分节假日安排的通知（2012-12-10）"
	return []NamedDay{
		{Day: "2013-04-07", Class: Makeup, Name: "清明节调休", Source: source},
		{Day: "2013-10-12", Class: Makeup, Name: "国庆节调休", Source: source},
	}
}

// NamedDay is a day that is not what its weekday says, with where that is written.
type NamedDay struct {
	Day    Day    `json:"day"`
	Class  Class  `json:"class"`
	Name   string `json:"name"`
	Source string `json:"source"`
	Own    bool   `json:"own"` // set by an administrator, and so stronger than the table
	// Unverified says that the day is as the table has it, and that no notice was read beside it.
	Unverified bool      `json:"unverified"`
	ByName     string    `json:"by_name,omitempty"`
	At         time.Time `json:"at,omitzero"`
}

func (n NamedDay) validate() error {
	switch {
	case !n.Day.Valid():
		return errs.Field("duty.day", "day", "is no day like 2026-11-26")
	case !n.Class.valid() || n.Class == Special:
		return errs.Field("duty.class", "class", "must be workday, weekend, holiday or makeup")
	case !errs.Name(n.Name, 32):
		return errs.Field("duty.name", "name", "1 to 32 characters on one line")
	case !errs.Name(n.Source, 128):
		return errs.Field("duty.source", "source", "name the notice that says so, with its number")
	}
	return nil
}

// Period is days that an order makes special, for an organisation and everything below it.
type Period struct {
	ID          string     `json:"id"`
	OrgID       string     `json:"org_id"`
	OrgName     string     `json:"org_name"`
	Name        string     `json:"name"`
	Order       string     `json:"order"` // number of the document
	From        Day        `json:"from"`
	To          Day        `json:"to"` // included
	ByName      string     `json:"by_name"`
	At          time.Time  `json:"at"`
	CancelledAt *time.Time `json:"cancelled_at,omitempty"`
}

func (p Period) covers(d Day) bool { return p.CancelledAt == nil && d >= p.From && d <= p.To }

func (p Period) validate() error {
	switch {
	case !errs.Name(p.Name, 64):
		return errs.Field("duty.name", "name", "1 to 64 characters on one line")
	case !errs.Name(p.Order, 64):
		return errs.Field("duty.order", "order", "name the number of the order that declares it")
	case !p.From.Valid() || !p.To.Valid() || p.To < p.From:
		return errs.Field("duty.day", "to", "the last day must not come before the first")
	case p.From.Add(366) < p.To:
		return errs.Field("duty.day", "to", "at most a year")
	}
	return nil
}

// DayInfo is one day as the roster sees it. Class is Special in a special period; Plain is what it would be
// without.
type DayInfo struct {
	Day    Day    `json:"day"`
	Class  Class  `json:"class"`
	Plain  Class  `json:"plain"`
	Name   string `json:"name"`
	Source string `json:"source"`
	Period string `json:"period,omitempty"` // name and order of the special period
}

// classes are the day's class and those that stand behind it, where nothing is said of it.
func (i DayInfo) classes() []Class {
	out := make([]Class, 0, 3)
	if i.Class == Special {
		out = append(out, Special)
	}
	out = append(out, i.Plain)
	switch i.Plain {
	case Holiday:
		out = append(out, Weekend)
	case Makeup:
		out = append(out, Workday)
	default:
	}
	return out
}

// needsLeader reports whether a leader must be on duty: on days off by law and in special periods (the
// seed's 五(一)).
func (i DayInfo) needsLeader() bool { return i.Class == Special || i.Plain == Holiday }

// Calendar knows the class of every day. Make it with NewCalendar.
type Calendar struct {
	named map[Day]NamedDay
	years map[int]bool
	most  []Period
}

// NewCalendar is the holiday table with the administrators' days over it and the special periods that hold
// for an organisation.
func NewCalendar(own []NamedDay, periods []Period) Calendar {
	c := Calendar{named: table(), years: map[int]bool{}, most: periods}
	for _, n := range own {
		n.Own = true
		c.named[n.Day] = n
	}
	for d, n := range c.named { // what lies before the first new year of the table, or is worked for the next one, is no year
		if n.Class == Holiday {
			c.years[d.Year()] = true
		}
	}
	return c
}

// table reads the days of the library. It keeps a day as 2001-12-29 and says whether people work on it; that of a
// weekday says nothing.
func table() map[Day]NamedDay {
	out := map[Day]NamedDay{}
	for year := 2001; ; year++ {
		list := HolidayUtil.GetHolidaysByYear(year)
		if list.Len() == 0 {
			break
		}
		for e := list.Front(); e != nil; e = e.Next() {
			h, ok := e.Value.(*HolidayUtil.Holiday)
			if !ok {
				continue
			}
			n := NamedDay{Day: Day(h.GetDay()), Class: Holiday, Name: strings.TrimSuffix(h.GetName(), "节") + "节", Source: tableSource}
			if h.GetName() == "国庆中秋" || h.GetName() == "抗战胜利日" {
				n.Name = h.GetName()
			}
			if h.GetName() == "元旦节" {
				n.Name = "元旦"
			}
			if h.IsWork() {
				n.Class, n.Name = Makeup, n.Name+"调休"
			}
			if n.Class == Makeup && !n.Day.weekend() {
				continue
			}
			n.Unverified = year < firstChecked
			out[n.Day] = n
		}
	}
	for _, n := range mended() {
		out[n.Day] = n
	}
	return out
}

func (d Day) weekend() bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// Knows reports whether the holidays of a year are known. Without them every class is a guess by weekday.
func (c Calendar) Knows(year int) bool { return c.years[year] }

// Look says what a day is.
func (c Calendar) Look(d Day) DayInfo {
	i := DayInfo{Day: d, Plain: Workday}
	if d.weekend() {
		i.Plain = Weekend
	}
	if n, ok := c.named[d]; ok {
		i.Plain, i.Name, i.Source = n.Class, n.Name, n.Source
	}
	i.Class = i.Plain
	for _, p := range c.most {
		if p.covers(d) {
			i.Class, i.Period = Special, p.Name+"（"+p.Order+"）"
			break
		}
	}
	return i
}

// Year lists the named days of a year in order.
func (c Calendar) Year(year int) []NamedDay {
	out := []NamedDay{}
	for _, n := range c.named {
		if n.Day.Year() == year {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b NamedDay) int { return cmp.Compare(a.Day, b.Day) })
	return out
}
