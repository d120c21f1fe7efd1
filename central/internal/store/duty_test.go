package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// What is kept of duty comes back as it was, from both databases, and a second writing takes the place of
// the first.
func TestDutyComesBackAsItWasKept(t *testing.T) {
	at := time.Date(2026, 11, 26, 1, 2, 3, 456000, time.UTC)
	later := at.Add(12 * time.Hour)
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := store.NewDuty(db)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		same := func(got, want any, err error) {
			t.Helper()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
			}
		}
		must(store.NewAccounts(db).SaveOrg(ctx, account.Org{ID: "o", Name: "市", Division: "320600", CreatedAt: at}))
		_, err := s.Desk(ctx, "o")
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("no desk yet: %v", err)
		}
		for _, phone := range []string{"1", "0513-1"} {
			want := duty.Desk{OrgID: "o", Zone: "Asia/Shanghai", Phone: phone, MaxRow: 2, RestHours: 8, PublicPhone: true}
			must(s.SaveDesk(ctx, want))
			got, err := s.Desk(ctx, "o")
			same(got, want, err)
		}
		post := duty.Post{ID: "p", OrgID: "o", Name: "值班员", Tier: duty.Officer, Continuous: true}
		must(s.SavePost(ctx, post))
		post.Ended = true
		must(s.SavePost(ctx, post))
		posts, err := s.Posts(ctx, "o")
		same(posts, []duty.Post{post}, err)
		rule := duty.Rule{
			ID: "r", PostID: "p", From: "2026-11-26", Watches: []duty.Watch{{Name: "白", From: "08:00", To: "20:00"}}, Heads: map[duty.Class]int{duty.Holiday: 2},
			Rotations: []duty.Rotation{{ID: "x", Name: "轮", Keep: 1, Members: []string{"a"}}}, ByName: "某", CreatedAt: at,
		}
		must(s.SaveRule(ctx, rule))
		rule.ID = "r2"
		must(s.SaveRule(ctx, rule))
		rules, err := s.Rules(ctx, "o")
		same(rules, []duty.Rule{rule}, err)
		person := duty.Person{ID: "a", OrgID: "o", Name: "甲", Phones: []duty.Phone{{Kind: "mobile", Number: "1", VerifiedAt: &at, How: "call"}}, Active: true, At: at}
		must(s.SavePerson(ctx, person))
		must(s.SavePerson(ctx, duty.Person{ID: "b", OrgID: "o", Name: "乙", At: at})) // a second without an account
		got, err := s.Person(ctx, "a")
		same(got, person, err)
		shift := duty.Shift{
			Key: duty.Key{PostID: "p", Day: "2026-11-26"}, OrgID: "o", WatchName: "白", Class: duty.Workday, Required: true, StartsAt: at, EndsAt: later,
			PersonID: "a", PersonName: "甲", Layer: duty.ByRule, BaseID: "a", RotationID: "x", Turn: 4,
		}
		must(s.SaveShift(ctx, shift))
		shift.PersonID, shift.Layer = "b", duty.BySwap
		must(s.SaveShift(ctx, shift))
		for at, want := range map[time.Time]int{at.Add(-time.Microsecond): 0, at: 1, later.Add(-time.Microsecond): 1, later: 0} {
			if list, err := s.ShiftsAt(ctx, "o", at); err != nil || len(list) != want {
				t.Errorf("at %s: %+v, %v", at, list, err)
			}
		}
		shifts, err := s.ShiftsOf(ctx, "b", at, later)
		same(shifts, []duty.Shift{shift}, err)
		turns, err := s.Turns(ctx, "o", "2026-11-27")
		same(turns, map[string]int{"x": 5}, err)
		for after, want := range map[time.Time]time.Time{at.Add(-1 * time.Hour): at, at: later, later: {}} {
			edge, err := s.NextEdge(ctx, after)
			same(edge, want, err)
		}
		swap := duty.Swap{ID: "w", OrgID: "o", State: duty.Agreed, Cell: shift.Key, FromID: "a", ToID: "b", Return: &duty.Key{PostID: "p", Day: "2026-11-28"}, CreatedAt: at, StartsAt: later, AgreedAt: &at}
		must(s.SaveSwap(ctx, swap))
		swaps, err := s.Swaps(ctx, "o", at)
		same(swaps, []duty.Swap{swap}, err)
		taken := duty.Takeover{ID: "t", OrgID: "o", Cell: shift.Key, ToID: "a", ToName: "甲", Reason: "病", At: at}
		must(s.SaveTakeover(ctx, taken))
		taken.Until = &later
		must(s.SaveTakeover(ctx, taken))
		takeovers, err := s.Takeovers(ctx, "o", at)
		same(takeovers, []duty.Takeover{taken}, err)
		temp := duty.Temp{ID: "m", OrgID: "o", PostID: "p", Name: "汛期", From: "2026-07-01", To: "2026-07-02", Heads: 2, Watches: rule.Watches, Cells: []duty.TempCell{{Day: "2026-07-01", PersonID: "a"}}, At: at}
		must(s.SaveTemp(ctx, temp))
		temps, err := s.Temps(ctx, "o")
		same(temps, []duty.Temp{temp}, err)
		over := duty.Override{Key: shift.Key, PersonID: "b", By: "u", ByName: "某", At: at}
		must(s.SaveOverride(ctx, over))
		overrides, err := s.Overrides(ctx, "o", "2026-11-26")
		same(overrides, []duty.Override{over}, err)
		must(s.DeleteOverride(ctx, over.Key))
		overrides, err = s.Overrides(ctx, "o", "2026-11-26")
		same(overrides, []duty.Override(nil), err)
		period := duty.Period{ID: "e", OrgID: "o", OrgName: "市", Name: "会议", Order: "1", From: "2026-12-01", To: "2026-12-02", At: at, CancelledAt: &later}
		must(s.SavePeriod(ctx, period))
		periods, err := s.Periods(ctx)
		same(periods, []duty.Period{period}, err)
		day := duty.NamedDay{Day: "2027-01-01", Class: duty.Holiday, Name: "元旦", Source: "x", Own: true, At: at}
		must(s.SaveDay(ctx, day))
		days, err := s.Days(ctx)
		same(days, []duty.NamedDay{day}, err)
		waiver := duty.Waiver{OrgID: "o", Key: "gap|p", Reason: "x", By: "u", At: at}
		must(s.SaveWaiver(ctx, waiver))
		waivers, err := s.Waivers(ctx, "o")
		same(waivers, []duty.Waiver{waiver}, err)
		month := duty.Publication{OrgID: "o", Month: "2026-11", By: "u", At: at, Waived: 1}
		must(s.SavePublication(ctx, month))
		months, err := s.Publications(ctx, "o")
		same(months, []duty.Publication{month}, err)
		link := duty.Link{ID: "l", OrgID: "o", Kind: duty.LinkBoard, Name: "x", CreatedAt: at, Hash: "h", RevokedAt: &later}
		must(s.SaveLink(ctx, link))
		found, err := s.LinkByHash(ctx, "h")
		same(found, link, err)
		must(s.DeleteShift(ctx, shift.Key))
		if list, err := s.Shifts(ctx, "o", "2026-11-01", "2026-12-01"); err != nil || len(list) != 0 {
			t.Errorf("deleted: %+v, %v", list, err)
		}
	})
}
