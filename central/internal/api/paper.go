package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/paper"
)

func paperOp(id, method, path, summary string) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: "/papers" + path, Summary: summary, Tags: []string{"papers"}}
	if method == http.MethodDelete {
		op.DefaultStatus = http.StatusNoContent
	}
	return op
}

// PaperID names a document in the path.
type PaperID struct {
	ID string `path:"id" maxLength:"64"`
}

// paperFind is the query of the list of documents.
type paperFind struct {
	ListQuery
	Org   string `query:"org" maxLength:"64" doc:"Organisation; empty: every one that is seen"`
	Kind  string `query:"kind" maxLength:"16" doc:"letter, brief, bulletin, report, situation, review, roster or handover"`
	State string `query:"state" maxLength:"16" doc:"draft, signed or withdrawn"`
	Year  int    `query:"year" minimum:"0" maximum:"9999" doc:"Of the signature, of a draft of its beginning; 0: all"`
}

func (q *paperFind) filter() paper.Filter {
	return paper.Filter{Request: q.page(), Org: q.Org, Kind: paper.Kind(q.Kind), State: paper.State(q.State), Year: q.Year}
}

// paperNumbers is the query of the register.
type paperNumbers struct {
	ListQuery
	Year int    `query:"year" minimum:"0" maximum:"9999" doc:"0: all"`
	Kind string `query:"kind" maxLength:"16" doc:"Of the documents; empty: all"`
}

// paperPages are a document as it leaves, in points from the upper left corner of a sheet of A4.
type paperPages struct {
	Width   float64         `json:"width"`
	Height  float64         `json:"height"`
	Pages   []document.Page `json:"pages"`
	Missing string          `json:"missing" doc:"Characters that no font of the PDF has; they are printed as 〓"`
}

// printSlots is how many documents are laid out at a time, and printWait how long one waits for those before it.
const (
	printSlots = 2
	printWait  = 10 * time.Second
)

// laidOut runs what lays a document out when few others do.
func laidOut[T any](ctx context.Context, s *Server, run func() (T, error)) (out T, err error) {
	waiting, cancel := context.WithTimeout(ctx, printWait)
	defer cancel()
	if s.prints.Acquire(waiting, 1) != nil {
		return out, errs.E(errs.Unavailable, "paper.busy", "other documents are being laid out; try again in a moment")
	}
	defer s.prints.Release(1)
	return run()
}

func pagesOf(ctx context.Context, s *Server, show func() (paper.Print, string, error)) (*body[paperPages], error) {
	return laidOut(ctx, s, func() (*body[paperPages], error) { return pages(show()) })
}

func pages(p paper.Print, missing string, err error) (*body[paperPages], error) {
	if err != nil {
		return nil, err
	}
	wide, high := document.PageSize()
	return reply(paperPages{Width: wide, Height: high, Pages: document.Pages(p), Missing: missing}, nil)
}

// RegisterPapers adds official documents and the register of their numbers.
func RegisterPapers(s *Server, svc *paper.Service) {
	register(s, paperOp("list-papers", http.MethodGet, "", "Documents, newest first: own drafts, and what was signed at the own organisation and below"),
		func(ctx context.Context, in *paperFind) (*body[page.List[paper.Paper]], error) {
			return reply(svc.List(ctx, in.filter()))
		})
	registerSheet(s, paperOp("export-papers", http.MethodGet, "/export.xlsx", "The list as a workbook"), "papers",
		func(ctx context.Context, in *paperFind) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[paper.Paper], error) {
				f := in.filter()
				f.Request = r
				return svc.List(ctx, f)
			})
			return papersSheet(list), err
		})
	type createPaper struct {
		Body struct {
			Kind    string        `json:"kind" maxLength:"16" doc:"letter, brief, bulletin, report, situation, review, roster or handover"`
			Content paper.Content `json:"content"`
		}
	}
	register(s, paperOp("create-paper", http.MethodPost, "", "Begin a draft in the name of the own organisation"),
		func(ctx context.Context, in *createPaper) (*body[paper.Paper], error) {
			return reply(svc.Create(ctx, paper.NewPaper{Kind: paper.Kind(in.Body.Kind), Content: in.Body.Content}))
		})
	type composePaper struct {
		Body struct {
			Kind string `json:"kind" enum:"roster,handover,brief,report,bulletin,situation,review"`
			Ref  string `json:"ref" maxLength:"64" doc:"Of a roster a month (2026-12), of a handover the id of the shift, of a brief a day (2026-11-26), of a report its id, of a bulletin a month or year, of a situation report or a review the id of the incident"`
		}
	}
	register(s, paperOp("compose-paper", http.MethodPost, "/compose", "A draft from the facts of a duty table, handover, day, report or statistics; a draft that is there already, or a signed document that says the same, is answered"),
		func(ctx context.Context, in *composePaper) (*body[paper.Paper], error) {
			return reply(svc.Compose(ctx, paper.Kind(in.Body.Kind), in.Body.Ref))
		})
	register(s, paperOp("get-letterhead", http.MethodGet, "/letterhead", "What the own organisation puts on its documents"),
		func(ctx context.Context, _ *nothing) (*body[paper.Letterhead], error) {
			return reply(svc.Letterhead(ctx))
		})
	type letterheadInput struct {
		Body struct {
			Head     string                `json:"head" maxLength:"400"`
			From     string                `json:"from" maxLength:"400"`
			Issuer   string                `json:"issuer" maxLength:"400"`
			Seal     bool                  `json:"seal"`
			Prefixes map[paper.Kind]string `json:"prefixes" doc:"By kind: the word before the year of its numbers"`
			Version  int                   `json:"version" doc:"That was seen"`
		}
	}
	register(s, paperOp("save-letterhead", http.MethodPut, "/letterhead", "Change the letterhead of the own organisation"),
		func(ctx context.Context, in *letterheadInput) (*body[paper.Letterhead], error) {
			b := in.Body
			return reply(svc.SaveLetterhead(ctx, paper.Letterhead{Head: b.Head, From: b.From, Issuer: b.Issuer, Seal: b.Seal, Prefixes: b.Prefixes, Version: b.Version}))
		})
	register(s, paperOp("list-paper-numbers", http.MethodGet, "/numbers", "The register of numbers, newest first; void ones with their reason"),
		func(ctx context.Context, in *paperNumbers) (*body[page.List[paper.Taken]], error) {
			return reply(svc.Numbers(ctx, in.Year, paper.Kind(in.Kind), in.page()))
		})
	registerSheet(s, paperOp("export-paper-numbers", http.MethodGet, "/numbers/export.xlsx", "The register as a workbook"), "numbers",
		func(ctx context.Context, in *paperNumbers) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[paper.Taken], error) {
				return svc.Numbers(ctx, in.Year, paper.Kind(in.Kind), r)
			})
			return numbersSheet(list), err
		})
	registerPaper(s, svc)
}

