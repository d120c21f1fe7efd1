package api

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
)

func responseOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"responses"}}
}

// RegisterResponses adds plans that are carried out, their tasks, and who commands.
func RegisterResponses(s *Server, svc *response.Service) {
	register(s, responseOp("list-plan-proposals", http.MethodGet, "/incidents/{id}/proposals", "Plans that fit an incident, the best first, with the reasons"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[response.Proposal]], error) {
			return listed(svc.Propose(ctx, in.ID))
		})
	register(s, responseOp("get-incident-response", http.MethodGet, "/incidents/{id}/responses", "What is done about an incident: plans, seats, tasks, command"),
		func(ctx context.Context, in *IncidentID) (*body[response.View], error) {
			return reply(svc.View(ctx, in.ID))
		})
	type responseStarts struct {
		IncidentID
		Body struct {
			PlanID    string `json:"plan_id" maxLength:"64"`
			Version   int    `json:"version" minimum:"0" doc:"In force; 0 is the draft, which needs emergency"`
			Level     int    `json:"level" minimum:"1" maximum:"4"`
			Order     string `json:"order" maxLength:"400" doc:"Who ordered it, number of the document"`
			PaperID   string `json:"paper_id,omitempty" maxLength:"64"`
			Emergency bool   `json:"emergency,omitempty" doc:"Carry out a plan that nobody has approved, or that of a desk above, which is told"`
			Why       string `json:"why,omitempty" maxLength:"400" doc:"Of an emergency: why it cannot wait"`
		}
	}
	register(s, responseOp("start-response", http.MethodPost, "/incidents/{id}/responses", "Carry a plan out; the same again changes nothing"),
		func(ctx context.Context, in *responseStarts) (*body[response.Outcome], error) {
			b := in.Body
			return reply(svc.Activate(ctx, in.ID, response.Start{PlanID: b.PlanID, Version: b.Version, Level: b.Level, Order: b.Order, PaperID: b.PaperID, Emergency: b.Emergency, Why: b.Why}))
		})
	type motionPut struct {
		IncidentID
		Body struct {
			PlanID  string `json:"plan_id" maxLength:"64"`
			Version int    `json:"version" minimum:"0"`
			Level   int    `json:"level" minimum:"1" maximum:"4"`
			Why     string `json:"why" maxLength:"400"`
		}
	}
	register(s, responseOp("propose-response", http.MethodPost, "/incidents/{id}/motions", "Propose to the owner of a plan that it be started; who is on duty there is told"),
		func(ctx context.Context, in *motionPut) (*body[response.Motion], error) {
			b := in.Body
			return reply(svc.ProposeStart(ctx, in.ID, response.Move{PlanID: b.PlanID, Version: b.Version, Level: b.Level, Why: b.Why}))
		})
	type raisePut struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			Level int    `json:"level" minimum:"1" maximum:"4"`
			Why   string `json:"why" maxLength:"400"`
		}
	}
	register(s, responseOp("propose-raise", http.MethodPost, "/responses/{id}/motions", "Propose to those who direct a response that it be raised; the owner of the plan and who commands are told"),
		func(ctx context.Context, in *raisePut) (*body[response.Motion], error) {
			return reply(svc.ProposeRaise(ctx, in.ID, in.Body.Level, in.Body.Why))
		})
	type motionDecline struct {
		IncidentID
		Body struct {
			Why string `json:"why" maxLength:"400"`
		}
	}
	register(s, responseOp("decline-motion", http.MethodPost, "/motions/{id}/decline", "Decline a proposal to start a plan, or to raise a response, with the reason"),
		func(ctx context.Context, in *motionDecline) (*body[response.Motion], error) {
			return reply(svc.Decline(ctx, in.ID, in.Body.Why))
		})
	type responseShift struct {
		IncidentID
		Body struct {
			Level   int    `json:"level" minimum:"0" maximum:"4" doc:"0 ends it"`
			Order   string `json:"order" maxLength:"400"`
			PaperID string `json:"paper_id,omitempty" maxLength:"64"`
		}
	}
	register(s, responseOp("shift-response", http.MethodPut, "/responses/{id}/level", "Raise, lower or end a response"),
		func(ctx context.Context, in *responseShift) (*body[response.Outcome], error) {
			return reply(svc.Shift(ctx, in.ID, in.Body.Level, in.Body.Order, in.Body.PaperID))
		})
	register(s, responseOp("get-response-text", http.MethodGet, "/responses/{id}/text", "The text that is carried out, as it was frozen"),
		func(ctx context.Context, in *IncidentID) (*body[plan.Body], error) {
			return reply(svc.Text(ctx, in.ID))
		})
	type responseSeat struct {
		IncidentID
		Seat string `path:"seat" maxLength:"64"`
		Body struct {
			PersonID string `json:"person_id,omitempty" maxLength:"64" doc:"A duty person; else a name"`
			Name     string `json:"name,omitempty" maxLength:"64"`
			Why      string `json:"why,omitempty" maxLength:"400"`
		}
	}
	register(s, responseOp("fill-response-seat", http.MethodPut, "/responses/{id}/seats/{seat}", "Put somebody into a role of a response"),
		func(ctx context.Context, in *responseSeat) (*body[response.Seat], error) {
			return reply(svc.Seat(ctx, in.ID, in.Seat, response.Fill{PersonID: in.Body.PersonID, Name: in.Body.Name, Why: in.Body.Why}))
		})
	type seatLink struct {
		IncidentID
		Seat string `path:"seat" maxLength:"64"`
		Body struct {
			PersonID string `json:"person_id" maxLength:"64" doc:"Of those who hold the role"`
		}
	}
	register(s, responseOp("show-task-link", http.MethodPost, "/responses/{id}/seats/{seat}/link", "A new address of somebody's tasks, to be scanned at the desk"),
		func(ctx context.Context, in *seatLink) (*body[response.Shown], error) {
			return reply(svc.Show(ctx, in.ID, in.Seat, in.Body.PersonID))
		})
	type responseCommand struct {
		IncidentID
		Body struct {
			Do   string `json:"do" enum:"take,offer,accept,decline,seize,leave"`
			To   string `json:"to,omitempty" maxLength:"64" doc:"User to whom it is offered"`
			Post string `json:"post,omitempty" maxLength:"80"`
			Why  string `json:"why,omitempty" maxLength:"400"`
			Edit int    `json:"edit" minimum:"0" doc:"That was seen"`
		}
	}
	register(s, responseOp("command-incident", http.MethodPost, "/incidents/{id}/command", "Take the command, hand it over, or give it up"),
		func(ctx context.Context, in *responseCommand) (*body[response.Command], error) {
			b := in.Body
			return reply(svc.Take(ctx, in.ID, response.Act{Do: b.Do, To: b.To, Post: b.Post, Why: b.Why, Edit: b.Edit}))
		})
	register(s, responseOp("list-commanders", http.MethodGet, "/incidents/{id}/commanders", "Who may take the command of an incident"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[response.Commander]], error) {
			return listed(svc.Commanders(ctx, in.ID))
		})
	registerGroups(s, svc)
	registerTasks(s, svc)
	registerTaskLinks(s, svc)
}

