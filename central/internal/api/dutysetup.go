package api

import (
	"context"
	"net/http"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/page"
)

type dutyWatchInput struct {
	Name string `json:"name" maxLength:"32"`
	From string `json:"from" maxLength:"5" doc:"Hand-off, 08:30 on the wall of the desk"`
	To   string `json:"to" maxLength:"5" doc:"At or before from: on the next day"`
}

func watches(list []dutyWatchInput) []duty.Watch {
	out := make([]duty.Watch, len(list))
	for i, w := range list {
		out[i] = duty.Watch{Name: w.Name, From: duty.Clock(w.From), To: duty.Clock(w.To)}
	}
	return out
}

type dutyRotationInput struct {
	ID      string   `json:"id,omitempty" maxLength:"64"`
	Name    string   `json:"name" maxLength:"64"`
	Classes []string `json:"classes,omitempty" maxItems:"5"`
	Watches []int    `json:"watches,omitempty" maxItems:"12"`
	Keep    int      `json:"keep" minimum:"1" maximum:"62" doc:"Turns that each takes before the next"`
	First   int      `json:"first" minimum:"-1" maximum:"199" doc:"Who begins, from 0; -1: whoever comes after the last turn before from"`
	Members []string `json:"members" maxItems:"200"`
}

type dutyRuleInput struct {
	From      string              `json:"from" maxLength:"10" doc:"Day from which it holds, today or later"`
	Watches   []dutyWatchInput    `json:"watches" maxItems:"12"`
	Heads     map[string]int      `json:"heads" doc:"People for each class of days: workday, weekend, holiday, makeup, special"`
	Rotations []dutyRotationInput `json:"rotations" maxItems:"20"`
}

func (r dutyRuleInput) of(post string) duty.NewRule {
	n := duty.NewRule{PostID: post, From: duty.Day(r.From), Watches: watches(r.Watches), Heads: map[duty.Class]int{}}
	for c, heads := range r.Heads {
		n.Heads[duty.Class(c)] = heads
	}
	for _, o := range r.Rotations {
		one := duty.Rotation{ID: o.ID, Name: o.Name, Watches: o.Watches, Keep: o.Keep, First: o.First, Members: o.Members}
		for _, c := range o.Classes {
			one.Classes = append(one.Classes, duty.Class(c))
		}
		n.Rotations = append(n.Rotations, one)
	}
	return n
}

// dutyOrgID names an organisation in the path.
type dutyOrgID struct {
	Org string `path:"org" maxLength:"64"`
}

type dutyDeskInput struct {
	Zone        string `json:"zone" maxLength:"64"`
	Phone       string `json:"phone" maxLength:"32"`
	MaxRow      int    `json:"max_row" minimum:"1" maximum:"14"`
	RestHours   int    `json:"rest_hours" minimum:"0" maximum:"72"`
	PublicNames bool   `json:"public_names"`
	PublicPhone bool   `json:"public_phone"`
}

type dutyPostInput struct {
	Name       string `json:"name" maxLength:"64"`
	NameEN     string `json:"name_en,omitempty" maxLength:"128"`
	Tier       string `json:"tier" enum:"officer,leader,standby,other"`
	Position   int    `json:"position,omitempty" minimum:"0" maximum:"1000"`
	Continuous bool   `json:"continuous,omitempty"`
	Ended      bool   `json:"ended,omitempty"`
}

func (p dutyPostInput) of(id, org string) duty.Post {
	return duty.Post{ID: id, OrgID: org, Name: p.Name, NameEN: p.NameEN, Tier: duty.Tier(p.Tier), Position: p.Position, Continuous: p.Continuous, Ended: p.Ended}
}

