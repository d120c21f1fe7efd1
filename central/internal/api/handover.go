package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/page"
)

// HandoverItemInput is an item as somebody writes it. It, HandoverSeen and HandoverProof are exported because huma passes over
// embedded types that are not.
type HandoverItemInput struct {
	Title   string     `json:"title,omitempty" maxLength:"400"`
	Level   int        `json:"level,omitempty" minimum:"0" maximum:"4"`
	OwnerID string     `json:"owner_id,omitempty" maxLength:"64" doc:"Duty person of the desk; left out of a new item: whoever asks"`
	DueAt   *time.Time `json:"due_at,omitempty"`
}

func (i HandoverItemInput) item() handover.NewItem {
	return handover.NewItem{Title: i.Title, Level: i.Level, OwnerID: i.OwnerID, DueAt: i.DueAt}
}

// HandoverSeen is the shift that whoever signs has before them.
type HandoverSeen struct {
	Shift   string `json:"shift" maxLength:"64" doc:"That was seen; another that is open by now is a conflict"`
	Version int    `json:"version" doc:"That was seen; a newer one is a conflict"`
}

func (v HandoverSeen) seen() handover.Seen {
	return handover.Seen{Shift: v.Shift, Version: v.Version}
}

// HandoverProof is how somebody shows who they are again.
type HandoverProof struct {
	How      string `json:"how,omitempty" maxLength:"20" doc:"password; left out: password"`
	Secret   string `json:"secret" maxLength:"512"`
	Username string `json:"username,omitempty" maxLength:"64" doc:"Of a second person who signs at this screen; left out: whoever is signed in"`
}

func (p HandoverProof) proof() handover.Proof {
	return handover.Proof{How: p.How, Secret: p.Secret, Username: p.Username}
}

type handoverPast struct {
	ListQuery
	DutyOrg
	From time.Time `query:"from" doc:"Entries written since then"`
}

func handoverOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/handover" + path, Summary: summary, Tags: []string{"handover"}}
}

// RegisterHandover adds the books of duty desks.
func RegisterHandover(s *Server, svc *handover.Service) {
	register(s, handoverOp("get-handover", http.MethodGet, "", "The book of a desk as it lies open: shift, log, open items, who comes next"),
		func(ctx context.Context, in *DutyOrg) (*body[handover.Desk], error) {
			return reply(svc.Desk(ctx, in.Org))
		})
	register(s, handoverOp("open-handover", http.MethodPost, "/shifts", "Sign on at a desk whose book is not open"),
		func(ctx context.Context, _ *nothing) (*body[handover.Shift], error) { return reply(svc.Open(ctx)) })
	register(s, handoverOp("list-shifts", http.MethodGet, "/shifts", "Shifts that were handed over, newest first"),
		func(ctx context.Context, in *handoverPast) (*body[page.List[handover.Shift]], error) {
			return reply(svc.Past(ctx, in.Org, in.page()))
		})
	register(s, handoverOp("get-shift", http.MethodGet, "/shifts/{id}", "A whole shift: log, what was open, signatures"),
		func(ctx context.Context, in *DutyID) (*body[handover.Record], error) {
			return reply(svc.Record(ctx, in.ID))
		})
	registerSheet(s, handoverOp("export-shift", http.MethodGet, "/shifts/{id}/export.xlsx", "The log of a shift as a workbook"), "shift",
		func(ctx context.Context, in *DutyID) (document.Sheet, error) {
			r, err := svc.Record(ctx, in.ID)
			return shiftSheet(r), err
		})
	registerHandoverLog(s, svc)
	type leaves struct {
		Body struct {
			HandoverSeen
			HandoverProof
			Note   string `json:"note,omitempty" maxLength:"8000" doc:"What stays to be known"`
			Reason string `json:"reason,omitempty" maxLength:"400" doc:"Why it is somebody whom the roster does not name"`
		}
	}
	register(s, handoverOp("leave-handover", http.MethodPost, "/leave", "Sign the outgoing half of a handover; duty goes on until somebody takes over"),
		func(ctx context.Context, in *leaves) (*body[handover.Shift], error) {
			return reply(svc.Leave(ctx, handover.Leaves{Seen: in.Body.seen(), Proof: in.Body.proof(), Note: in.Body.Note, Reason: in.Body.Reason}))
		})
	type takes struct {
		Body struct {
			HandoverSeen
			HandoverProof
			Reason string            `json:"reason,omitempty" maxLength:"400"`
			Absent string            `json:"absent,omitempty" maxLength:"400" doc:"Why there is no outgoing signature"`
			Owners map[string]string `json:"owners,omitempty" doc:"Items and who is to have them"`

			Instead string `json:"instead,omitempty" maxLength:"64" doc:"The officer of the roster in whose place somebody else signs; left out: who has signed the other half, or the only one"`
		}
	}
	register(s, handoverOp("take-handover", http.MethodPost, "/take", "Sign the incoming half: the shift is closed, and the next begins"),
		func(ctx context.Context, in *takes) (*body[handover.Shift], error) {
			return reply(svc.Take(ctx, handover.Takes{Seen: in.Body.seen(), Proof: in.Body.proof(), Reason: in.Body.Reason, Absent: in.Body.Absent, Owners: in.Body.Owners, Instead: in.Body.Instead}))
		})
}