// TaskStep is something that somebody does with a task. It is exported because huma passes over embedded types that
// are not.
type TaskStep struct {
	Kind     string   `json:"kind" enum:"accept,start,note,done,needless,reopen"`
	Text     string   `json:"text,omitempty" maxLength:"2000"`
	Lon      *float64 `json:"lon,omitempty" doc:"Degrees, WGS 84"`
	Lat      *float64 `json:"lat,omitempty"`
	Photos   []string `json:"photos,omitempty" maxItems:"20" doc:"Ids of pictures that were sent before"`
	Document string   `json:"document,omitempty" maxLength:"240" doc:"Number of a paper"`
	Signed   string   `json:"signed,omitempty" maxLength:"80" doc:"Who signed"`
	Key      string   `json:"key,omitempty" maxLength:"64" doc:"Of the request: the same again is the same step"`
}

func (b TaskStep) step() response.Step {
	return response.Step{Kind: b.Kind, Text: b.Text, Lon: b.Lon, Lat: b.Lat, Photos: b.Photos, Document: b.Document, Signed: b.Signed, Key: b.Key}
}

func registerTasks(s *Server, svc *response.Service) {
	type taskGives struct {
		IncidentID
		Body struct {
			ResponseID string    `json:"response_id" maxLength:"64"`
			SeatID     string    `json:"seat_id,omitempty" maxLength:"64"`
			GroupID    string    `json:"group_id,omitempty" maxLength:"64" doc:"In the place of a seat: its leader gets the task"`
			Title      string    `json:"title" maxLength:"240"`
			Text       string    `json:"text,omitempty" maxLength:"8000"`
			DueAt      time.Time `json:"due_at"`
			Evidence   []string  `json:"evidence,omitempty" maxItems:"3" doc:"text, photo, position"`
		}
	}
	register(s, responseOp("give-task", http.MethodPost, "/incidents/{id}/tasks", "Give a task that stands in no plan"),
		func(ctx context.Context, in *taskGives) (*body[response.Task], error) {
			b := in.Body
			return reply(svc.Order(ctx, in.ID, response.Give{ResponseID: b.ResponseID, SeatID: b.SeatID, GroupID: b.GroupID, Title: b.Title, Text: b.Text, DueAt: b.DueAt, Evidence: b.Evidence}))
		})
	register(s, responseOp("my-tasks", http.MethodGet, "/tasks", "Tasks of the own roles and the own desk, the next due first"),
		func(ctx context.Context, _ *nothing) (*body[page.List[response.Task]], error) {
			return listed(svc.Mine(ctx))
		})
	register(s, responseOp("get-task", http.MethodGet, "/tasks/{id}", "A task whole, with the clause of the plan that asks for it"),
		func(ctx context.Context, in *IncidentID) (*body[response.Detail], error) {
			return reply(svc.Task(ctx, in.ID))
		})
	type taskStep struct {
		IncidentID
		Body TaskStep
	}
	register(s, responseOp("step-task", http.MethodPost, "/tasks/{id}/steps", "Accept a task, begin it, report on it, finish it"),
		func(ctx context.Context, in *taskStep) (*body[response.Task], error) {
			return reply(svc.Do(ctx, in.ID, in.Body.step()))
		})
	add := responseOp("add-task-photo", http.MethodPost, "/tasks/{id}/photos", "Send a picture for the next step, at most 1 MB")
	add.DefaultStatus, add.MaxBodyBytes = http.StatusCreated, response.MaxPhoto+1
	register(s, add, func(ctx context.Context, in *struct {
		IncidentID
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*body[response.Photo], error) {
		return reply(svc.AddPhoto(ctx, in.ID, in.RawBody))
	})
	get := responseOp("get-task-photo", http.MethodGet, "/tasks/{id}/photos/{photo}", "A picture of a task")
	get.Responses = map[string]*huma.Response{"200": {
		Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, get, func(ctx context.Context, in *struct {
		IncidentID
		Photo string `path:"photo" maxLength:"64"`
	},
	) (*file, error) {
		p, err := svc.Photo(ctx, in.ID, in.Photo)
		if err != nil {
			return nil, err
		}
		return &file{ContentType: p.Type, ContentDisposition: mime.FormatMediaType("inline", map[string]string{"filename": "photo-" + p.ID}), Body: p.Bytes}, nil
	})
}

// registerTaskLinks adds what a person reaches with the link of a message, without a login.
func registerTaskLinks(s *Server, svc *response.Service) {
	asked := newGate(time.Second, 60, "duty.too_many", "too many questions from this address; wait a moment")
	open := func(id, method, path, summary string) huma.Operation {
		op := responseOp(id, method, "/tasks/links/{token}"+path, summary)
		op.Security, op.Middlewares = []map[string][]string{}, s.slow(asked)
		return op
	}
	type one struct {
		Token string `path:"token" maxLength:"64"`
		Task  string `path:"task" maxLength:"64"`
	}
	register(s, open("open-task-link", http.MethodGet, "", "The tasks of the person whose link it is"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
		},
		) (*body[response.PhonePage], error) {
			return reply(svc.Open(ctx, in.Token))
		})
	register(s, open("see-task-link", http.MethodPost, "/seen", "Somebody looks at the page: the message was read"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
		},
		) (*nothing, error) {
			return nil, svc.Seen(ctx, in.Token)
		})
	register(s, open("list-task-link", http.MethodGet, "/{task}/lines", "What was written of a task"),
		func(ctx context.Context, in *one) (*body[page.List[response.Line]], error) {
			return listed(svc.LinesByLink(ctx, in.Token, in.Task))
		})
	register(s, open("step-task-link", http.MethodPost, "/{task}/steps", "Do a step as the person whose link it is"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Task  string `path:"task" maxLength:"64"`
			Body  TaskStep
		},
		) (*body[response.Task], error) {
			return reply(svc.StepByLink(ctx, in.Token, in.Task, in.Body.step()))
		})
	photo := open("photo-task-link", http.MethodPost, "/{task}/photos", "Send a picture for the next step, at most 1 MB")
	photo.DefaultStatus, photo.MaxBodyBytes = http.StatusCreated, response.MaxPhoto+1
	register(s, photo, func(ctx context.Context, in *struct {
		Token   string `path:"token" maxLength:"64"`
		Task    string `path:"task" maxLength:"64"`
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*body[response.Photo], error) {
		return reply(svc.PhotoByLink(ctx, in.Token, in.Task, in.RawBody))
	})
}
