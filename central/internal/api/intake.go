package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/page"
)

// IntakeQuery narrows the inbox and its export. It and IntakeInput are exported because huma passes over embedded
// types that are not.
type IntakeQuery struct {
	ListQuery
	State    string `query:"state" enum:"waiting,linked,aside"`
	Kind     string `query:"kind" enum:"call,alarm,field,public,department,media"`
	Incident string `query:"incident" maxLength:"64" doc:"What became part of that incident"`
}

func (q IntakeQuery) filter() intake.Filter {
	return intake.Filter{State: intake.State(q.State), Kind: intake.Kind(q.Kind), Incident: q.Incident}
}

// IntakeInput is what came in, as it is written down.
type IntakeInput struct {
	Kind       string         `json:"kind" enum:"call,field,department,media"`
	ReceivedAt *time.Time     `json:"received_at,omitempty" doc:"Left out: now"`
	OccurredAt *time.Time     `json:"occurred_at,omitempty"`
	Place      string         `json:"place,omitempty" maxLength:"400"`
	Division   string         `json:"division,omitempty" maxLength:"12" doc:"Left out: that of the own desk"`
	Lon        *float64       `json:"lon,omitempty" doc:"Degrees, WGS 84"`
	Lat        *float64       `json:"lat,omitempty"`
	Category   string         `json:"category,omitempty" maxLength:"64"`
	Text       string         `json:"text,omitempty" maxLength:"8000" doc:"What happened"`
	Cause      string         `json:"cause,omitempty" maxLength:"8000"`
	Measures   string         `json:"measures,omitempty" maxLength:"8000"`
	Trend      string         `json:"trend,omitempty" maxLength:"8000"`
	Informed   string         `json:"informed,omitempty" maxLength:"8000" doc:"Who else was told"`
	Unit       string         `json:"unit,omitempty" maxLength:"240"`
	Caller     string         `json:"caller,omitempty" maxLength:"128"`
	Post       string         `json:"post,omitempty" maxLength:"128"`
	Phone      string         `json:"phone,omitempty" maxLength:"64"`
	Source     string         `json:"source,omitempty" maxLength:"1000" doc:"Where it was found"`
	Figures    map[string]int `json:"figures,omitempty" doc:"dead, missing, trapped, serious, injured, evacuated, affected; loss in 10,000 yuan"`
}

func (b IntakeInput) item() intake.Item {
	return intake.Item{
		Kind: intake.Kind(b.Kind), ReceivedAt: moment(b.ReceivedAt), OccurredAt: b.OccurredAt, Place: b.Place, Division: b.Division, Lon: b.Lon, Lat: b.Lat,
		Category: b.Category, Text: b.Text, Cause: b.Cause, Measures: b.Measures, Trend: b.Trend, Informed: b.Informed, Unit: b.Unit, Caller: b.Caller,
		Post: b.Post, Phone: b.Phone, Source: b.Source, Figures: b.Figures,
	}
}

func intakeOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/intake" + path, Summary: summary, Tags: []string{"intake"}}
}

