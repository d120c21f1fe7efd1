package duty

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Relief is somebody who signed for a desk in the place of an officer of the roster. From is that officer's id; empty
// is the gap, or the one officer that there is. ByName is of who signed.
type Relief struct {
	OrgID  string
	From   string
	To     string // a duty person of the desk
	Reason string
	ByName string
	At     time.Time // now, or when the shift that was signed for begins
}

// Relieve is TakeOver for whoever found out by a signature who is on post, inside that transaction, whose events have
// the take-over (EventTakeover) as well. It is false where the roster has nobody to relieve, or has the person already;
// errs.Invalid (duty.instead) when there are several and From says none of them.
func (s *Service) Relieve(ctx context.Context, r Relief) (Takeover, bool, error) {
	if _, err := actor.Require(ctx, actor.DutyTake); err != nil {
		return Takeover{}, false, err
	}
	if err := s.Store.Lock(ctx, r.OrgID); err != nil {
		return Takeover{}, false, err
	}
	posts, err := s.Store.Posts(ctx, r.OrgID)
	if err != nil {
		return Takeover{}, false, err
	}
	list, err := s.onDuty(ctx, r.OrgID, r.At)
	if err != nil {
		return Takeover{}, false, err
	}
	list = slices.DeleteFunc(list, func(h Holding) bool {
		return !slices.ContainsFunc(posts, func(p Post) bool { return p.ID == h.PostID && p.Tier == Officer && !p.Ended })
	})
	held := func(id string) int { return slices.IndexFunc(list, func(h Holding) bool { return h.PersonID == id }) }
	if len(list) == 0 || held(r.To) >= 0 {
		return Takeover{}, false, nil
	}
	i := held(r.From) // an empty one is the gap
	if i < 0 && len(list) == 1 {
		i = 0
	}
	if i < 0 {
		var names []string
		for _, h := range list {
			names = append(names, h.PersonName)
		}
		return Takeover{}, false, errs.Field("duty.instead", "instead", "say in whose place: "+strings.Join(names, ", "))
	}
	to, err := s.Store.Person(ctx, r.To)
	if err != nil || to.OrgID != r.OrgID || !to.Active {
		return Takeover{}, false, errs.Field("duty.person", "to_id", "names nobody among the duty people of the organisation")
	}
	t := Takeover{
		ID: newID(), OrgID: r.OrgID, Cell: list[i].Key, FromID: list[i].PersonID, FromName: list[i].PersonName, ToID: to.ID, ToName: to.Name,
		Reason: r.Reason, ByName: r.ByName, At: r.At,
	}
	return t, true, s.Store.SaveTakeover(ctx, t)
}
