package field

// Waiting is how many questions of phones wait.
func (s *Service) Waiting() int {
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	return len(s.ears.all)
}
