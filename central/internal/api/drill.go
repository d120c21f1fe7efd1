package api

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/page"
)

func drillOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/drills" + path, Summary: summary, Tags: []string{"drills"}}
}

// DrillLine is a line of a script. It, DrillNamed and DrillPlan are exported because huma passes over embedded types that are
// not.
type DrillLine struct {
	Title   string   `json:"title" maxLength:"240"`
	Text    string   `json:"text,omitempty" maxLength:"8000"`
	From    string   `json:"from,omitempty" maxLength:"240" doc:"Who says it in the play"`
	To      []string `json:"to,omitempty" maxItems:"100" doc:"Organisations, or users who are named; none: all that take part"`
	Way     string   `json:"way" enum:"timed,when,manual"`
	Minutes int      `json:"minutes,omitempty" minimum:"0" maximum:"10080" doc:"After the start, or after the mark"`
	Mark    string   `json:"mark,omitempty" enum:"opened,reported,activated,accepted,done" doc:"What a conditional one waits for"`
	Expect  string   `json:"expect,omitempty" maxLength:"8000" doc:"For controllers and evaluators only"`
}

// DrillNamed is somebody who is named.
type DrillNamed struct {
	UserID string `json:"user_id" maxLength:"64"`
	Part   string `json:"part" enum:"participant,evaluator,observer"`
}

// DrillPlan is what is written of an exercise before it starts.
type DrillPlan struct {
	Name        string       `json:"name" maxLength:"240"`
	Form        string       `json:"form" enum:"tabletop,functional,full,blind"`
	Combined    bool         `json:"combined,omitempty" doc:"Several organisations or functions together"`
	PlanID      string       `json:"plan_id,omitempty" maxLength:"64"`
	PlannedOn   string       `json:"planned_on" maxLength:"10" doc:"A day like 2026-11-26"`
	Goals       string       `json:"goals,omitempty" maxLength:"8000"`
	Scenario    string       `json:"scenario,omitempty" maxLength:"8000" doc:"Shown to those who take part once it has started"`
	Parties     []string     `json:"parties" maxItems:"100" doc:"Organisations that take part"`
	People      []DrillNamed `json:"people,omitempty" maxItems:"300" doc:"Those who are named; of an organisation of which somebody is named to take part, nobody else does"`
	Controllers []string     `json:"controllers,omitempty" maxItems:"100" doc:"Users beside the writer"`
	Injects     []DrillLine  `json:"injects,omitempty" maxItems:"200"`
	Demo        bool         `json:"demo,omitempty"`
}

func (b DrillPlan) draft(version int) drill.Draft {
	d := drill.Draft{
		Version: version, Name: b.Name, Form: drill.Form(b.Form), Combined: b.Combined, PlanID: b.PlanID, PlannedOn: b.PlannedOn, Goals: b.Goals, Scenario: b.Scenario,
		Parties: b.Parties, Controllers: b.Controllers, Demo: b.Demo,
	}
	for _, p := range b.People {
		d.People = append(d.People, drill.Named{UserID: p.UserID, Part: drill.Part(p.Part)})
	}
	for _, i := range b.Injects {
		d.Injects = append(d.Injects, drill.Inject{Title: i.Title, Text: i.Text, From: i.From, To: i.To, Way: drill.Way(i.Way), Minutes: i.Minutes, Mark: i.Mark, Expect: i.Expect})
	}
	return d
}

// RegisterDrills adds exercises, and lets requests into their worlds.
func RegisterDrills(s *Server, svc *drill.Service) {
	s.worlds = svc
	register(s, drillOp("list-drills", http.MethodGet, "", "Exercises that the caller may know of, the newest first"),
		func(ctx context.Context, in *struct {
			Year string `query:"year" maxLength:"4" doc:"Planned in that year"`
		},
		) (*body[page.List[drill.Drill]], error) {
			return listed(svc.List(ctx, in.Year))
		})
	register(s, drillOp("drill-programme", http.MethodGet, "/programme/{year}", "What a year owes of exercises, and what has paid it"),
		func(ctx context.Context, in *struct {
			Year int `path:"year"`
		},
		) (*body[drill.Programme], error) {
			return reply(svc.Programme(ctx, in.Year))
		})
	register(s, drillOp("drill-people", http.MethodGet, "/people", "Those whom the caller may name for an exercise"),
		func(ctx context.Context, _ *struct{}) (*body[page.List[drill.Person]], error) {
			return listed(svc.Candidates(ctx))
		})
	register(s, drillOp("create-drill", http.MethodPost, "", "Plan an exercise"),
		func(ctx context.Context, in *struct{ Body DrillPlan }) (*body[drill.Drill], error) {
			return reply(svc.Make(ctx, in.Body.draft(0)))
		})
	register(s, drillOp("get-drill", http.MethodGet, "/{id}", "An exercise: whole for its controllers, for others what they may know"),
		func(ctx context.Context, in *IncidentID) (*body[drill.View], error) {
			return reply(svc.Get(ctx, in.ID))
		})
	type drillChange struct {
		IncidentID
		Body struct {
			DrillPlan
			Version int `json:"version" doc:"That was seen; a newer one is a conflict"`
		}
	}
	register(s, drillOp("change-drill", http.MethodPut, "/{id}", "Write an exercise anew before it starts"),
		func(ctx context.Context, in *drillChange) (*body[drill.Drill], error) {
			return reply(svc.Change(ctx, in.ID, in.Body.draft(in.Body.Version)))
		})
	type drillAct struct {
		IncidentID
		Body struct {
			Act      string `json:"act" enum:"start,pause,resume,end,close,cancel,give,skip"`
			Inject   string `json:"inject,omitempty" maxLength:"64"`
			Reason   string `json:"reason,omitempty" maxLength:"400"`
			Findings string `json:"findings,omitempty" maxLength:"16000"`
		}
	}
	register(s, drillOp("run-drill", http.MethodPost, "/{id}/acts", "Start, pause, end or close an exercise; give or skip a line of its script"),
		func(ctx context.Context, in *drillAct) (*body[drill.Drill], error) {
			b := in.Body
			return reply(svc.Act(ctx, in.ID, drill.Act{Kind: b.Act, Inject: b.Inject, Reason: b.Reason, Findings: b.Findings}))
		})
	register(s, drillOp("drill-inbox", http.MethodGet, "/{id}/inbox", "What has reached those who take part, the newest first"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[drill.Letter]], error) {
			return listed(svc.Inbox(ctx, in.ID))
		})
	register(s, drillOp("drill-measures", http.MethodGet, "/{id}/measures", "What was measured by itself, against the plan"),
		func(ctx context.Context, in *IncidentID) (*body[drill.Measures], error) {
			return reply(svc.Measures(ctx, in.ID))
		})
	registerDrillOutcomes(s, svc)
	registerDrillSheets(s, svc)
}

