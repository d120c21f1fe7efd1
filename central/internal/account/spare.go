package account

import (
	"errors"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Bounds of what is kept in memory.
const (
	spareSessions = 1_000
	spareAttempts = 10_000
)

// spare keeps sessions and failed sign-ins in memory while the disk of the database is full: the desk must
// be reachable then of all times. They end with the program.
type spare struct {
	mu       sync.Mutex
	sessions map[string]Session // by the hash of the token
	attempts map[[2]string]Attempt
}

// full reports whether the database cannot be written for want of room.
func full(err error) bool {
	e, ok := errors.AsType[*errs.Error](err)
	return ok && e.Code == "store.full"
}

func (s *spare) keep(v Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions == nil {
		s.sessions = map[string]Session{}
	}
	for hash, old := range s.sessions {
		if !old.live(v.CreatedAt) {
			delete(s.sessions, hash)
		}
	}
	if len(s.sessions) >= spareSessions {
		return false
	}
	s.sessions[v.TokenHash] = v
	return true
}

func (s *spare) session(hash string) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.sessions[hash]
	return v, ok
}

// touch writes a use down; false means that the session is not one of these.
func (s *spare) touch(v Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.sessions[v.TokenHash]
	if ok {
		s.sessions[v.TokenHash] = v
	}
	return ok
}

// end forgets the sessions of which it is true.
func (s *spare) end(which func(Session) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, v := range s.sessions {
		if which(v) {
			delete(s.sessions, hash)
		}
	}
}

// fail counts one more failure over what the database had.
func (s *spare) fail(a Attempt, at time.Time) Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{a.Username, a.Source}
	if kept, ok := s.attempts[key]; ok {
		a = kept
	}
	if !a.locked(at) {
		a = a.failed(at)
	}
	if s.attempts == nil || len(s.attempts) >= spareAttempts {
		s.attempts = map[[2]string]Attempt{}
	}
	s.attempts[key] = a
	return a
}

// locked is the count in memory when it locks its source out.
func (s *spare) locked(username, source string, at time.Time) (Attempt, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.attempts[[2]string{username, source}]
	return a, a.locked(at)
}

// forgive forgets the failures under a name from a source; an empty one means from everywhere.
func (s *spare) forgive(username, source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.attempts {
		if key[0] == username && (source == "" || key[1] == source) {
			delete(s.attempts, key)
		}
	}
}
