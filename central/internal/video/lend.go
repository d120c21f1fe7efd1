package video

import (
	"cmp"
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Lend asks for a scene that the actor may watch, so that others see it where the actor shows it; it returns its name.
// Who is let to see it is the caller's matter.
func (s *Service) Lend(ctx context.Context, id string) (name string, err error) {
	if _, err := actor.Require(ctx, actor.VideoWatch); err != nil {
		return "", err
	}
	if err := s.ask(ctx, PlaceWish{Stream: id, Layer: LayerMain}, ""); err != nil {
		return "", err
	}
	camera, _ := s.o.Devices.Visible(ctx, id)
	return cmp.Or(camera.Name, id), nil
}

// Sees is errs.Denied, NotFound or Unauthenticated when a user may not watch a stream now.
func (s *Service) Sees(ctx context.Context, user, stream string) error {
	return s.sees(ctx, user, stream)
}
