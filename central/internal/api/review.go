package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/review"
)

func reviewOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"reviews"}}
}

// CaseQuery narrows the library of cases and its export.
type CaseQuery struct {
	ListQuery
	Category string `query:"category" maxLength:"64" doc:"A category and its parts"`
	Level    int    `query:"level" minimum:"0" maximum:"4" doc:"Of the incident; 0: all"`
	Division string `query:"division" maxLength:"12" doc:"A division and what lies in it"`
	Year     string `query:"year" maxLength:"4" doc:"In which it happened: 2026"`
}

func (q CaseQuery) filter() review.Filter {
	f := review.Filter{Category: q.Category, Level: q.Level, Year: q.Year}
	if q.Division != "" {
		f.Within = actor.Actor{Kind: actor.User, DivisionCode: q.Division}.Scope()
	}
	return f
}

// RegisterReviews adds after-action reviews and the library of cases.
func RegisterReviews(s *Server, svc *review.Service) {
	register(s, reviewOp("list-cases", http.MethodGet, "/cases", "Concluded reviews, the newest incident first"),
		func(ctx context.Context, in *CaseQuery) (*body[page.List[review.Review]], error) {
			return reply(svc.Cases(ctx, in.filter(), in.page()))
		})
	registerSheet(s, reviewOp("export-cases", http.MethodGet, "/cases/export.xlsx", "Cases as a workbook"), "cases",
		func(ctx context.Context, in *CaseQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[review.Review], error) {
				return svc.Cases(ctx, in.filter(), r)
			})
			if err != nil {
				return document.Sheet{}, err
			}
			sheet := document.Sheet{Title: "案例库", Headings: []string{"编号", "标题", "类别", "级别", "行政区划", "地点", "事发时间", "单位", "经过", "经验", "问题和原因"}}
			for _, r := range list {
				sheet.Rows = append(sheet.Rows, []any{r.No, r.Title, svc.Categories.Named(r.Category), incident.LevelName(r.Level), r.Division, r.Place, r.OccurredAt, r.OrgName, r.Course, r.Good, r.Causes})
			}
			return sheet, nil
		})
	register(s, reviewOp("get-review", http.MethodGet, "/incidents/{id}/review", "The review of an incident with the times of the record; state is empty while nobody has begun it"),
		func(ctx context.Context, in *IncidentID) (*body[review.View], error) {
			return reply(svc.View(ctx, in.ID))
		})
	type reviewTexts struct {
		IncidentID
		Body struct {
			Edit   int    `json:"edit" minimum:"0" doc:"That was seen; a newer one is a conflict"`
			Course string `json:"course" maxLength:"8000"`
			Good   string `json:"good" maxLength:"8000"`
			Causes string `json:"causes" maxLength:"8000"`
		}
	}
	register(s, reviewOp("write-review", http.MethodPut, "/incidents/{id}/review", "Write the review of an incident"),
		func(ctx context.Context, in *reviewTexts) (*body[review.View], error) {
			return reply(svc.Write(ctx, in.ID, review.Texts{Edit: in.Body.Edit, Course: in.Body.Course, Good: in.Body.Good, Causes: in.Body.Causes}))
		})
	type reviewEnds struct {
		IncidentID
		Body struct {
			Edit  int  `json:"edit" minimum:"0"`
			Again bool `json:"again,omitempty" doc:"Open a concluded one once more"`
		}
	}
	register(s, reviewOp("conclude-review", http.MethodPost, "/incidents/{id}/review/state", "Conclude a review, which makes it a case of the library"),
		func(ctx context.Context, in *reviewEnds) (*body[review.View], error) {
			return reply(svc.Conclude(ctx, in.ID, in.Body.Edit, in.Body.Again))
		})
	type reviewReason struct {
		IncidentID
		Task string `path:"task" maxLength:"64"`
		Body struct {
			Text string `json:"text" maxLength:"2000"`
		}
	}
	register(s, reviewOp("explain-late-task", http.MethodPost, "/incidents/{id}/review/reasons/{task}", "Say why a task was late"),
		func(ctx context.Context, in *reviewReason) (*body[review.View], error) {
			return reply(svc.Explain(ctx, in.ID, in.Task, in.Body.Text))
		})
	registerLessons(s, svc)
}

