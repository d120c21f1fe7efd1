package duty

import (
	"fmt"
	"regexp"
	"time"
	_ "time/tzdata" // desks name any IANA zone, also where the machine has none installed
)

// Day is a civil day, 2026-11-26. Days compare as text.
type Day string

const dayForm = "2006-01-02"

var dayPattern = regexp.MustCompile(`^[12][0-9]{3}-[01][0-9]-[0-3][0-9]$`)

// Valid reports whether the day is one of the calendar.
func (d Day) Valid() bool {
	if !dayPattern.MatchString(string(d)) {
		return false
	}
	_, err := time.Parse(dayForm, string(d))
	return err == nil
}

// utc is midnight of the day in UTC, for arithmetic.
func (d Day) utc() time.Time {
	t, _ := time.Parse(dayForm, string(d))
	return t
}

// Add is the day so many days later.
func (d Day) Add(n int) Day { return Day(d.utc().AddDate(0, 0, n).Format(dayForm)) }

// Weekday is its day of the week.
func (d Day) Weekday() time.Weekday { return d.utc().Weekday() }

// Year is the four digits in front.
func (d Day) Year() int { return d.utc().Year() }

// Month is the first seven characters: 2026-11.
func (d Day) Month() string { return string(d)[:min(len(d), 7)] }

// DayOf is the civil day of an instant.
func DayOf(t time.Time, loc *time.Location) Day { return Day(t.In(loc).Format(dayForm)) }

// monthDays are the first day of a month and the first of the next.
func monthDays(month string) (from, to Day, ok bool) {
	from = Day(month + "-01")
	if !from.Valid() {
		return "", "", false
	}
	return from, Day(from.utc().AddDate(0, 1, 0).Format(dayForm)), true
}

// Clock is a wall time, 08:30.
type Clock string

var clockPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// Valid reports whether it is a time of the day.
func (c Clock) Valid() bool { return clockPattern.MatchString(string(c)) }

func (c Clock) minutes() int {
	var h, m int
	_, _ = fmt.Sscanf(string(c), "%d:%d", &h, &m)
	return h*60 + m
}

// widest is more than any zone has ever been away from UTC.
const widest = 30 * time.Hour

// At is the instant of a hand-off: the first at which the clocks of the place show that wall time of that
// day, or a later one. So of a wall time that comes twice the first counts, one that the clocks jump over
// is the instant of the jump, and a day that a place leaves out begins and ends at once. Because later wall
// times are never earlier instants, and each hand-off is one instant for who goes and who comes, two
// watches that meet leave no gap and do not overlap, whatever the zone does.
func (d Day) At(c Clock, loc *time.Location) time.Time {
	wall := d.utc().Add(time.Duration(c.minutes()) * time.Minute)
	at := wall.Add(-widest)
	for {
		in := at.In(loc)
		_, offset := in.Zone()
		start, end := in.ZoneBounds()
		if !end.IsZero() && !end.After(at) {
			end = at.Add(15 * time.Minute) // Go gives an end that has passed on 31 December of a leap year
		}
		meets := wall.Add(-time.Duration(offset) * time.Second)
		if meets.Before(start) {
			meets = start
		}
		if end.IsZero() || meets.Before(end) {
			return meets.UTC()
		}
		at = end
	}
}
