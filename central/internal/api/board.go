package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/page"
)

// BoardID names a board in the path. It is exported because huma passes over embedded types that are not.
type BoardID struct {
	ID string `path:"id" maxLength:"64"`
}

type boardDraft struct {
	Division string       `json:"division" maxLength:"12"`
	Title    string       `json:"title" maxLength:"80"`
	TitleEN  string       `json:"title_en,omitempty" maxLength:"80"`
	Tiles    []board.Tile `json:"tiles" maxItems:"24"`
	Version  int64        `json:"version,omitempty" doc:"The one that the author has seen; of a change only"`
}

func (d *boardDraft) draft() board.Draft {
	return board.Draft{Division: d.Division, Title: d.Title, TitleEN: d.TitleEN, Tiles: d.Tiles}
}

// RegisterBoards adds the boards of rivers and plants.
func RegisterBoards(s *Server, svc *board.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/boards" + path, Summary: summary, Tags: []string{"boards"}}
	}
	register(s, op("list-boards", http.MethodGet, "", "List boards, without their tiles"), func(ctx context.Context, _ *nothing) (*body[page.List[board.Board]], error) {
		return listed(svc.List(ctx))
	})
	register(s, op("suggest-board", http.MethodGet, "/suggestion", "A board of what stands in a division, not saved"), func(ctx context.Context, in *struct {
		Division string `query:"division" maxLength:"12" doc:"Empty: your own"`
	},
	) (*body[board.Board], error) {
		return reply(svc.Suggest(ctx, in.Division))
	})
	register(s, op("get-board", http.MethodGet, "/{id}", "Show one board"), func(ctx context.Context, in *BoardID) (*body[board.Board], error) {
		return reply(svc.Get(ctx, in.ID))
	})
	create := op("create-board", http.MethodPost, "", "Save a new board")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct{ Body boardDraft }) (*body[board.Board], error) {
		return reply(svc.Create(ctx, in.Body.draft()))
	})
	register(s, op("change-board", http.MethodPut, "/{id}", "Save a board over the version that its author has seen"), func(ctx context.Context, in *struct {
		BoardID
		Body boardDraft
	},
	) (*body[board.Board], error) {
		return reply(svc.Change(ctx, in.ID, max(in.Body.Version, 1), in.Body.draft()))
	})
	register(s, op("remove-board", http.MethodDelete, "/{id}", "Remove a board; it can be brought back"), func(ctx context.Context, in *struct {
		BoardID
		Version int64 `query:"version" minimum:"1" required:"true" doc:"The one that was seen"`
	},
	) (*body[board.Board], error) {
		return reply(svc.Remove(ctx, in.ID, in.Version))
	})
	register(s, op("restore-board", http.MethodPost, "/{id}/restore", "Bring a removed board back"), func(ctx context.Context, in *BoardID) (*body[board.Board], error) {
		return reply(svc.Restore(ctx, in.ID))
	})
}
