package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
)

// IncidentID names an incident. It and IncidentQuery are exported because huma passes over embedded types that are
// not.
type IncidentID struct {
	ID string `path:"id" maxLength:"64"`
}

// IncidentQuery narrows the list of incidents and its export.
type IncidentQuery struct {
	ListQuery
	State    string    `query:"state" enum:"open,closed,merged,void" doc:"Only those"`
	Category string    `query:"category" maxLength:"64" doc:"A category and its parts"`
	From     time.Time `query:"from" doc:"Occurred since then"`
	To       time.Time `query:"to" doc:"Occurred before then"`
}

func (q IncidentQuery) filter() incident.Filter {
	return incident.Filter{State: incident.State(q.State), Category: q.Category, From: q.From, To: q.To}
}

func incidentOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/incidents" + path, Summary: summary, Tags: []string{"incidents"}}
}

// RegisterIncidents adds what has happened and is being dealt with.
func RegisterIncidents(s *Server, svc *incident.Service) {
	register(s, incidentOp("list-incidents", http.MethodGet, "", "Incidents, newest first"),
		func(ctx context.Context, in *IncidentQuery) (*body[page.List[incident.Incident]], error) {
			return reply(svc.List(ctx, in.filter(), in.page()))
		})
	registerSheet(s, incidentOp("export-incidents", http.MethodGet, "/export.xlsx", "Incidents as a workbook"), "incidents",
		func(ctx context.Context, in *IncidentQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[incident.Incident], error) {
				return svc.List(ctx, in.filter(), r)
			})
			if err != nil {
				return document.Sheet{}, err
			}
			return incidentSheet(list, svc.Categories), nil
		})
	register(s, incidentOp("list-incident-categories", http.MethodGet, "/categories", "The kinds of incidents, with their source"),
		func(_ context.Context, _ *nothing) (*body[incident.Categories], error) {
			return reply(*svc.Categories, nil)
		})
	register(s, incidentOp("get-incident", http.MethodGet, "/{id}", "An incident whole: timeline, figures, who knew when"),
		func(ctx context.Context, in *IncidentID) (*body[incident.Room], error) {
			return reply(svc.Room(ctx, in.ID))
		})
	register(s, incidentOp("similar-incidents", http.MethodGet, "/{id}/similar", "Open incidents that may be the same"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[incident.Similar]], error) {
			i, err := svc.Get(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return listed(svc.Similar(ctx, i.Sketch(), i.ID))
		})
	type incidentOpens struct {
		Body struct {
			Title      string     `json:"title" maxLength:"240"`
			Category   string     `json:"category" maxLength:"64"`
			Place      string     `json:"place" maxLength:"400"`
			Division   string     `json:"division,omitempty" maxLength:"12" doc:"Left out: that of the own desk"`
			Summary    string     `json:"summary,omitempty" maxLength:"8000"`
			Lon        *float64   `json:"lon,omitempty" doc:"Degrees, WGS 84"`
			Lat        *float64   `json:"lat,omitempty"`
			Level      int        `json:"level,omitempty" minimum:"0" maximum:"4"`
			Sensitive  bool       `json:"sensitive,omitempty" doc:"Reported whatever its level"`
			OccurredAt *time.Time `json:"occurred_at,omitempty"`
			KnownAt    *time.Time `json:"known_at,omitempty" doc:"When the desk first knew; left out: now"`
		}
	}
	register(s, incidentOp("open-incident", http.MethodPost, "", "Open an incident without an item of the inbox"),
		func(ctx context.Context, in *incidentOpens) (*body[incident.Incident], error) {
			b := in.Body
			return reply(svc.Open(ctx, incident.Draft{
				Title: b.Title, Category: b.Category, Place: b.Place, Division: b.Division, Summary: b.Summary, Lon: b.Lon, Lat: b.Lat, Level: b.Level,
				Sensitive: b.Sensitive, OccurredAt: moment(b.OccurredAt), KnownAt: moment(b.KnownAt),
			}))
		})
	registerIncidentChanges(s, svc)
}

