package app

import (
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
)

// resources are what incidents ask for; plans that are carried out ask by their demands, and crews own clocks.
func (b *base) resources(cfg config.Config, c cases, responses *response.Service, rosters *duty.Service, clocks *deadline.Service, messages *notice.Service) *resource.Service {
	s := resource.New(resource.Options{
		Store: store.NewResources(b.db), Tx: b.db, Desks: incident.Desks{Accounts: b.accounts}, Incidents: c.incidents, Responses: responses, Roster: rosters,
		Clocks: clocks, Notices: messages, Book: clocks.Book, Events: b.bus, URL: cfg.HTTP.PublicURL, Log: b.centre.log.With("component", "resource"),
	})
	clocks.On(resource.OwnerKind, s.OnClock)
	b.bus.Inside(s.OnRecord)
	c.incidents.Parts = append(c.incidents.Parts, s)
	return s
}
