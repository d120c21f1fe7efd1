package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Part is a capability above that has something under way for an incident (response, resource).
type Part interface {
	// Running names what is under way for an incident, as far as the actor of the context must not dispose of it by
	// ending the incident.
	Running(ctx context.Context, i Incident) ([]Running, error)
	// Changed is told, in the transaction, that the place or the state of an incident has become another.
	Changed(ctx context.Context, was, now Incident) error
}

// Running is one thing that is under way for an incident.
type Running struct {
	Kind string `json:"kind" enum:"plan,command,team,material"`
	Name string `json:"name"` // of the plan with its level, who commands, the team or stock
}

// The kinds.
const (
	RunsPlan     = "plan"
	RunsCommand  = "command" // by somebody else
	RunsTeam     = "team"
	RunsMaterial = "material"
)

func (s *Service) running(ctx context.Context, i Incident) ([]Running, error) {
	out := []Running{}
	for _, p := range s.Parts {
		list, err := p.Running(ctx, i)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// idle refuses what would end an incident, or its response, past those who act for it; without kinds all count.
func (s *Service) idle(ctx context.Context, i Incident, code, msg string, kinds ...string) error {
	list, err := s.running(ctx, i)
	if err != nil {
		return err
	}
	fields := map[string]string{}
	var names []string
	for _, r := range list {
		if len(kinds) > 0 && !slices.Contains(kinds, r.Kind) {
			continue
		}
		names = append(names, r.Name)
		fields[r.Kind] = strings.TrimPrefix(fields[r.Kind]+"、"+r.Name, "、")
	}
	if len(names) == 0 {
		return nil
	}
	return &errs.Error{Kind: errs.Conflict, Code: code, Msg: fmt.Sprintf(msg, strings.Join(names, ", ")), Fields: fields}
}

// ending refuses to end an incident for which something is under way.
func (s *Service) ending(ctx context.Context, i Incident) error {
	return s.idle(ctx, i, "incident.responding", "somebody still acts for it (%s); end the response, release what is out and have the command given up first")
}

func (s *Service) changed(ctx context.Context, was, now Incident) error {
	if was.Division == now.Division && was.State == now.State {
		return nil
	}
	for _, p := range s.Parts {
		if err := p.Changed(ctx, was, now); err != nil {
			return err
		}
	}
	return nil
}
