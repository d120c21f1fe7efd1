package board

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is the Board; pictures of plans are left out.
const (
	EventCreated  = "board.created"
	EventChanged  = "board.changed"
	EventRemoved  = "board.removed"
	EventRestored = "board.restored"
)

func news(ctx context.Context, kind string, b Board) event.Event {
	tiles := make([]Tile, len(b.Tiles))
	for i, t := range b.Tiles {
		if t.Picture != "" {
			t.Picture = "data:"
		}
		tiles[i] = t
	}
	b.Tiles = tiles
	return event.New(ctx, kind, b.ID, b.Division, b)
}