func (s *Server) registerDutySetup(svc *duty.Service) {
	register(s, dutyOp("get-duty-desk", http.MethodGet, "/desks/{org}", "How an organisation keeps duty"),
		func(ctx context.Context, in *dutyOrgID) (*body[duty.Desk], error) {
			return reply(svc.Desk(ctx, in.Org))
		})
	register(s, dutyOp("save-duty-desk", http.MethodPut, "/desks/{org}", "Change zone, duty phone, limits and what is public"),
		func(ctx context.Context, in *struct {
			Org  string `path:"org" maxLength:"64"`
			Body dutyDeskInput
		},
		) (*body[duty.Desk], error) {
			b := in.Body
			return reply(svc.SaveDesk(ctx, duty.Desk{OrgID: in.Org, Zone: b.Zone, Phone: b.Phone, MaxRow: b.MaxRow, RestHours: b.RestHours, PublicNames: b.PublicNames, PublicPhone: b.PublicPhone}))
		})
	register(s, dutyOp("list-duty-posts", http.MethodGet, "/posts", "Posts with their rules"),
		func(ctx context.Context, in *DutyOrg) (*body[page.List[duty.PostView]], error) {
			return listed(svc.Posts(ctx, in.Org))
		})
	create := dutyOp("create-duty-post", http.MethodPost, "/posts", "Make a post")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		DutyOrg
		Body dutyPostInput
	},
	) (*body[duty.Post], error) {
		return reply(svc.SavePost(ctx, in.Body.of("", in.Org)))
	})
	register(s, dutyOp("save-duty-post", http.MethodPut, "/posts/{id}", "Change a post, or end it"),
		func(ctx context.Context, in *struct {
			DutyID
			Body dutyPostInput
		},
		) (*body[duty.Post], error) {
			return reply(svc.SavePost(ctx, in.Body.of(in.ID, "")))
		})
	register(s, dutyOp("save-duty-rule", http.MethodPost, "/posts/{id}/rules", "How a post is held from a day on"),
		func(ctx context.Context, in *struct {
			DutyID
			Body dutyRuleInput
		},
		) (*body[duty.Rule], error) {
			return reply(svc.SaveRule(ctx, in.Body.of(in.ID)))
		})
	register(s, dutyOp("preview-duty-rule", http.MethodPost, "/posts/{id}/rules/preview", "Who would get which days, without keeping anything"),
		func(ctx context.Context, in *struct {
			DutyID
			Body dutyRuleInput
		},
		) (*body[page.List[duty.Shift]], error) {
			return listed(svc.Preview(ctx, in.Body.of(in.ID)))
		})
	register(s, dutyOp("drop-duty-rule", http.MethodDelete, "/posts/{id}/rules/{rule}", "Take back a rule that has not begun"),
		func(ctx context.Context, in *struct {
			DutyID
			Rule string `path:"rule" maxLength:"64"`
		},
		) (*nothing, error) {
			return done(svc.DropRule(ctx, in.ID, in.Rule))
		})
}

type dutyPhoneInput struct {
	Kind   string `json:"kind" enum:"mobile,office,home,mail,other"`
	Number string `json:"number" maxLength:"64"`
}

type dutyPersonInput struct {
	UserID string           `json:"user_id,omitempty" maxLength:"64" doc:"Account; empty: a contact without a login"`
	Name   string           `json:"name" maxLength:"64"`
	Title  string           `json:"title,omitempty" maxLength:"128"`
	Phones []dutyPhoneInput `json:"phones,omitempty" maxItems:"6"`
	Active bool             `json:"active"`
}

func (p dutyPersonInput) of(id, org string) duty.Person {
	out := duty.Person{ID: id, OrgID: org, UserID: p.UserID, Name: p.Name, Title: p.Title, Active: p.Active}
	for _, n := range p.Phones {
		out.Phones = append(out.Phones, duty.Phone{Kind: n.Kind, Number: n.Number})
	}
	return out
}

func (s *Server) registerDutyPeople(svc *duty.Service) {
	register(s, dutyOp("list-duty-people", http.MethodGet, "/people", "Duty people; numbers for who may see them"),
		func(ctx context.Context, in *DutyOrg) (*body[page.List[duty.Person]], error) {
			return listed(svc.People(ctx, in.Org))
		})
	create := dutyOp("create-duty-person", http.MethodPost, "/people", "Make a duty person")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		DutyOrg
		Body dutyPersonInput
	},
	) (*body[duty.Person], error) {
		return reply(svc.SavePerson(ctx, in.Body.of("", in.Org)))
	})
	register(s, dutyOp("save-duty-person", http.MethodPut, "/people/{id}", "Change a duty person; a changed number must be verified anew"),
		func(ctx context.Context, in *struct {
			DutyID
			Body dutyPersonInput
		},
		) (*body[duty.Person], error) {
			return reply(svc.SavePerson(ctx, in.Body.of(in.ID, "")))
		})
	register(s, dutyOp("verify-duty-phone", http.MethodPost, "/people/{id}/verify", "Note that somebody made sure of a number"),
		func(ctx context.Context, in *struct {
			DutyID
			Body struct {
				Number string `json:"number" maxLength:"64"`
				How    string `json:"how" enum:"call,sms,in_person"`
			}
		},
		) (*body[duty.Person], error) {
			return reply(svc.Verify(ctx, in.ID, in.Body.Number, in.Body.How))
		})
	register(s, dutyOp("list-duty-leaves", http.MethodGet, "/leaves", "Leaves that are not over"),
		func(ctx context.Context, in *DutyOrg) (*body[page.List[duty.Leave]], error) {
			return listed(svc.Leaves(ctx, in.Org))
		})
	register(s, dutyOp("add-duty-leave", http.MethodPost, "/leaves", "Days on which a person cannot be on duty"),
		func(ctx context.Context, in *struct {
			Body struct {
				PersonID string `json:"person_id" maxLength:"64"`
				From     string `json:"from" maxLength:"10"`
				To       string `json:"to" maxLength:"10"`
				Note     string `json:"note,omitempty" maxLength:"128"`
			}
		},
		) (*body[duty.Leave], error) {
			b := in.Body
			return reply(svc.AddLeave(ctx, duty.Leave{PersonID: b.PersonID, From: duty.Day(b.From), To: duty.Day(b.To), Note: b.Note}))
		})
	register(s, dutyOp("drop-duty-leave", http.MethodDelete, "/leaves/{id}", "Take a leave back"),
		func(ctx context.Context, in *DutyID) (*nothing, error) { return done(svc.DropLeave(ctx, in.ID)) })
}

