package device

import (
	"context"
	"time"
)

// Look does what Run does after so long.
func (s *Service) Look(ctx context.Context, after time.Duration) {
	s.missed(ctx, time.Now().Add(after))
	s.keepContacts(ctx)
}

// Begin does what Run does first.
func (s *Service) Begin(ctx context.Context) { s.started(time.Now()); s.keepContacts(ctx) }

// Touch writes who was heard of.
func (s *Service) Touch() { s.touch(context.Background()) }

// Noted puts a line before those who write it.
func (s *Service) Noted(c Contact) {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	s.addContact(c, time.Now())
}