// RegisterIntake adds the inbox of the desks.
func RegisterIntake(s *Server, svc *intake.Service) {
	register(s, intakeOp("list-intake", http.MethodGet, "", "What came in, newest first"),
		func(ctx context.Context, in *IntakeQuery) (*body[page.List[intake.Item]], error) {
			return reply(svc.List(ctx, in.filter(), in.page()))
		})
	registerSheet(s, intakeOp("export-intake", http.MethodGet, "/export.xlsx", "The inbox as a workbook"), "intake",
		func(ctx context.Context, in *IntakeQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[intake.Item], error) {
				return svc.List(ctx, in.filter(), r)
			})
			return intakeSheet(list), err
		})
	register(s, intakeOp("receive-intake", http.MethodPost, "", "Write down what came in at the own desk"),
		func(ctx context.Context, in *struct{ Body IntakeInput }) (*body[intake.Item], error) {
			return reply(svc.Receive(ctx, in.Body.item()))
		})
	register(s, intakeOp("like-intake", http.MethodPost, "/similar", "Open incidents that may be the same as what is being written down"),
		func(ctx context.Context, in *struct{ Body IntakeInput }) (*body[page.List[incident.Similar]], error) {
			return listed(svc.Like(ctx, in.Body.item()))
		})
	register(s, intakeOp("get-intake", http.MethodGet, "/{id}", "An item, with the incidents that may be the same"),
		func(ctx context.Context, in *IncidentID) (*body[intake.Detail], error) {
			return reply(svc.Get(ctx, in.ID))
		})
	type intakeAlarm struct {
		Body struct {
			Alarm string `json:"alarm" maxLength:"64"`
		}
	}
	register(s, intakeOp("alarm-intake", http.MethodPost, "/alarms", "Turn an alarm into an item; the same alarm again gives the same item"),
		func(ctx context.Context, in *intakeAlarm) (*body[intake.Item], error) {
			return reply(svc.FromAlarm(ctx, in.Body.Alarm))
		})
	type intakeOpens struct {
		IncidentID
		Body struct {
			Title     string `json:"title,omitempty" maxLength:"240" doc:"Left out: what was said first"`
			Category  string `json:"category,omitempty" maxLength:"64" doc:"Left out: that of the item"`
			Level     int    `json:"level,omitempty" minimum:"0" maximum:"4"`
			Sensitive bool   `json:"sensitive,omitempty"`
		}
	}
	register(s, intakeOp("open-intake", http.MethodPost, "/{id}/incident", "Open an incident from an item"),
		func(ctx context.Context, in *intakeOpens) (*body[intake.Item], error) {
			b := in.Body
			return reply(svc.Open(ctx, in.ID, intake.NewIncident{Title: b.Title, Category: b.Category, Level: b.Level, Sensitive: b.Sensitive}))
		})
	type intakeLinks struct {
		IncidentID
		Body struct {
			Incident string `json:"incident" maxLength:"64"`
		}
	}
	register(s, intakeOp("link-intake", http.MethodPost, "/{id}/link", "Make an item part of an open incident"),
		func(ctx context.Context, in *intakeLinks) (*body[intake.Item], error) {
			return reply(svc.Link(ctx, in.ID, in.Body.Incident))
		})
	type intakeAside struct {
		IncidentID
		Body struct {
			Reason string `json:"reason" maxLength:"400"`
		}
	}
	register(s, intakeOp("set-aside-intake", http.MethodPost, "/{id}/aside", "Close an item from which nothing follows"),
		func(ctx context.Context, in *intakeAside) (*body[intake.Item], error) {
			return reply(svc.SetAside(ctx, in.ID, in.Body.Reason))
		})
	register(s, intakeOp("undo-intake", http.MethodPost, "/{id}/undo", "Let an item wait again"),
		func(ctx context.Context, in *IncidentID) (*body[intake.Item], error) {
			return reply(svc.Undo(ctx, in.ID))
		})
	s.registerIntakeOpen(svc)
}

// registerIntakeOpen adds the form for the public. Nobody is signed in there, so little is taken and slowly: ten
// from an address, which many may share, then one a minute, and from all addresses together three hundred, then two a
// second. What comes beyond that is kept as unchecked, two thousand, then one in ten seconds; the rest is refused. What is
// refused as wrong does not count.
func (s *Server) registerIntakeOpen(svc *intake.Service) {
	form := intakeOp("public-intake", http.MethodPost, "/public", "Report something without a login")
	form.Security = []map[string][]string{}
	each := newGate(time.Minute, 10, "intake.too_many", "too many reports from this address; in an emergency call 110, 119 or 120")
	all := newGate(500*time.Millisecond, 300, "intake.too_many", "too many reports at once; in an emergency call 110, 119 or 120")
	spare := newGate(10*time.Second, 2000, all.code, all.text)
	form.Middlewares = huma.Middlewares{s.sparing(each, addressOf), s.overflowing(all, spare)}
	type intakeSaid struct {
		Body struct {
			Division string   `json:"division" maxLength:"12"`
			Place    string   `json:"place" maxLength:"400"`
			Text     string   `json:"text" maxLength:"2000"`
			Caller   string   `json:"caller,omitempty" maxLength:"128"`
			Phone    string   `json:"phone,omitempty" maxLength:"64"`
			Lon      *float64 `json:"lon,omitempty"`
			Lat      *float64 `json:"lat,omitempty"`
		}
	}
	register(s, form, func(ctx context.Context, in *intakeSaid) (*nothing, error) {
		b := in.Body
		return done(svc.FromPublic(ctx, intake.Item{
			Unchecked: overflown(ctx), Division: b.Division, Place: b.Place, Text: b.Text, Caller: b.Caller, Phone: b.Phone, Lon: b.Lon, Lat: b.Lat,
		}))
	})
}

func intakeSheet(list []intake.Item) document.Sheet {
	states := map[intake.State]string{intake.Waiting: "待处理", intake.Linked: "已立案", intake.Aside: "不处理"}
	sheet := document.Sheet{Title: "接报登记", Headings: []string{"序号", "接报时间", "来源", "报告单位", "报告人", "职务", "电话", "事发时间", "地点", "内容", "原因", "措施", "趋势", "已告知", "状态", "说明", "记录人", "处理人"}}
	for _, i := range list {
		state := states[i.State]
		if i.Unchecked && i.State == intake.Waiting {
			state += "（未核）"
		}
		var occurred any
		if i.OccurredAt != nil {
			occurred = *i.OccurredAt
		}
		sheet.Rows = append(sheet.Rows, []any{i.No, i.ReceivedAt, i.Kind.Word(), i.Unit, i.Caller, i.Post, i.Phone, occurred, i.Place, i.Text, i.Cause, i.Measures, i.Trend, i.Informed, state, i.Reason, i.ByName, i.DoneBy})
	}
	return sheet
}
