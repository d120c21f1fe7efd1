package crew

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/fengsui/fengsui/edge/internal/child"
	"github.com/fengsui/fengsui/shared/wire"
)

// displayWithin is how long a program may take for one message.
const displayWithin = 2 * time.Minute

// Run runs the programs, one after the other, until ctx ends.
func (s *Shelf) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for again := true; again && ctx.Err() == nil; {
			again = s.step(ctx)
		}
	}
}

// step does the next thing for the oldest message that has programs left; false: there is none.
func (s *Shelf) step(ctx context.Context) bool {
	s.mu.Lock()
	m := s.due()
	if m == nil {
		s.mu.Unlock()
		return false
	}
	if m.Begun > m.Ended { // the agent died while this program ran
		m.Ended = m.Begun
		err := s.move(ctx, m, wire.CrewFault, ByDisplay, "the agent ended while the message was being shown; nobody knows whether it was")
		s.mu.Unlock()
		return s.noted(err)
	}
	m.Begun++ // it is written down before the program starts: it never runs twice
	err := s.keep(ctx)
	if err != nil {
		m.Begun--
	}
	n, todo := m.Begun-1, *m
	s.mu.Unlock()
	if err != nil {
		return s.noted(err)
	}
	fault := s.show(ctx, s.o.Displays[n], todo)
	if ctx.Err() != nil && fault != "" {
		return false // the next start says that nobody knows
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Ended = m.Begun
	switch {
	case fault != "":
		err = s.move(ctx, m, wire.CrewFault, ByDisplay, fault)
	case m.State == wire.CrewDelivered:
		err = s.move(ctx, m, wire.CrewShown, ByDisplay, "")
	default:
		err = s.keep(ctx)
	}
	return s.noted(err)
}

// noted logs what was not kept and ends the round then.
func (s *Shelf) noted(err error) bool {
	if err != nil {
		s.o.Log.Error("what became of a message is not kept", "error", err)
	}
	return err == nil
}

// due is the first message with a program that was not run for it. The lock is held.
func (s *Shelf) due() *Message {
	now := s.o.Now()
	for _, m := range s.list {
		if m.Begun > m.Ended {
			return m
		}
		if !m.over(now) && m.Begun < len(s.o.Displays) {
			return m
		}
	}
	return nil
}

// show runs one program with the text on its input; it returns what went wrong.
func (s *Shelf) show(ctx context.Context, command []string, m Message) string {
	p, err := child.Start(ctx, command, func(c *exec.Cmd) error {
		c.Stdin = strings.NewReader(m.Text + "\n")
		c.Env = append(os.Environ(), "FENGSUI_MESSAGE_ID="+m.ID, "FENGSUI_MESSAGE_FROM="+m.From, "FENGSUI_MESSAGE_PRIORITY="+priority(m), "FENGSUI_MESSAGE_PICTURE="+s.Picture(m.ID))
		return nil
	})
	if err != nil {
		return err.Error()
	}
	go p.Watch()
	timer := time.NewTimer(displayWithin)
	defer timer.Stop()
	select {
	case <-p.Gone():
	case <-timer.C:
		p.Kill()
		<-p.Gone()
		return command[0] + " did not end in time"
	case <-ctx.Done():
		p.Kill()
		<-p.Gone()
		return "the agent ends"
	}
	if p.Failed() {
		return p.Why()
	}
	return ""
}

func priority(m Message) string {
	if m.Urgent {
		return "urgent"
	}
	return "normal"
}
