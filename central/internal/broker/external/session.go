package external

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const (
	retryFirst = time.Second
	retryMost  = 10 * time.Second // between attempts to connect
	again      = time.Second      // before refused messages of sensors are asked for anew
	goodbye    = 250              // ms that a client has to take its leave
)

var errNotConnected = errors.New("the centre is not connected to the broker")

// session keeps one connection up under one name. Each connection is a client of its own: one that connects
// again by itself sends anew what it had kept, however old that is by then, and changes it while it is sent.
type session struct {
	opts   *mqtt.ClientOptions // what comes goes to the default handler, in order
	filter string              // subscribed to at once; what a lasting session kept may come before
	log    *slog.Logger
	renew  chan struct{}

	mu  sync.Mutex
	now *connection // nil while there is none
}

// connection is one client from its subscription to its end.
type connection struct {
	client mqtt.Client
	ended  <-chan struct{}
}

func newSession(o *mqtt.ClientOptions, filter string, log *slog.Logger) *session {
	return &session{opts: o, filter: filter, log: log, renew: make(chan struct{}, 1)}
}

// run connects again and again until ctx ends.
func (s *session) run(ctx context.Context) {
	pause, told := retryFirst, false
	for {
		err := s.once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil: // it had come up
			pause, told = retryFirst, false
		case !told:
			told = true
			s.log.Error("the centre does not get on with the broker and goes on trying", "filter", s.filter, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if err != nil {
			pause = min(2*pause, retryMost)
		}
	}
}

// once keeps one connection after the other until one is lost or cannot be made; the error is that of one
// which did not come up.
func (s *session) once(ctx context.Context) error {
	for {
		c, err := s.connect(ctx)
		if err != nil {
			return err
		}
		s.set(c)
		s.log.Info("subscribed at the broker", "filter", s.filter)
		anew := s.hold(ctx, c)
		s.set(nil)
		c.client.Disconnect(goodbye)
		if !anew {
			return nil
		}
	}
}

// connect makes a client and subscribes.
func (s *session) connect(ctx context.Context) (*connection, error) {
	ended := make(chan struct{})
	o := *s.opts
	client := mqtt.NewClient(o.SetConnectionLostHandler(func(_ mqtt.Client, err error) {
		s.log.Warn("the connection to the broker is lost", "filter", s.filter, "error", err)
		close(ended)
	}))
	// Subscribing with no handler of its own keeps one order for all messages.
	for _, step := range []func() mqtt.Token{client.Connect, func() mqtt.Token { return client.Subscribe(s.filter, 1, nil) }} {
		if err := wait(ctx, step(), ended); err != nil {
			client.Disconnect(0)
			return nil, err
		}
	}
	return &connection{client, ended}, nil
}

// wait waits for a step of the beginning.
func wait(ctx context.Context, token mqtt.Token, ended <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-ended:
		return errNotConnected
	case <-token.Done():
	}
	if err := token.Error(); err != nil {
		return fmt.Errorf("connect to broker: %w", err)
	}
	if t, ok := token.(*mqtt.SubscribeToken); ok {
		for filter, granted := range t.Result() {
			if granted != 1 {
				return fmt.Errorf("the broker does not let the centre subscribe to %s; look at its access list", filter)
			}
		}
	}
	return nil
}

// hold returns when the connection ends, or should: anew says that the next must follow at once.
func (s *session) hold(ctx context.Context, c *connection) (anew bool) {
	select {
	case <-ctx.Done():
		return false
	case <-c.ended:
		return false
	case <-s.renew:
	}
	select {
	case <-ctx.Done():
		return false
	case <-c.ended:
	case <-time.After(again):
	}
	return true
}

// ask has the messages that were not confirmed sent again: a broker does so only on a new connection.
func (s *session) ask() {
	select {
	case s.renew <- struct{}{}:
	default:
	}
}

// publish hands a message to the connection there is. A client whose connection has just ended would keep its
// caller for as long as a write may take.
func (s *session) publish(topic string, payload []byte) error {
	c := s.current()
	if c == nil {
		return errNotConnected
	}
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		c.client.Publish(topic, 1, false, payload)
	}()
	select {
	case <-taken:
		return nil
	case <-c.ended:
		return errNotConnected
	}
}

func (s *session) current() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *session) set(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = c
}