func registerPaper(s *Server, svc *paper.Service) {
	register(s, paperOp("get-paper", http.MethodGet, "/{id}", "A document"),
		func(ctx context.Context, in *PaperID) (*body[paper.Paper], error) {
			return reply(svc.Paper(ctx, in.ID))
		})
	type changePaper struct {
		PaperID
		Body struct {
			Version int           `json:"version" doc:"That was seen; a newer one is a conflict"`
			Content paper.Content `json:"content"`
		}
	}
	register(s, paperOp("change-paper", http.MethodPut, "/{id}", "Rewrite a draft"),
		func(ctx context.Context, in *changePaper) (*body[paper.Paper], error) {
			return reply(svc.Change(ctx, in.ID, in.Body.Version, in.Body.Content))
		})
	register(s, paperOp("discard-paper", http.MethodDelete, "/{id}", "Delete a draft without a number"),
		func(ctx context.Context, in *PaperID) (*nothing, error) { return done(svc.Discard(ctx, in.ID)) })
	register(s, paperOp("paper-pages", http.MethodGet, "/{id}/pages", "The pages as they leave"),
		func(ctx context.Context, in *PaperID) (*body[paperPages], error) {
			return pagesOf(ctx, s, func() (paper.Print, string, error) { return svc.Print(ctx, in.ID) })
		})
	type previewPaper struct {
		PaperID
		Body paper.Content
	}
	register(s, paperOp("preview-paper", http.MethodPost, "/{id}/pages", "The pages of a draft with another content, which is not kept"),
		func(ctx context.Context, in *previewPaper) (*body[paperPages], error) {
			return pagesOf(ctx, s, func() (paper.Print, string, error) { return svc.Preview(ctx, in.ID, in.Body) })
		})
	register(s, paperOp("number-paper", http.MethodPost, "/{id}/number", "Give a draft the next number"),
		func(ctx context.Context, in *PaperID) (*body[paper.Paper], error) {
			return reply(svc.TakeNumber(ctx, in.ID))
		})
	type voidPaper struct {
		PaperID
		Body struct {
			Reason string `json:"reason" maxLength:"400"`
		}
	}
	register(s, paperOp("void-paper-number", http.MethodPost, "/{id}/number/void", "Give the number of a draft up, with a reason; it stays in the register"),
		func(ctx context.Context, in *voidPaper) (*body[paper.Paper], error) {
			return reply(svc.Void(ctx, in.ID, in.Body.Reason))
		})
	type signPaper struct {
		PaperID
		Body struct {
			Version   int    `json:"version" doc:"That was seen"`
			Password  string `json:"password" maxLength:"512"`
			MissingOK bool   `json:"missing_ok,omitempty" doc:"Characters that no font has may be printed as 〓"`
		}
	}
	register(s, paperOp("sign-paper", http.MethodPost, "/{id}/sign", "Let a document leave; from then on it never changes"),
		func(ctx context.Context, in *signPaper) (*body[paper.Paper], error) {
			b := in.Body
			return reply(svc.Sign(ctx, in.ID, paper.Sign{Version: b.Version, Password: b.Password, MissingOK: b.MissingOK}))
		})
	type refreshPaper struct {
		PaperID
		Body struct {
			Version int `json:"version" doc:"That was seen"`
		}
	}
	register(s, paperOp("refresh-paper", http.MethodPost, "/{id}/refresh", "Write title, text and annexes of a draft anew from what it was made from"),
		func(ctx context.Context, in *refreshPaper) (*body[paper.Paper], error) {
			return reply(svc.Refresh(ctx, in.ID, in.Body.Version))
		})
	register(s, paperOp("replace-paper", http.MethodPost, "/{id}/replace", "Begin the document that takes the place of a signed one"),
		func(ctx context.Context, in *PaperID) (*body[paper.Paper], error) {
			return reply(svc.Replace(ctx, in.ID))
		})
	register(s, paperOp("withdraw-paper", http.MethodPost, "/{id}/withdraw", "Begin the document that withdraws a signed one"),
		func(ctx context.Context, in *PaperID) (*body[paper.Paper], error) {
			return reply(svc.Withdraw(ctx, in.ID))
		})
	registerPaperDraft(s, svc)
	registerPaperPicture(s, svc)
	registerPaperFile(s, svc, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "attachment")
	registerPaperFile(s, svc, "pdf", "application/pdf", "inline")
}

