package app

import (
	"path/filepath"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/store"
)

// opinions are what is said of incidents, and what this house says in answer.
func (b *base) opinions(cfg config.Config, c cases, clocks *deadline.Service) (*opinion.Service, error) {
	templates, err := opinion.LoadTemplates(filepath.Join(cfg.FirmwareConfigs, "opinion", "statements.yml"))
	if err != nil {
		return nil, err
	}
	s := opinion.New(opinion.Options{
		Store: store.NewOpinions(b.db), Tx: b.db, Desks: incident.Desks{Accounts: b.accounts}, Incidents: c.incidents, Accounts: b.accounts, Clocks: clocks, Book: clocks.Book,
		Templates: templates, Categories: c.incidents.Categories, Printer: document.Printer{Fonts: document.Fonts{Dir: cfg.Fonts}}, Events: b.bus,
	})
	clocks.On(opinion.OwnerKind, s.OnClock)
	clocks.OnMove(opinion.OwnerKind, s.OnMove)
	c.incidents.Parts = append(c.incidents.Parts, s)
	return s, nil
}
