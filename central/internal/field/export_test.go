package field

import "github.com/fengsui/fengsui/central/internal/event"

// Waiting is how many questions of phones wait.
func (s *Service) Waiting() int {
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	return len(s.ears.all)
}

// Wakes is how many of them an event wakes.
func (s *Service) Wakes(e event.Event) (n int) {
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	about := concerned(e)
	for _, l := range s.ears.all {
		if about != nil && about(l) {
			n++
		}
	}
	return n
}