func registerDrillOutcomes(s *Server, svc *drill.Service) {
	register(s, drillOp("list-drill-items", http.MethodGet, "/{id}/items", "What the exercise wants improved"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[drill.Item]], error) {
			return listed(svc.Items(ctx, in.ID))
		})
	type drillImproves struct {
		IncidentID
		Body struct {
			Text  string `json:"text" maxLength:"8000"`
			OrgID string `json:"org_id" maxLength:"64"`
			DueOn string `json:"due_on" maxLength:"10"`
		}
	}
	register(s, drillOp("add-drill-item", http.MethodPost, "/{id}/items", "Add something to improve"),
		func(ctx context.Context, in *drillImproves) (*body[drill.Item], error) {
			return reply(svc.Improve(ctx, in.ID, in.Body.Text, in.Body.OrgID, in.Body.DueOn))
		})
	type drillSettles struct {
		IncidentID
		Item string `path:"item" maxLength:"64"`
		Body struct {
			To  string `json:"to" enum:"open,done,verified"`
			How string `json:"how,omitempty" maxLength:"8000"`
		}
	}
	register(s, drillOp("settle-drill-item", http.MethodPost, "/{id}/items/{item}", "Say that it is done, that this was seen, or that it is open again"),
		func(ctx context.Context, in *drillSettles) (*body[drill.Item], error) {
			return reply(svc.Settle(ctx, in.ID, in.Item, drill.ItemState(in.Body.To), in.Body.How))
		})
	for format, kind := range map[string]string{"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"} {
		op := drillOp("print-drill-"+format, http.MethodGet, "/{id}/report."+format, "The evaluation report as "+format)
		op.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
		register(s, op, func(ctx context.Context, in *IncidentID) (*file, error) {
			out, name, err := svc.Report(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			text := out.PDF
			if format == "docx" {
				text = out.DOCX
			}
			return &file{ContentType: kind, ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + format}), Body: text}, nil
		})
	}
}

// registerDrillSheets adds the evaluators' sheets; the address of one needs no login.
func registerDrillSheets(s *Server, svc *drill.Service) {
	register(s, drillOp("list-drill-sheets", http.MethodGet, "/{id}/sheets", "What the evaluators wrote"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[drill.Sheet]], error) {
			return listed(svc.Sheets(ctx, in.ID))
		})
	type drillHands struct {
		IncidentID
		Body struct {
			Name string `json:"name" maxLength:"64"`
			Post string `json:"post,omitempty" maxLength:"240"`
		}
	}
	register(s, drillOp("hand-drill-sheet", http.MethodPost, "/{id}/sheets", "Make a sheet for an evaluator; its address is shown once"),
		func(ctx context.Context, in *drillHands) (*body[drill.Handed], error) {
			return reply(svc.Hand(ctx, in.ID, in.Body.Name, in.Body.Post))
		})
	asked := newGate(time.Second, 60, "duty.too_many", "too many questions from this address; wait a moment")
	open := func(id, method, summary string) huma.Operation {
		op := drillOp(id, method, "/sheets/{token}", summary)
		op.Security, op.Middlewares = []map[string][]string{}, s.slow(asked)
		return op
	}
	type token struct {
		Token string `path:"token" maxLength:"64"`
	}
	register(s, open("open-drill-sheet", http.MethodGet, "The sheet of the evaluator whose address it is"),
		func(ctx context.Context, in *token) (*body[drill.SheetPage], error) {
			return reply(svc.Sheet(ctx, in.Token))
		})
	register(s, open("write-drill-sheet", http.MethodPut, "Keep the sheet of the evaluator whose address it is"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  struct {
				Marks []struct {
					ID    string `json:"id" maxLength:"64"`
					Score int    `json:"score" minimum:"0" maximum:"5"`
					Text  string `json:"text,omitempty" maxLength:"8000"`
				} `json:"marks" maxItems:"40"`
				Advice string `json:"advice,omitempty" maxLength:"8000"`
			}
		},
		) (*body[drill.Sheet], error) {
			var marks []drill.Mark
			for _, m := range in.Body.Marks {
				marks = append(marks, drill.Mark{ID: m.ID, Score: m.Score, Text: m.Text})
			}
			return reply(svc.Write(ctx, in.Token, marks, in.Body.Advice))
		})
}
