package app

import (
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
)

// readers is what it takes to read what clocks are called, where that is the name of what they belong to.
func readers() map[string]actor.Permission {
	return map[string]actor.Permission{
		report.OwnerKind: actor.IncidentRead, report.TaskKind: actor.IncidentRead, response.OwnerKind: actor.IncidentRead, response.ReportKind: actor.IncidentRead, opinion.OwnerKind: actor.IncidentRead, handover.ItemKind: actor.DutyLog, plan.OwnerKind: actor.PlanRead,
		resource.OwnerKind: actor.IncidentRead, review.OwnerKind: actor.IncidentRead,
	}
}
