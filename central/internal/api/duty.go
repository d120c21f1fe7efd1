package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/page"
)

// DutyOrg names an organisation in the query. It is exported because huma passes over embedded types that
// are not.
type DutyOrg struct {
	Org string `query:"org" maxLength:"64" doc:"Organisation"`
}

// DutySpan is days of an organisation's roster.
type DutySpan struct {
	DutyOrg
	From string `query:"from" maxLength:"10" doc:"First day, 2026-11-01"`
	To   string `query:"to" maxLength:"10" doc:"Day after the last"`
}

// DutyID names a thing in the path.
type DutyID struct {
	ID string `path:"id" maxLength:"64"`
}

func dutyOp(id, method, path, summary string) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: "/duty" + path, Summary: summary, Tags: []string{"duty"}}
	if method == http.MethodDelete {
		op.DefaultStatus = http.StatusNoContent
	}
	return op
}

// RegisterDuty adds rosters and who is on duty.
func RegisterDuty(s *Server, svc *duty.Service) {
	s.registerDutyRoster(svc)
	s.registerDutyChanges(svc)
	s.registerDutySetup(svc)
	s.registerDutyPeople(svc)
	s.registerDutyCalendar(svc)
	s.registerDutyLinks(svc)
}

func (s *Server) registerDutyRoster(svc *duty.Service) {
	register(s, dutyOp("duty-now", http.MethodGet, "/now", "Who is on duty: the own desk, those above it and those below"),
		func(ctx context.Context, _ *nothing) (*body[page.List[duty.DeskNow]], error) {
			return listed(svc.Now(ctx))
		})
	register(s, dutyOp("duty-mine", http.MethodGet, "/mine", "The shifts and swaps of whoever asks"),
		func(ctx context.Context, _ *nothing) (*body[duty.Mine], error) { return reply(svc.Mine(ctx)) })
	register(s, dutyOp("duty-orgs", http.MethodGet, "/orgs", "Organisations whose rosters can be seen"),
		func(ctx context.Context, _ *nothing) (*body[page.List[duty.OrgView]], error) {
			return listed(svc.Orgs(ctx))
		})
	register(s, dutyOp("duty-roster", http.MethodGet, "/roster", "Days of a roster with everything that a page shows of them"),
		func(ctx context.Context, in *DutySpan) (*body[duty.Roster], error) {
			return reply(svc.Roster(ctx, in.Org, duty.Day(in.From), duty.Day(in.To)))
		})
	registerSheet(s, dutyOp("export-duty", http.MethodGet, "/roster/export.xlsx", "The monthly table as a workbook"), "duty",
		func(ctx context.Context, in *DutySpan) (document.Sheet, error) {
			r, err := svc.Roster(ctx, in.Org, duty.Day(in.From), duty.Day(in.To))
			if err != nil {
				return document.Sheet{}, err
			}
			return dutySheet(r.Table()), nil
		})
	type upload struct {
		DutyOrg
		Month   string `query:"month" maxLength:"7" doc:"2026-12"`
		RawBody []byte `contentType:"application/octet-stream"`
	}
	register(s, dutyOp("import-duty", http.MethodPost, "/roster/import", "Write a monthly table (XLSX); with faults, which are all answered, nothing is changed"),
		func(ctx context.Context, in *upload) (*body[duty.Imported], error) {
			return reply(svc.Import(ctx, in.Org, in.Month, func() ([][]string, error) {
				return readBook(ctx, s, in.RawBody, document.ReadTable)
			}))
		})
	type cells struct {
		Body struct {
			Org      string     `json:"org" maxLength:"64"`
			Edits    []dutyEdit `json:"edits" maxItems:"1000"`
			Password string     `json:"password,omitempty" maxLength:"512" doc:"With reason: signs the faults that the change brings to a signed month"`
			Reason   string     `json:"reason,omitempty" maxLength:"400"`
		}
	}
	register(s, dutyOp("set-duty-cells", http.MethodPost, "/cells", "Write many cells, or none of them"),
		func(ctx context.Context, in *cells) (*body[duty.Roster], error) {
			var sign *duty.Signature
			if in.Body.Reason != "" {
				sign = &duty.Signature{Password: in.Body.Password, Reason: in.Body.Reason}
			}
			edits := make([]duty.Edit, len(in.Body.Edits))
			for i, e := range in.Body.Edits {
				edits[i] = duty.Edit{Key: e.Cell.key(), PersonID: e.PersonID, Was: e.Was}
			}
			return reply(svc.SetCells(ctx, in.Body.Org, edits, sign))
		})
	type publish struct {
		Body struct {
			Org      string `json:"org" maxLength:"64"`
			Month    string `json:"month" maxLength:"7"`
			Password string `json:"password" maxLength:"512"`
			Reason   string `json:"reason,omitempty" maxLength:"400" doc:"Why the faults that block stand"`
		}
	}
	register(s, dutyOp("publish-duty", http.MethodPost, "/publications", "Sign a month"),
		func(ctx context.Context, in *publish) (*body[duty.Publication], error) {
			return reply(svc.Publish(ctx, in.Body.Org, in.Body.Month, duty.Signature{Password: in.Body.Password, Reason: in.Body.Reason}))
		})
}

func dutySheet(table [][]string) document.Sheet {
	sheet := document.Sheet{Title: "值班表", Headings: table[0]}
	for _, row := range table[1:] {
		cells := make([]any, len(row))
		for i, text := range row {
			cells[i] = text
		}
		sheet.Rows = append(sheet.Rows, cells)
	}
	return sheet
}

