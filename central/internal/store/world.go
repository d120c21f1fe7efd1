package store

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/world"
)

// exercise is what the column of that name holds for the world of the context.
func exercise(ctx context.Context) string { return string(world.Of(ctx)) }

// ofWorld narrows rows that hang on an incident to those of a world, given as the parameter of that number.
func ofWorld(n int) string {
	return fmt.Sprintf(` and incident_id in (select id from incidents where exercise = $%d)`, n)
}

// belongs is errs.NotFound for an incident of another world, and errs.Conflict for one of an exercise that stands still.
func (db *DB) belongs(ctx context.Context, incident string) error {
	var n int
	if err := db.queryRow(ctx, `select count(*) from incidents where id = $1 and exercise = $2`, incident, exercise(ctx)).Scan(&n); err != nil {
		return fmt.Errorf("look for the world of an incident: %w", wrap(err))
	}
	if n == 0 {
		return errs.E(errs.NotFound, "incident.not_found", "there is no such incident")
	}
	return db.moves(ctx)
}
