package api

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/opinion"
)

func opinionOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"opinions"}}
}

// RegisterOpinions adds what is said of incidents, and what this house says in answer.
func RegisterOpinions(s *Server, svc *opinion.Service) {
	register(s, opinionOp("get-opinions", http.MethodGet, "/incidents/{id}/opinions", "What is said of an incident: entries, tasks to speak, press statements"),
		func(ctx context.Context, in *IncidentID) (*body[opinion.View], error) {
			return reply(svc.View(ctx, in.ID))
		})
	type opinionAdds struct {
		IncidentID
		Body struct {
			Source  string     `json:"source" maxLength:"240" doc:"Where it was said"`
			Link    string     `json:"link,omitempty" maxLength:"1000" doc:"http or https"`
			Text    string     `json:"text" maxLength:"8000"`
			SaidAt  *time.Time `json:"said_at,omitempty" doc:"Left out: when it was found"`
			FoundAt *time.Time `json:"found_at,omitempty" doc:"Left out: now"`
			FoundBy string     `json:"found_by,omitempty" maxLength:"240" doc:"Left out: whoever writes it down"`
			Heat    string     `json:"heat,omitempty" enum:"scattered,rising,hot"`
			Reach   int        `json:"reach,omitempty" minimum:"0" doc:"Views that were counted; 0: unknown"`
		}
	}
	register(s, opinionOp("add-opinion", http.MethodPost, "/incidents/{id}/opinions", "Write down what was said in public of an incident"),
		func(ctx context.Context, in *opinionAdds) (*body[opinion.Entry], error) {
			b := in.Body
			return reply(svc.Add(ctx, in.ID, opinion.Found{
				Source: b.Source, Link: b.Link, Text: b.Text, SaidAt: moment(b.SaidAt), FoundAt: moment(b.FoundAt), FoundBy: b.FoundBy, Heat: opinion.Heat(b.Heat), Reach: b.Reach,
			}))
		})
	type opinionJudges struct {
		IncidentID
		Body struct {
			Kind    string `json:"kind" enum:"heat,verdict"`
			Heat    string `json:"heat,omitempty" enum:"scattered,rising,hot"`
			Reach   int    `json:"reach,omitempty" minimum:"0"`
			Verdict string `json:"verdict,omitempty" enum:"true,false,unclear"`
			Text    string `json:"text,omitempty" maxLength:"8000" doc:"The evidence of a verdict"`
		}
	}
	register(s, opinionOp("judge-opinion", http.MethodPost, "/opinions/{id}/lines", "Say how far an entry has spread, or whether it is true and by what evidence"),
		func(ctx context.Context, in *opinionJudges) (*body[opinion.Entry], error) {
			b := in.Body
			return reply(svc.Judge(ctx, in.ID, opinion.Line{Kind: b.Kind, Heat: opinion.Heat(b.Heat), Reach: b.Reach, Verdict: opinion.Verdict(b.Verdict), Text: b.Text}))
		})
	type opinionAsks struct {
		IncidentID
		Body struct {
			Do      string     `json:"do" enum:"statement,briefing"`
			Title   string     `json:"title" maxLength:"240"`
			OrgID   string     `json:"org_id,omitempty" maxLength:"64" doc:"Left out: the own organisation"`
			Entries []string   `json:"entries,omitempty" maxItems:"100" doc:"Ids of what is answered"`
			DueAt   *time.Time `json:"due_at,omitempty" doc:"Left out: by the rule that holds"`
		}
	}
	register(s, opinionOp("ask-statement", http.MethodPost, "/incidents/{id}/statement-tasks", "Ask an organisation to speak by a time"),
		func(ctx context.Context, in *opinionAsks) (*body[opinion.Task], error) {
			b := in.Body
			return reply(svc.Ask(ctx, in.ID, opinion.Ask{Do: b.Do, Title: b.Title, OrgID: b.OrgID, Entries: b.Entries, DueAt: moment(b.DueAt)}))
		})
	type opinionSettles struct {
		IncidentID
		Body struct {
			To  string `json:"to" enum:"said,dropped"`
			How string `json:"how" maxLength:"400" doc:"What was said where, or why nothing is"`
		}
	}
	register(s, opinionOp("settle-statement-task", http.MethodPost, "/statement-tasks/{id}/state", "End a task to speak without a statement"),
		func(ctx context.Context, in *opinionSettles) (*body[opinion.Task], error) {
			return reply(svc.Settle(ctx, in.ID, opinion.TaskState(in.Body.To), in.Body.How))
		})
	registerStatements(s, svc)
	registerExperts(s, svc)
}

