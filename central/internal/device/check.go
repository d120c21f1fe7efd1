package device

import (
	"strings"
	"unicode/utf8"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Limits on what a device is called and declares.
const (
	maxName    = 200 // bytes
	maxSensors = 2_000
	maxCameras = 500
	maxBehind  = 2_000 // sensors and cameras of one edge in all
)

func (n *New) check() error {
	if !wire.ValidID(n.ID) {
		return errs.Field("device.id", "id", "1 to 64 lower-case letters, digits, - or _, beginning with a letter or digit")
	}
	n.Name = strings.TrimSpace(n.Name)
	n.NameEN = strings.TrimSpace(n.NameEN)
	r := Record{Device: Device{Name: n.ID, NameEN: n.NameEN, Class: n.Class, Division: n.Division, Place: n.Place}}
	if n.Name != "" {
		r.Name = n.Name
	}
	return r.check()
}

func (r *Record) check() error {
	switch {
	case r.Name == "" || len(r.Name) > maxName || !utf8.ValidString(r.Name):
		return errs.Field("device.name", "name", "1 to 200 bytes")
	case len(r.NameEN) > maxName || !utf8.ValidString(r.NameEN):
		return errs.Field("device.name", "name_en", "at most 200 bytes")
	case r.Class != "" && !wire.ValidID(r.Class):
		return errs.Field("device.class", "class", "a word of the vocabulary, such as water_level")
	case r.Division != "" && !geo.Division(r.Division).Valid():
		return errs.Field("device.division_code", "division", "a division code has 6, 9 or 12 digits (GB/T 2260, GB/T 10114)")
	case r.Place != nil && !r.Place.OnEarth():
		return errs.Field("device.place", "place", "longitude -180 to 180, latitude -90 to 90")
	}
	return nil
}

// within reports whether something behind an edge may stand in the division: nobody puts things, and with
// them alarms, on the desk of others. An edge without a division belongs to the top.
func (r *Record) within(division string) bool {
	return r.Division == "" || geo.Division(r.Division).Covers(geo.Division(division))
}

// declare writes what an edge says about something behind it over the record. It reports whether anything
// changed. What makes no sense is left out rather than refused: the rest of the greeting is good.
func (r *Record) declare(d Declared, edge Record) bool {
	was := *r
	r.Parent, r.Class, r.Profile, r.Demo = edge.ID, d.Class, d.Profile, d.Demo
	if !r.Edited {
		if name := wire.Text(d.Name, maxName); name != "" {
			r.Name = name
		}
		if r.Name == "" {
			r.Name = d.ID
		}
		r.NameEN = english(d.NameEN)
		r.Division = edge.Division
		if geo.Division(d.Division).Valid() && edge.within(d.Division) {
			r.Division = d.Division
		}
		if d.Place != nil && d.Place.OnEarth() {
			r.Place = d.Place
		}
	}
	if !wire.ValidID(r.Class) {
		r.Class = ""
	}
	if !wire.ValidID(r.Profile) {
		r.Profile = ""
	}
	r.Series = nil
	for _, one := range d.Series {
		if wire.ValidID(one.Property) && len(r.Series) < wire.MaxValues && len(one.Name)+len(one.NameEN)+len(one.Unit) <= 3*maxName {
			r.Series = append(r.Series, Series{
				Property: one.Property, Name: one.Name, NameEN: one.NameEN, Unit: one.Unit, Digits: min(max(one.Digits, 0), 9),
			})
		}
	}
	return !same(was, *r)
}

// english is the English name that an edge gives: none when it is no text, cut when it is too long.
func english(name string) string {
	return wire.Text(name, maxName)
}

func same(a, b Record) bool {
	place := (a.Place == nil) == (b.Place == nil) && (a.Place == nil || *a.Place == *b.Place)
	if !place || len(a.Series) != len(b.Series) {
		return false
	}
	for i := range a.Series {
		if a.Series[i] != b.Series[i] {
			return false
		}
	}
	return a.Name == b.Name && a.NameEN == b.NameEN && a.Parent == b.Parent && a.Class == b.Class && a.Profile == b.Profile &&
		a.Division == b.Division && a.Demo == b.Demo && a.RevokedAt == b.RevokedAt
}
