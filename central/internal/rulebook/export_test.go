package rulebook

import (
	"context"
	"time"
)

// Expire ends what is over at a time.
func (s *Service) Expire(ctx context.Context, now time.Time) error { return s.expire(ctx, now) }
