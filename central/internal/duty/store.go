package duty

import (
	"context"
	"time"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of an organisation's roster follow one another until the end of the transaction.
	Lock(ctx context.Context, org string) error
	Setup
	Folk
	Sheets
	Changes
	Links
}

// Setup is how duty is kept.
type Setup interface {
	// Desk is that of an organisation: errs.NotFound while it has said nothing.
	Desk(ctx context.Context, org string) (Desk, error)
	SaveDesk(ctx context.Context, d Desk) error
	// Desks lists the organisations that have a post.
	Desks(ctx context.Context) ([]string, error)
	// Posts lists those of an organisation by position, ended ones as well.
	Posts(ctx context.Context, org string) ([]Post, error)
	Post(ctx context.Context, id string) (Post, error)
	SavePost(ctx context.Context, p Post) error
	// Rules lists those of an organisation's posts by the day from which they hold.
	Rules(ctx context.Context, org string) ([]Rule, error)
	// SaveRule takes the place of one of the same post and day.
	SaveRule(ctx context.Context, r Rule) error
	DeleteRule(ctx context.Context, id string) error
	// Days lists what administrators have said of single days.
	Days(ctx context.Context) ([]NamedDay, error)
	SaveDay(ctx context.Context, n NamedDay) error
	DeleteDay(ctx context.Context, d Day) error
	// Periods lists special periods, newest first.
	Periods(ctx context.Context) ([]Period, error)
	SavePeriod(ctx context.Context, p Period) error
}

// Folk are the people who can be on duty.
type Folk interface {
	People(ctx context.Context, org string) ([]Person, error)
	Person(ctx context.Context, id string) (Person, error)
	PersonOf(ctx context.Context, user string) (Person, error)
	// SavePerson returns errs.Conflict when the account is another person's.
	SavePerson(ctx context.Context, p Person) error
	// Leaves lists those that end on a day or later.
	Leaves(ctx context.Context, org string, from Day) ([]Leave, error)
	Leave(ctx context.Context, id string) (Leave, error)
	AddLeave(ctx context.Context, l Leave) error
	DeleteLeave(ctx context.Context, id string) error
}

// Sheets are the rosters as they were laid.
type Sheets interface {
	// Shifts lists the cells of an organisation from one day to another (not included).
	Shifts(ctx context.Context, org string, from, to Day) ([]Shift, error)
	// ShiftsAt lists the cells of an organisation that run at an instant.
	ShiftsAt(ctx context.Context, org string, at time.Time) ([]Shift, error)
	// ShiftsOf lists the cells of a person that end after one instant and begin before another.
	ShiftsOf(ctx context.Context, person string, from, to time.Time) ([]Shift, error)
	// Turns is the turn that each rotation has come to in the cells before a day.
	Turns(ctx context.Context, org string, before Day) (map[string]int, error)
	SaveShift(ctx context.Context, s Shift) error
	DeleteShift(ctx context.Context, k Key) error
	// NextEdge is the next instant after another at which any shift begins or ends; zero when none does.
	NextEdge(ctx context.Context, after time.Time) (time.Time, error)
	Waivers(ctx context.Context, org string) ([]Waiver, error)
	SaveWaiver(ctx context.Context, w Waiver) error
	// Publications lists the signed months of an organisation.
	Publications(ctx context.Context, org string) ([]Publication, error)
	SavePublication(ctx context.Context, p Publication) error
}

// Changes are the layers over the rules.
type Changes interface {
	// Overrides lists those of an organisation's posts from a day on.
	Overrides(ctx context.Context, org string, from Day) ([]Override, error)
	SaveOverride(ctx context.Context, o Override) error
	DeleteOverride(ctx context.Context, k Key) error
	Temps(ctx context.Context, org string) ([]Temp, error)
	Temp(ctx context.Context, id string) (Temp, error)
	SaveTemp(ctx context.Context, t Temp) error
	DeleteTemp(ctx context.Context, id string) error
	// Swaps lists those of an organisation whose first shift begins after an instant, oldest decision first.
	Swaps(ctx context.Context, org string, after time.Time) ([]Swap, error)
	Swap(ctx context.Context, id string) (Swap, error)
	SaveSwap(ctx context.Context, w Swap) error
	// Takeovers lists those of an organisation since an instant, oldest first.
	Takeovers(ctx context.Context, org string, since time.Time) ([]Takeover, error)
	Takeover(ctx context.Context, id string) (Takeover, error)
	SaveTakeover(ctx context.Context, t Takeover) error
}

// Links are addresses that work without a login.
type Links interface {
	LinksOf(ctx context.Context, org string) ([]Link, error)
	Link(ctx context.Context, id string) (Link, error)
	LinkByHash(ctx context.Context, hash string) (Link, error)
	SaveLink(ctx context.Context, l Link) error
}