func registerStatements(s *Server, svc *opinion.Service) {
	register(s, opinionOp("list-statement-templates", http.MethodGet, "/statement-templates", "How press statements begin"),
		func(_ context.Context, _ *nothing) (*body[opinion.Templates], error) {
			return reply(*svc.Templates, nil)
		})
	type statementBegins struct {
		IncidentID
		Body struct {
			Template string   `json:"template" maxLength:"64"`
			Tasks    []string `json:"tasks,omitempty" maxItems:"20" doc:"Ids of the tasks that it answers"`
			Replaces string   `json:"replaces,omitempty" maxLength:"64" doc:"A released statement that it corrects"`
		}
	}
	register(s, opinionOp("draft-statement", http.MethodPost, "/incidents/{id}/statements", "Begin a press statement from a template"),
		func(ctx context.Context, in *statementBegins) (*body[opinion.Statement], error) {
			b := in.Body
			return reply(svc.Draft(ctx, in.ID, opinion.NewStatement{Template: b.Template, Tasks: b.Tasks, Replaces: b.Replaces}))
		})
	type statementWrites struct {
		IncidentID
		Body struct {
			Edit  int    `json:"edit" minimum:"1" doc:"That was seen; a newer one is a conflict"`
			Title string `json:"title" maxLength:"240"`
			Text  string `json:"text" maxLength:"16000" doc:"A line is a paragraph"`
		}
	}
	register(s, opinionOp("change-statement", http.MethodPut, "/statements/{id}", "Change a statement that nobody has signed"),
		func(ctx context.Context, in *statementWrites) (*body[opinion.Statement], error) {
			return reply(svc.Write(ctx, in.ID, in.Body.Edit, in.Body.Title, in.Body.Text))
		})
	type statementActs struct {
		IncidentID
		Body struct {
			Do       string `json:"do" enum:"check,return,sign,release,discard"`
			Edit     int    `json:"edit" minimum:"1"`
			Note     string `json:"note,omitempty" maxLength:"400" doc:"Of a return the reason, of a release where it is published"`
			Password string `json:"password,omitempty" maxLength:"256" doc:"Of a signature"`
		}
	}
	register(s, opinionOp("step-statement", http.MethodPost, "/statements/{id}/steps", "Check, return, sign, release or discard a statement"),
		func(ctx context.Context, in *statementActs) (*body[opinion.Statement], error) {
			b := in.Body
			return reply(svc.Act(ctx, in.ID, opinion.Act{Do: b.Do, Edit: b.Edit, Note: b.Note, Password: b.Password}))
		})
	for format, kind := range map[string]string{"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"} {
		op := opinionOp("print-statement-"+format, http.MethodGet, "/statements/{id}/statement."+format, "A press statement as "+format)
		op.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
		register(s, op, func(ctx context.Context, in *IncidentID) (*file, error) {
			st, out, err := svc.Print(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			text := out.PDF
			if format == "docx" {
				text = out.DOCX
			}
			return &file{ContentType: kind, ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": st.Title + "." + format}), Body: text}, nil
		})
	}
}

// ExpertWords are what is written of an expert's opinion. It is exported because huma passes over embedded types that are not.
type ExpertWords struct {
	Name  string `json:"name,omitempty" maxLength:"128" doc:"Of the expert; left out with self"`
	Post  string `json:"post,omitempty" maxLength:"240" doc:"Unit and title"`
	Field string `json:"field" maxLength:"128"`
	Text  string `json:"text" maxLength:"16000"`
	How   string `json:"how,omitempty" maxLength:"400" doc:"How the officer has it; left out with self"`
}

func (w ExpertWords) advice(self bool) opinion.Advice {
	return opinion.Advice{Name: w.Name, Post: w.Post, Field: w.Field, Text: w.Text, How: w.How, Self: self}
}

// registerExperts adds the opinions of experts.
func registerExperts(s *Server, svc *opinion.Service) {
	type expertBegins struct {
		IncidentID
		Body struct {
			ExpertWords
			Self bool `json:"self,omitempty" doc:"Whoever is signed in is the expert"`
		}
	}
	register(s, opinionOp("add-expert-opinion", http.MethodPost, "/incidents/{id}/expert-opinions", "Write down the opinion of an expert about an incident"),
		func(ctx context.Context, in *expertBegins) (*body[opinion.Expert], error) {
			return reply(svc.Consult(ctx, in.ID, in.Body.advice(in.Body.Self)))
		})
	type expertWrites struct {
		IncidentID
		Body struct {
			ExpertWords
			Edit int `json:"edit" minimum:"1" doc:"That was seen; a newer one is a conflict"`
		}
	}
	register(s, opinionOp("change-expert-opinion", http.MethodPut, "/expert-opinions/{id}", "Change an opinion that nobody has signed"),
		func(ctx context.Context, in *expertWrites) (*body[opinion.Expert], error) {
			return reply(svc.Advise(ctx, in.ID, in.Body.Edit, in.Body.advice(false)))
		})
	type expertSigns struct {
		IncidentID
		Body struct {
			Do       string `json:"do" enum:"sign,discard"`
			Edit     int    `json:"edit" minimum:"1"`
			Password string `json:"password,omitempty" maxLength:"256" doc:"Of a signature"`
		}
	}
	register(s, opinionOp("sign-expert-opinion", http.MethodPost, "/expert-opinions/{id}/state", "Sign an opinion, or discard one that nobody has signed"),
		func(ctx context.Context, in *expertSigns) (*body[opinion.Expert], error) {
			b := in.Body
			return reply(svc.Vouch(ctx, in.ID, b.Edit, b.Password, b.Do == "discard"))
		})
	add := opinionOp("add-expert-file", http.MethodPost, "/expert-opinions/{id}/file", "Put a file of at most 1 MB to an opinion that nobody has signed")
	add.MaxBodyBytes = bodyLimit
	register(s, add, func(ctx context.Context, in *struct {
		IncidentID
		Name    string `query:"name" maxLength:"240"`
		Edit    int    `query:"edit" minimum:"1"`
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*body[opinion.Expert], error) {
		return reply(svc.Attach(ctx, in.ID, in.Edit, opinion.File{Name: in.Name, Type: http.DetectContentType(in.RawBody), Bytes: in.RawBody}))
	})
	get := opinionOp("get-expert-file", http.MethodGet, "/expert-opinions/{id}/file", "The file of an opinion")
	get.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
	register(s, get, func(ctx context.Context, in *IncidentID) (*file, error) {
		f, err := svc.File(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		// It is saved and never shown: what somebody has uploaded runs nowhere in the console.
		return &file{ContentType: "application/octet-stream", ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}), Body: f.Bytes}, nil
	})
}
