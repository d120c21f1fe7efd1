package nmea

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// Server sends the sentences to everybody who connects.
type Server struct {
	Listen string // address; port 0 takes a free one and keeps it
	Every  time.Duration
	Track  Track
	Epoch  time.Time
	Log    *slog.Logger

	mu     sync.Mutex
	ln     net.Listener
	addr   string
	cancel context.CancelFunc
	damage bool // the next fix
	done   sync.WaitGroup
}

// Start listens.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	listen := s.Listen
	if s.addr != "" {
		listen = s.addr
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for nmea: %w", err)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.ln, s.addr, s.cancel = ln, ln.Addr().String(), cancel
	s.done.Go(func() { s.accept(run, ln) })
	return nil
}

// Damage lets the next fix go out with wrong checksums, once.
func (s *Server) Damage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damage = true
}

// next is what is sent now.
func (s *Server) next(now time.Time) string {
	text := Sentences(now, s.Track.At(now.Sub(s.Epoch)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.damage {
		s.damage = false
		return strings.ReplaceAll(text, "$GN", "$GM")
	}
	return text
}

// Addr is where it listens.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Stop ends all connections; Start may follow.
func (s *Server) Stop(context.Context) error {
	s.mu.Lock()
	ln, cancel := s.ln, s.cancel
	s.ln, s.cancel = nil, nil
	s.mu.Unlock()
	if ln == nil {
		return nil
	}
	cancel()
	err := ln.Close()
	s.done.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close nmea listener: %w", err)
	}
	return nil
}

func (s *Server) accept(ctx context.Context, ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.Log.Error("accept nmea client", "error", err)
			}
			return
		}
		s.done.Go(func() { s.serve(ctx, conn) })
	}
}

func (s *Server) serve(ctx context.Context, conn net.Conn) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		now := time.Now()
		if err := conn.SetWriteDeadline(now.Add(5 * time.Second)); err != nil {
			return
		}
		if _, err := conn.Write([]byte(s.next(now))); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
