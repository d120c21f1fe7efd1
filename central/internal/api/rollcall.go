package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/rollcall"
)

// RollcallWhere is where an answer came from, or why that is not known.
type RollcallWhere struct {
	Lat      *float64 `json:"lat,omitempty"`
	Lon      *float64 `json:"lon,omitempty"`
	Accuracy float64  `json:"accuracy,omitempty" doc:"Metres"`
	Why      string   `json:"why,omitempty" enum:"denied,unavailable" doc:"Without lat and lon"`
}

func (p RollcallWhere) place() (*rollcall.Place, string) {
	if p.Lat == nil || p.Lon == nil {
		return nil, p.Why
	}
	return &rollcall.Place{Lat: *p.Lat, Lon: *p.Lon, Accuracy: p.Accuracy}, ""
}

type rollcallSpan struct {
	From time.Time `query:"from" doc:"Left out: twelve months back"`
	To   time.Time `query:"to" doc:"Left out: now"`
}

func (q rollcallSpan) span() (from, to time.Time) {
	from, to = q.From, q.To
	if to.IsZero() {
		to = time.Now().Add(time.Minute)
	}
	if from.IsZero() {
		from = to.AddDate(-1, 0, 0)
	}
	return from, to
}

func rollcallOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/rollcalls" + path, Summary: summary, Tags: []string{"rollcalls"}}
}

// RegisterRollcalls adds roll-calls and spot checks of duty posts.
func RegisterRollcalls(s *Server, svc *rollcall.Service) {
	register(s, rollcallOp("list-rollcalls", http.MethodGet, "", "Roll-calls, newest first: own ones whole, of others the posts of the own division"),
		func(ctx context.Context, in *ListQuery) (*body[page.List[rollcall.Call]], error) {
			return reply(svc.Calls(ctx, in.page()))
		})
	type rollcallAsk struct {
		Body struct {
			Name    string   `json:"name" maxLength:"128"`
			Orgs    []string `json:"orgs,omitempty" maxItems:"500" doc:"Organisations; left out: every desk below"`
			Tiers   []string `json:"tiers" minItems:"1" maxItems:"2" doc:"officer, leader"`
			Minutes int      `json:"minutes,omitempty" minimum:"0" maximum:"120" doc:"To answer; left out: by the rules"`
		}
	}
	register(s, rollcallOp("begin-rollcall", http.MethodPost, "", "Call the roll now"),
		func(ctx context.Context, in *rollcallAsk) (*body[rollcall.Call], error) {
			return reply(svc.Begin(ctx, rollcall.Ask{Name: in.Body.Name, Orgs: in.Body.Orgs, Tiers: tiers(in.Body.Tiers), Minutes: in.Body.Minutes}))
		})
	register(s, rollcallOp("my-rollcalls", http.MethodGet, "/mine", "Posts of the own desk that are asked"),
		func(ctx context.Context, _ *nothing) (*body[page.List[rollcall.Post]], error) {
			return listed(svc.Mine(ctx))
		})
	register(s, rollcallOp("answer-rollcall", http.MethodPost, "/posts/{id}/answer", "Answer for a post of the own desk"),
		func(ctx context.Context, in *struct {
			DutyID
			Agent string `header:"User-Agent"`
		},
		) (*body[rollcall.Post], error) {
			return reply(svc.Answer(ctx, in.ID, in.Agent))
		})
	register(s, rollcallOp("place-rollcall", http.MethodPost, "/posts/{id}/place", "Add the place to an answer from a console"),
		func(ctx context.Context, in *struct {
			DutyID
			Body RollcallWhere
		},
		) (*body[rollcall.Post], error) {
			place, why := in.Body.place()
			return reply(svc.Where(ctx, in.ID, place, why))
		})
	type rollcallVoice struct {
		DutyID
		Body struct {
			Reached bool   `json:"reached"`
			Name    string `json:"name,omitempty" maxLength:"64" doc:"Who answered the telephone"`
			Note    string `json:"note,omitempty" maxLength:"400"`
		}
	}
	register(s, rollcallOp("voice-rollcall", http.MethodPost, "/posts/{id}/voice", "Write down what a telephone call found"),
		func(ctx context.Context, in *rollcallVoice) (*body[rollcall.Post], error) {
			return reply(svc.Voice(ctx, in.ID, rollcall.Rang{Reached: in.Body.Reached, Name: in.Body.Name, Note: in.Body.Note}))
		})
	register(s, rollcallOp("score-rollcalls", http.MethodGet, "/scores", "Units by month, from the points given then"),
		func(ctx context.Context, in *rollcallSpan) (*body[page.List[rollcall.Score]], error) {
			from, to := in.span()
			return listed(svc.Scores(ctx, from, to))
		})
	registerSheet(s, rollcallOp("export-rollcalls", http.MethodGet, "/export.xlsx", "Every post that was asked as a workbook"), "rollcalls",
		func(ctx context.Context, in *rollcallSpan) (document.Sheet, error) {
			from, to := in.span()
			list, err := svc.Posts(ctx, from, to)
			return rollcallSheet(list), err
		})
	registerRollcallPlans(s, svc)
	registerRollcallLinks(s, svc)
}

func tiers(list []string) []deadline.To {
	out := make([]deadline.To, len(list))
	for i, t := range list {
		out[i] = deadline.To(t)
	}
	return out
}

