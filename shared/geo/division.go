// Package geo is places: so far the administrative divisions. The terminal and the centre use it. Rule that
// must never break: a code means the same wherever it is compared.
package geo

import (
	"regexp"
	"strings"
)

// Division is the code of an administrative division: six digits to the county (GB/T 2260), nine to the
// township (GB/T 10114), twelve to the village (the statistical code). Zeros at the end stand for
// everything below: 320600 is the city of 3206, and 320623000000 the same county as 320623.
type Division string

var division = regexp.MustCompile(`^[1-9][0-9]{5}([0-9]{3}){0,2}$`)

// Valid reports whether it is a code of one of the three lengths.
func (d Division) Valid() bool { return division.MatchString(string(d)) }

// Stem is how the codes of the division and of everything below it begin: 320600 gives 3206, 320000
// gives 32, 320623104 itself. Of what is no code it is the text itself.
func (d Division) Stem() string {
	if !d.Valid() {
		return string(d)
	}
	s := string(d)
	for len(s) > 6 && strings.HasSuffix(s, "000") {
		s = s[:len(s)-3]
	}
	for len(s) <= 6 && len(s) > 2 && strings.HasSuffix(s, "00") {
		s = s[:len(s)-2]
	}
	return s
}

// Covers reports whether below is the division itself or lies in it. What is no code
// covers nothing.
func (d Division) Covers(below Division) bool {
	return d.Valid() && strings.HasPrefix(string(below), d.Stem())
}

// Parent is the division above: of a village its township, of a township its county, of a county its city, of
// a city its province; of a province and of what is no code it is empty. Counties directly under a province
// (third and fourth digit 90) and the districts of Beijing, Tianjin, Shanghai and Chongqing have no city
// between.
func (d Division) Parent() Division {
	if !d.Valid() {
		return ""
	}
	s := d.Stem()
	switch len(s) {
	case 12:
		return Division(s[:9])
	case 9:
		return Division(s[:6])
	case 6:
		if s[2:4] == "90" || strings.Contains("11 12 31 50", s[:2]) {
			return Division(s[:2] + "0000")
		}
		return Division(s[:4] + "00")
	case 4:
		return Division(s[:2] + "0000")
	}
	return ""
}