func registerHandoverLog(s *Server, svc *handover.Service) {
	type entry struct {
		Body struct {
			Kind     string             `json:"kind" enum:"call_in,call_out,fax_in,fax_out,visit,order,note"`
			At       *time.Time         `json:"at,omitempty" doc:"When it happened; left out: now"`
			Party    string             `json:"party,omitempty" maxLength:"400"`
			Contact  string             `json:"contact,omitempty" maxLength:"128"`
			Text     string             `json:"text" maxLength:"8000"`
			Corrects string             `json:"corrects,omitempty" maxLength:"64" doc:"The entry whose place it takes; both stay"`
			Reason   string             `json:"reason,omitempty" maxLength:"400"`
			Item     *HandoverItemInput `json:"item,omitempty" doc:"What stays to be done of it"`
		}
	}
	register(s, handoverOp("write-log", http.MethodPost, "/entries", "Write a line of the own desk's log, or correct one"),
		func(ctx context.Context, in *entry) (*body[handover.Entry], error) {
			b := in.Body
			n := handover.NewEntry{Kind: handover.EntryKind(b.Kind), Party: b.Party, Contact: b.Contact, Text: b.Text, Corrects: b.Corrects, Reason: b.Reason}
			if b.At != nil {
				n.At = *b.At
			}
			if b.Item != nil {
				item := b.Item.item()
				n.Item = &item
			}
			return reply(svc.Write(ctx, n))
		})
	register(s, handoverOp("search-log", http.MethodGet, "/entries", "What was written at a desk, newest first"),
		func(ctx context.Context, in *handoverPast) (*body[page.List[handover.Entry]], error) {
			return reply(svc.Search(ctx, in.Org, in.From, in.page()))
		})
	register(s, handoverOp("add-item", http.MethodPost, "/items", "Open an item at the own desk"),
		func(ctx context.Context, in *struct{ Body HandoverItemInput }) (*body[handover.Item], error) {
			return reply(svc.AddItem(ctx, in.Body.item()))
		})
	type change struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			HandoverItemInput
			Version int    `json:"version" doc:"That was seen; a newer one is a conflict"`
			Done    bool   `json:"done,omitempty"`
			Result  string `json:"result,omitempty" maxLength:"8000" doc:"What came of it"`
		}
	}
	register(s, handoverOp("change-item", http.MethodPut, "/items/{id}", "Change an item, give it to somebody, close it or open it again"),
		func(ctx context.Context, in *change) (*body[handover.Item], error) {
			b := in.Body
			return reply(svc.ChangeItem(ctx, in.ID, handover.ItemChange{Version: b.Version, Title: b.Title, Level: b.Level, OwnerID: b.OwnerID, DueAt: b.DueAt, Done: b.Done, Result: b.Result}))
		})
	register(s, handoverOp("item-steps", http.MethodGet, "/items/{id}/steps", "What became of an item"),
		func(ctx context.Context, in *DutyID) (*body[page.List[handover.Step]], error) {
			return listed(svc.Steps(ctx, in.ID))
		})
}

func shiftSheet(r handover.Record) document.Sheet {
	sheet := document.Sheet{Title: "值班日志", Headings: []string{"序号", "时间", "类别", "对方", "联系方式", "内容", "记录人", "记录时间", "更正说明"}}
	for _, e := range r.Entries {
		note := e.Reason
		if e.Corrected != "" {
			note = "已更正"
		}
		party, said := e.Said()
		sheet.Rows = append(sheet.Rows, []any{e.No, e.At, e.Kind.Word(), party, e.Contact, said, e.ByName, e.WrittenAt, note})
	}
	return sheet
}