// registerPaperDraft adds a draft as it is handed round.
func registerPaperDraft(s *Server, svc *paper.Service) {
	op := paperOp("get-paper-draft", http.MethodGet, "/{id}/draft.pdf", "A draft to hand round before it is signed: a PDF whose every page says so")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The draft as it stands",
		Content:     map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, op, func(ctx context.Context, in *PaperID) (*file, error) {
		return laidOut(ctx, s, func() (*file, error) {
			p, text, err := svc.DraftPDF(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			name := fmt.Sprintf("草稿 %s 第%d稿.pdf", p.Content.OneLine(), p.Version)
			return &file{ContentType: "application/pdf", ContentDisposition: `attachment; filename="draft.pdf"; filename*=UTF-8''` + url.PathEscape(name), Body: text}, nil
		})
	})
}

// registerPaperPicture adds the pictures of a document, for whoever looks at its pages.
func registerPaperPicture(s *Server, svc *paper.Service) {
	op := paperOp("get-paper-picture", http.MethodGet, "/{id}/pictures/{key}", "A picture of a document, as it is printed")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The picture",
		Content:     map[string]*huma.MediaType{"image/jpeg": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, op, func(ctx context.Context, in *struct {
		PaperID
		Key string `path:"key" maxLength:"64" doc:"The beginning of its SHA-256, as the pages name it"`
	},
	) (*file, error) {
		text, err := svc.PictureFile(ctx, in.ID, in.Key)
		if err != nil {
			return nil, err
		}
		return &file{ContentType: "image/jpeg", ContentDisposition: `inline; filename="picture.jpg"`, Body: text}, nil
	})
}

// registerPaperFile adds one of the files of a signed document.
func registerPaperFile(s *Server, svc *paper.Service, ending, kind, how string) {
	op := paperOp("get-paper-"+ending, http.MethodGet, "/{id}/file."+ending, "What left the house, as "+strings.ToUpper(ending))
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The file that was signed",
		Content:     map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, op, func(ctx context.Context, in *PaperID) (*file, error) {
		p, f, err := svc.Files(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		text := f.PDF
		if ending == "docx" {
			text = f.DOCX
		}
		name := strings.TrimSpace(p.NumberText+" "+p.Content.OneLine()) + "." + ending
		return &file{ContentType: kind, ContentDisposition: how + `; filename="document.` + ending + `"; filename*=UTF-8''` + url.PathEscape(name), Body: text}, nil
	})
}

func paperState(state paper.State) string {
	return map[paper.State]string{paper.Draft: "草稿", paper.Signed: "已签发", paper.Withdrawn: "已撤销"}[state]
}

func papersSheet(list []paper.Paper) document.Sheet {
	sheet := document.Sheet{Title: "公文", Headings: []string{"发文字号", "标题", "种类", "状态", "单位", "成文日期", "签发人", "起草人", "起草时间", "PDF SHA-256"}}
	for _, p := range list {
		signer := ""
		if p.Signature != nil {
			signer = p.Signature.Name
		}
		sheet.Rows = append(sheet.Rows, []any{p.NumberText, p.Content.Title, p.Kind.Word(), paperState(p.State), p.OrgName, p.Date, signer, p.CreatedBy, p.CreatedAt, p.SumPDF})
	}
	return sheet
}

func numbersSheet(list []paper.Taken) document.Sheet {
	sheet := document.Sheet{Title: "发文字号登记", Headings: []string{"发文字号", "标题", "状态", "取号时间", "取号人", "作废时间", "作废人", "作废原因"}}
	for _, t := range list {
		state := paperState(t.State)
		if t.VoidedAt != nil {
			state = "作废"
		}
		sheet.Rows = append(sheet.Rows, []any{t.String(), t.Title, state, t.At, t.By, t.VoidedAt, t.VoidedBy, t.Reason})
	}
	return sheet
}