// dutyCell names a cell in a body.
type dutyCell struct {
	PostID string `json:"post_id" maxLength:"64"`
	Day    string `json:"day" maxLength:"10"`
	Watch  int    `json:"watch" minimum:"0" maximum:"11"`
	Head   int    `json:"head" minimum:"0" maximum:"19"`
}

func (c dutyCell) key() duty.Key {
	return duty.Key{PostID: c.PostID, Day: duty.Day(c.Day), Watch: c.Watch, Head: c.Head}
}

type dutyEdit struct {
	Cell     dutyCell `json:"cell"`
	PersonID *string  `json:"person_id" maxLength:"64" doc:"null: as the rule says; empty: nobody"`
	Was      string   `json:"was" maxLength:"64" doc:"Who stands there, as the editor saw it"`
}

func (s *Server) registerDutyChanges(svc *duty.Service) {
	register(s, dutyOp("save-duty-temp", http.MethodPost, "/temps", "A temporary roster in place of the rules of a post; an id changes one"),
		func(ctx context.Context, in *struct{ Body dutyTempInput }) (*body[duty.Temp], error) {
			b := in.Body
			t := duty.Temp{ID: b.ID, PostID: b.PostID, Name: b.Name, From: duty.Day(b.From), To: duty.Day(b.To), Watches: watches(b.Watches), Heads: b.Heads, Cells: []duty.TempCell{}}
			for _, c := range b.Cells {
				t.Cells = append(t.Cells, duty.TempCell{Day: duty.Day(c.Day), Watch: c.Watch, Head: c.Head, PersonID: c.PersonID})
			}
			return reply(svc.SaveTemp(ctx, t))
		})
	register(s, dutyOp("drop-duty-temp", http.MethodDelete, "/temps/{id}", "End a temporary roster"),
		func(ctx context.Context, in *DutyID) (*nothing, error) { return done(svc.DropTemp(ctx, in.ID)) })
	register(s, dutyOp("list-duty-swaps", http.MethodGet, "/swaps", "Swaps under way and ahead"),
		func(ctx context.Context, in *DutyOrg) (*body[page.List[duty.Swap]], error) {
			return listed(svc.Swaps(ctx, in.Org))
		})
	type ask struct {
		Body struct {
			Cell   dutyCell  `json:"cell"`
			ToID   string    `json:"to_id" maxLength:"64"`
			Return *dutyCell `json:"return,omitempty" doc:"The shift of the other that is taken for it"`
			Note   string    `json:"note,omitempty" maxLength:"400"`
		}
	}
	register(s, dutyOp("ask-duty-swap", http.MethodPost, "/swaps", "Ask somebody to take a shift"),
		func(ctx context.Context, in *ask) (*body[duty.Swap], error) {
			n := duty.NewSwap{Cell: in.Body.Cell.key(), ToID: in.Body.ToID, Note: in.Body.Note}
			if in.Body.Return != nil {
				k := in.Body.Return.key()
				n.Return = &k
			}
			return reply(svc.Ask(ctx, n))
		})
	register(s, dutyOp("move-duty-swap", http.MethodPost, "/swaps/{id}", "Agree to a swap, approve, refuse or withdraw it"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"64"`
			Body dutyMove
		},
		) (*body[duty.Swap], error) {
			return reply(svc.Move(ctx, in.ID, duty.SwapState(in.Body.State), in.Body.Reason))
		})
	type take struct {
		Body struct {
			Cell   dutyCell `json:"cell"`
			ToID   string   `json:"to_id,omitempty" maxLength:"64" doc:"Empty: whoever asks"`
			Reason string   `json:"reason" maxLength:"400"`
		}
	}
	register(s, dutyOp("take-over-duty", http.MethodPost, "/takeovers", "Take a running shift over, at once"),
		func(ctx context.Context, in *take) (*body[duty.Takeover], error) {
			return reply(svc.TakeOver(ctx, duty.NewTakeover{Cell: in.Body.Cell.key(), ToID: in.Body.ToID, Reason: in.Body.Reason}))
		})
	register(s, dutyOp("hand-back-duty", http.MethodPost, "/takeovers/{id}/return", "Hand a shift that was taken over back"),
		func(ctx context.Context, in *DutyID) (*body[duty.Takeover], error) {
			return reply(svc.HandBack(ctx, in.ID))
		})
}

type dutyMove struct {
	State  string `json:"state" enum:"agreed,approved,refused,withdrawn"`
	Reason string `json:"reason,omitempty" maxLength:"400"`
}

type dutyTempInput struct {
	ID      string              `json:"id,omitempty" maxLength:"64"`
	PostID  string              `json:"post_id" maxLength:"64"`
	Name    string              `json:"name" maxLength:"128"`
	From    string              `json:"from" maxLength:"10"`
	To      string              `json:"to" maxLength:"10"`
	Heads   int                 `json:"heads" minimum:"1" maximum:"20"`
	Watches []dutyWatchInput    `json:"watches" maxItems:"12"`
	Cells   []dutyTempCellInput `json:"cells,omitempty" maxItems:"2000"`
}

type dutyTempCellInput struct {
	Day      string `json:"day" maxLength:"10"`
	Watch    int    `json:"watch"`
	Head     int    `json:"head"`
	PersonID string `json:"person_id" maxLength:"64"`
}