func registerLessons(s *Server, svc *review.Service) {
	type lessonAdds struct {
		IncidentID
		Body struct {
			Text  string    `json:"text" maxLength:"2000"`
			OrgID string    `json:"org_id,omitempty" maxLength:"64" doc:"Left out: the own organisation"`
			Owner string    `json:"owner" maxLength:"128"`
			DueAt time.Time `json:"due_at"`
		}
	}
	register(s, reviewOp("add-lesson", http.MethodPost, "/incidents/{id}/review/lessons", "Add a lesson with its owner and the time by which it is learned"),
		func(ctx context.Context, in *lessonAdds) (*body[review.View], error) {
			b := in.Body
			return reply(svc.Learn(ctx, in.ID, review.NewLesson{Text: b.Text, OrgID: b.OrgID, Owner: b.Owner, DueAt: b.DueAt}))
		})
	type lessonSettles struct {
		IncidentID
		Lesson string `path:"lesson" maxLength:"64"`
		Body   struct {
			Evidence string `json:"evidence" maxLength:"2000" doc:"What proves it, or why it is owed again"`
			Again    bool   `json:"again,omitempty"`
		}
	}
	register(s, reviewOp("settle-lesson", http.MethodPost, "/incidents/{id}/review/lessons/{lesson}/state", "Close a lesson with its evidence, or owe it again"),
		func(ctx context.Context, in *lessonSettles) (*body[review.View], error) {
			return reply(svc.Settle(ctx, in.ID, in.Lesson, in.Body.Evidence, in.Body.Again))
		})
	type lessonSuggests struct {
		IncidentID
		Lesson string `path:"lesson" maxLength:"64"`
		Body   struct {
			PlanID    string `json:"plan_id" maxLength:"64"`
			ChapterID string `json:"chapter_id,omitempty" maxLength:"40" doc:"Of the version in force; left out: the plan as a whole"`
			Text      string `json:"text" maxLength:"4000"`
		}
	}
	register(s, reviewOp("suggest-lesson", http.MethodPost, "/incidents/{id}/review/lessons/{lesson}/suggestion", "Suggest to a plan what a lesson taught"),
		func(ctx context.Context, in *lessonSuggests) (*body[review.View], error) {
			b := in.Body
			return reply(svc.Suggest(ctx, in.ID, in.Lesson, b.PlanID, b.ChapterID, b.Text))
		})
}

// registerPlanSuggestions adds what incidents taught about a plan.
func (s *Server) registerPlanSuggestions(svc *plan.Service) {
	register(s, planOp("list-plan-suggestions", http.MethodGet, "/{id}/suggestions", "What incidents taught about a plan, newest first"),
		func(ctx context.Context, in *PlanID) (*body[page.List[plan.Suggestion]], error) {
			return listed(svc.Suggestions(ctx, in.ID))
		})
	type planAnswers struct {
		PlanID
		Suggestion string `path:"suggestion" maxLength:"64"`
		Body       struct {
			Accept bool   `json:"accept"`
			Why    string `json:"why,omitempty" maxLength:"400" doc:"Needed to decline"`
		}
	}
	register(s, planOp("answer-plan-suggestion", http.MethodPost, "/{id}/suggestions/{suggestion}", "Accept or decline a suggestion while the plan is being written"),
		func(ctx context.Context, in *planAnswers) (*body[plan.Plan], error) {
			return reply(svc.Answer(ctx, in.ID, in.Suggestion, in.Body.Accept, in.Body.Why))
		})
}