type dutyDayInput struct {
	Day    string `json:"day" maxLength:"10"`
	Class  string `json:"class" enum:"workday,weekend,holiday,makeup"`
	Name   string `json:"name" maxLength:"64"`
	Source string `json:"source" maxLength:"256" doc:"The notice that says so, with its number"`
}

func (s *Server) registerDutyCalendar(svc *duty.Service) {
	register(s, dutyOp("duty-year", http.MethodGet, "/calendar", "Holidays and days of work of a year, with their sources"),
		func(ctx context.Context, in *struct {
			Year int `query:"year" minimum:"2000" maximum:"2200"`
		},
		) (*body[duty.YearView], error) {
			return reply(svc.Year(ctx, in.Year))
		})
	register(s, dutyOp("set-duty-days", http.MethodPut, "/calendar", "Say what days are, over the holiday table"),
		func(ctx context.Context, in *struct {
			Body struct {
				Days []dutyDayInput `json:"days" maxItems:"120"`
			}
		},
		) (*nothing, error) {
			var days []duty.NamedDay
			for _, d := range in.Body.Days {
				days = append(days, duty.NamedDay{Day: duty.Day(d.Day), Class: duty.Class(d.Class), Name: d.Name, Source: d.Source})
			}
			return done(svc.SetDays(ctx, days))
		})
	register(s, dutyOp("drop-duty-day", http.MethodDelete, "/calendar/{day}", "Let the holiday table speak of a day again"),
		func(ctx context.Context, in *struct {
			Day string `path:"day" maxLength:"10"`
		},
		) (*nothing, error) {
			return done(svc.DropDay(ctx, duty.Day(in.Day)))
		})
	register(s, dutyOp("list-duty-periods", http.MethodGet, "/periods", "Special periods"),
		func(ctx context.Context, _ *nothing) (*body[page.List[duty.Period]], error) {
			return listed(svc.Periods(ctx))
		})
	register(s, dutyOp("declare-duty-period", http.MethodPost, "/periods", "Make days special by an order, for an organisation and everything below it"),
		func(ctx context.Context, in *struct {
			Body struct {
				Org   string `json:"org" maxLength:"64"`
				Name  string `json:"name" maxLength:"128"`
				Order string `json:"order" maxLength:"128" doc:"Number of the order"`
				From  string `json:"from" maxLength:"10"`
				To    string `json:"to" maxLength:"10"`
			}
		},
		) (*body[duty.Period], error) {
			b := in.Body
			return reply(svc.Declare(ctx, duty.Period{OrgID: b.Org, Name: b.Name, Order: b.Order, From: duty.Day(b.From), To: duty.Day(b.To)}))
		})
	register(s, dutyOp("cancel-duty-period", http.MethodPost, "/periods/{id}/cancel", "End a special period"),
		func(ctx context.Context, in *DutyID) (*body[duty.Period], error) {
			return reply(svc.Cancel(ctx, in.ID))
		})
}

// newDutyLink shows the token of a link, once.
type newDutyLink struct {
	duty.Link
	Token string `json:"token"`
}

func (s *Server) registerDutyLinks(svc *duty.Service) {
	register(s, dutyOp("list-duty-links", http.MethodGet, "/links", "Calendars and public boards of an organisation"),
		func(ctx context.Context, in *DutyOrg) (*body[page.List[duty.Link]], error) {
			return listed(svc.Links(ctx, in.Org))
		})
	create := dutyOp("make-duty-link", http.MethodPost, "/links", "Make an address that works without a login; its token is shown once")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		DutyOrg
		Body struct {
			Kind string `json:"kind" enum:"calendar,board"`
			Name string `json:"name" maxLength:"128" doc:"Who will use it"`
			Mine bool   `json:"mine,omitempty" doc:"A calendar of the own shifts"`
		}
	},
	) (*body[newDutyLink], error) {
		l, token, err := svc.MakeLink(ctx, duty.NewLink{OrgID: in.Org, Kind: in.Body.Kind, Name: in.Body.Name, Mine: in.Body.Mine})
		return reply(newDutyLink{l, token}, err)
	})
	register(s, dutyOp("revoke-duty-link", http.MethodDelete, "/links/{id}", "End an address"),
		func(ctx context.Context, in *DutyID) (*nothing, error) { return done(svc.RevokeLink(ctx, in.ID)) })
	s.registerDutyOpen(svc)
}