func registerRollcallPlans(s *Server, svc *rollcall.Service) {
	register(s, rollcallOp("list-rollcall-plans", http.MethodGet, "/plans", "What calls by itself; drawn times are told to nobody"),
		func(ctx context.Context, _ *nothing) (*body[page.List[rollcall.Plan]], error) {
			return listed(svc.Plans(ctx))
		})
	type rollcallHours struct {
		From  string `json:"from" maxLength:"5" doc:"22:30"`
		To    string `json:"to,omitempty" maxLength:"5"`
		Count int    `json:"count,omitempty" minimum:"0" maximum:"12"`
	}
	type rollcallPlan struct {
		Body struct {
			ID      string          `json:"id,omitempty" maxLength:"64" doc:"Left out: a new one"`
			Name    string          `json:"name" maxLength:"128"`
			Kind    string          `json:"kind" enum:"fixed,random"`
			Days    []int           `json:"days,omitempty" maxItems:"7" doc:"1 Monday to 7; left out: all"`
			Windows []rollcallHours `json:"windows" maxItems:"12"`
			Orgs    []string        `json:"orgs,omitempty" maxItems:"500"`
			Tiers   []string        `json:"tiers" maxItems:"2"`
			Minutes int             `json:"minutes" minimum:"1" maximum:"120"`
			Active  bool            `json:"active"`
		}
	}
	register(s, rollcallOp("save-rollcall-plan", http.MethodPost, "/plans", "Make or change what calls by itself"),
		func(ctx context.Context, in *rollcallPlan) (*body[rollcall.Plan], error) {
			b := in.Body
			p := rollcall.Plan{ID: b.ID, Name: b.Name, Kind: rollcall.Kind(b.Kind), Days: b.Days, Orgs: b.Orgs, Tiers: tiers(b.Tiers), Minutes: b.Minutes, Active: b.Active}
			for _, w := range b.Windows {
				p.Windows = append(p.Windows, rollcall.Window{From: duty.Clock(w.From), To: duty.Clock(w.To), Count: w.Count})
			}
			return reply(svc.SavePlan(ctx, p))
		})
}

// registerRollcallLinks adds what a person reaches with the link of a message, without a login.
func registerRollcallLinks(s *Server, svc *rollcall.Service) {
	asked := newGate(time.Second, 60, "duty.too_many", "too many questions from this address; wait a moment")
	open := func(id, method, path, summary string) huma.Operation {
		op := rollcallOp(id, method, path, summary)
		op.Security, op.Middlewares = []map[string][]string{}, s.slow(asked)
		return op
	}
	type token struct {
		Token string `path:"token" maxLength:"64"`
	}
	register(s, open("open-rollcall", http.MethodGet, "/links/{token}", "What the link of a message asks"),
		func(ctx context.Context, in *token) (*body[rollcall.PhonePage], error) {
			return reply(svc.Open(ctx, in.Token))
		})
	register(s, open("answer-rollcall-link", http.MethodPost, "/links/{token}/answer", "Answer as the person whose link it is"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Agent string `header:"User-Agent"`
		},
		) (*body[rollcall.PhonePage], error) {
			return reply(svc.AnswerByLink(ctx, in.Token, in.Agent))
		})
	place := open("place-rollcall-link", http.MethodPost, "/links/{token}/place", "Add the place to an answer by a link")
	place.DefaultStatus = http.StatusNoContent
	register(s, place, func(ctx context.Context, in *struct {
		Token string `path:"token" maxLength:"64"`
		Body  RollcallWhere
	},
	) (*nothing, error) {
		place, why := in.Body.place()
		return nil, svc.WhereByLink(ctx, in.Token, place, why)
	})
}

func rollcallSheet(list []rollcall.Post) document.Sheet {
	states := map[rollcall.State]string{rollcall.Waiting: "待应答", rollcall.Answered: "按时应答", rollcall.Late: "超时应答", rollcall.Missed: "未应答"}
	hows := map[rollcall.How]string{rollcall.Console: "值班台", rollcall.Phone: "手机", rollcall.Voice: "电话查到", rollcall.Text: "短信"}
	posts := map[deadline.To]string{deadline.Officer: "值班员", deadline.Leader: "带班领导"}
	sheet := document.Sheet{Title: "查岗", Headings: []string{"单位", "岗位", "排班人员", "查岗时间", "应答截止", "结果", "应答时间", "应答人", "在班表", "方式", "纬度", "经度", "精度(米)", "得分", "说明"}}
	for _, p := range list {
		var names []string
		for _, w := range p.Expected {
			names = append(names, w.Name)
		}
		var at, lat, lon, accuracy, points, rostered any
		if p.AnsweredAt != nil {
			at, rostered = *p.AnsweredAt, map[bool]string{true: "是", false: "否"}[p.Rostered]
		}
		if p.Place != nil {
			lat, lon, accuracy = p.Place.Lat, p.Place.Lon, p.Place.Accuracy
		}
		if p.Points != nil {
			points = *p.Points
		}
		sheet.Rows = append(sheet.Rows, []any{p.OrgName, posts[p.Tier], strings.Join(names, "、"), p.At, p.DueAt, states[p.State], at, p.ByName, rostered, hows[p.How], lat, lon, accuracy, points, p.Note})
	}
	return sheet
}
