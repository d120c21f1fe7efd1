package rulebook

import (
	"context"
	"time"
)

// Expire ends what is over at a time.
func (s *Service) Expire(ctx context.Context, now time.Time) error { return s.expire(ctx, now) }

// Round is one look of the background work.
func (s *Service) Round(ctx context.Context, now time.Time) { s.round(ctx, now) }