// moment is the time that was given, or the zero one.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func registerIncidentChanges(s *Server, svc *incident.Service) {
	type incidentChange struct {
		IncidentID
		Body struct {
			Version    int        `json:"version" doc:"That was seen; a newer one is a conflict"`
			Title      *string    `json:"title,omitempty" maxLength:"240"`
			Category   *string    `json:"category,omitempty" maxLength:"64"`
			Place      *string    `json:"place,omitempty" maxLength:"400"`
			Division   *string    `json:"division,omitempty" maxLength:"12"`
			Summary    *string    `json:"summary,omitempty" maxLength:"8000"`
			Lon        *float64   `json:"lon,omitempty"`
			Lat        *float64   `json:"lat,omitempty"`
			Sensitive  *bool      `json:"sensitive,omitempty"`
			OccurredAt *time.Time `json:"occurred_at,omitempty"`
			Why        string     `json:"why,omitempty" maxLength:"400" doc:"Of a correction; the timeline keeps it"`
		}
	}
	register(s, incidentOp("change-incident", http.MethodPut, "/{id}", "Change what is known of an incident"),
		func(ctx context.Context, in *incidentChange) (*body[incident.Incident], error) {
			b := in.Body
			return reply(svc.Change(ctx, in.ID, incident.Change{
				Version: b.Version, Title: b.Title, Category: b.Category, Place: b.Place, Division: b.Division, Summary: b.Summary,
				Lon: b.Lon, Lat: b.Lat, Sensitive: b.Sensitive, OccurredAt: b.OccurredAt, Why: b.Why,
			}))
		})
	type incidentLevels struct {
		IncidentID
		Body struct {
			Level int    `json:"level" minimum:"0" maximum:"4"`
			Why   string `json:"why,omitempty" maxLength:"400"`
		}
	}
	register(s, incidentOp("grade-incident", http.MethodPut, "/{id}/level", "Confirm how grave an incident is"),
		func(ctx context.Context, in *incidentLevels) (*body[incident.Incident], error) {
			return reply(svc.Grade(ctx, in.ID, in.Body.Level, in.Body.Why))
		})
	register(s, incidentOp("respond-incident", http.MethodPut, "/{id}/response", "Set the level of the response; 0 ends it"),
		func(ctx context.Context, in *incidentLevels) (*body[incident.Incident], error) {
			return reply(svc.Respond(ctx, in.ID, in.Body.Level, in.Body.Why))
		})
	type incidentFigure struct {
		IncidentID
		Body struct {
			Kind   string     `json:"kind" enum:"dead,missing,trapped,serious,injured,evacuated,affected,loss" doc:"People; loss in 10,000 yuan"`
			Value  int        `json:"value" minimum:"0"`
			At     *time.Time `json:"at,omitempty" doc:"Of the count; left out: now"`
			Source string     `json:"source" maxLength:"400"`
		}
	}
	register(s, incidentOp("count-incident", http.MethodPost, "/{id}/figures", "Add a count with its source and time"),
		func(ctx context.Context, in *incidentFigure) (*body[incident.Figure], error) {
			b := in.Body
			return reply(svc.Count(ctx, in.ID, incident.Figure{Kind: b.Kind, Value: b.Value, At: moment(b.At), Source: b.Source}))
		})
	type incidentNote struct {
		IncidentID
		Body struct {
			Text string `json:"text" maxLength:"8000"`
		}
	}
	register(s, incidentOp("note-incident", http.MethodPost, "/{id}/notes", "Add a line to the timeline"),
		func(ctx context.Context, in *incidentNote) (*body[incident.Incident], error) {
			return reply(svc.Write(ctx, in.ID, incident.Step{Kind: incident.Noted, Text: in.Body.Text}))
		})
	type incidentMerge struct {
		IncidentID
		Body struct {
			Into string `json:"into" maxLength:"64"`
		}
	}
	register(s, incidentOp("merge-incident", http.MethodPost, "/{id}/merge", "Make an incident part of another"),
		func(ctx context.Context, in *incidentMerge) (*body[incident.Incident], error) {
			return reply(svc.Merge(ctx, in.ID, in.Body.Into))
		})
	type incidentParts struct {
		IncidentID
		Body struct {
			Why string `json:"why" maxLength:"400"`
		}
	}
	register(s, incidentOp("unmerge-incident", http.MethodPost, "/{id}/unmerge", "Undo a merge"),
		func(ctx context.Context, in *incidentParts) (*body[incident.Incident], error) {
			return reply(svc.Unmerge(ctx, in.ID, in.Body.Why))
		})
	type incidentSplit struct {
		IncidentID
		Body struct {
			Version    int        `json:"version" doc:"That was seen; a newer one is a conflict"`
			Title      string     `json:"title" maxLength:"240"`
			Category   string     `json:"category,omitempty" maxLength:"64" doc:"Left out: that of the old one"`
			Place      string     `json:"place" maxLength:"400"`
			Division   string     `json:"division,omitempty" maxLength:"12" doc:"Left out: that of the old one"`
			Summary    string     `json:"summary,omitempty" maxLength:"8000"`
			Why        string     `json:"why" maxLength:"400"`
			Lon        *float64   `json:"lon,omitempty" doc:"Degrees, WGS 84"`
			Lat        *float64   `json:"lat,omitempty"`
			OccurredAt *time.Time `json:"occurred_at,omitempty" doc:"Left out: that of the old one"`
			Lines      []int      `json:"lines,omitempty" maxItems:"2000" doc:"Numbers of lines of the timeline, which are read in both"`
			Figures    []string   `json:"figures,omitempty" maxItems:"2000" doc:"Ids; they count in the new one"`
			Opinions   []string   `json:"opinions,omitempty" maxItems:"2000" doc:"Ids of entries of public opinion"`
			Tasks      []string   `json:"tasks,omitempty" maxItems:"2000" doc:"Ids; the response that gave them goes on with them"`
			Snapshots  []string   `json:"snapshots,omitempty" maxItems:"500" doc:"Ids of pictures that are kept under the number of the old one"`
			Clips      []string   `json:"clips,omitempty" maxItems:"500" doc:"Ids of clips that were made for it"`
			Holds      []string   `json:"holds,omitempty" maxItems:"500" doc:"Ids of holds of recordings for it"`
		}
	}
	register(s, incidentOp("split-incident", http.MethodPost, "/{id}/split", "Make two incidents of one; answers the new one. Merging it undoes that"),
		func(ctx context.Context, in *incidentSplit) (*body[incident.Incident], error) {
			b := in.Body
			return reply(svc.Split(ctx, in.ID, incident.Halves{
				Version: b.Version, Title: b.Title, Category: b.Category, Place: b.Place, Division: b.Division, Summary: b.Summary, Why: b.Why, Lon: b.Lon, Lat: b.Lat, OccurredAt: moment(b.OccurredAt),
				Parts: incident.Parts{Lines: b.Lines, Figures: b.Figures, Opinions: b.Opinions, Tasks: b.Tasks, Snapshots: b.Snapshots, Clips: b.Clips, Holds: b.Holds},
			}))
		})
	type incidentCloses struct {
		IncidentID
		Body struct {
			To  string `json:"to" enum:"closed,open,void"`
			Why string `json:"why" maxLength:"400"`
		}
	}
	register(s, incidentOp("close-incident", http.MethodPost, "/{id}/state", "End an incident, open it again, or withdraw one opened by mistake"),
		func(ctx context.Context, in *incidentCloses) (*body[incident.Incident], error) {
			return reply(svc.Close(ctx, in.ID, incident.State(in.Body.To), in.Body.Why))
		})
}

func incidentSheet(list []incident.Incident, c *incident.Categories) document.Sheet {
	states := map[incident.State]string{incident.Open: "处置中", incident.Closed: "已结束", incident.Merged: "已合并", incident.Void: "已撤销"}
	sheet := document.Sheet{Title: "突发事件", Headings: []string{"编号", "标题", "类别", "级别", "响应", "地点", "行政区划", "事发时间", "接报时间", "状态", "单位", "概况"}}
	for _, i := range list {
		response := ""
		if i.Response > 0 {
			response = incident.ResponseName(i.Response)
		}
		sheet.Rows = append(sheet.Rows, []any{i.No, i.Title, c.Named(i.Category), incident.LevelName(i.Level), response, i.Place, i.Division, i.OccurredAt, i.KnownAt, states[i.State], i.OrgName, i.Summary})
	}
	return sheet
}
