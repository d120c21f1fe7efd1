package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/shared/rule"
)

// RuleID names a rule in the path. It is exported because huma passes over embedded types that are not.
type RuleID struct {
	ID string `path:"id" maxLength:"64"`
}

type bookFilter struct {
	Q      string `query:"q" maxLength:"200" doc:"Search in id, names, property, class and source"`
	State  string `query:"state" enum:",draft,published,withdrawn"`
	Class  string `query:"class" maxLength:"64"`
	Device string `query:"device" maxLength:"64" doc:"Only rules that watch this device"`
	Sort   string `query:"sort" enum:",name,-name,level,-level,state,-state,fired,-fired,overrides,-overrides,updated,-updated" doc:"- before it: the other way round"`
}

func (f *bookFilter) filter() rulebook.Filter {
	return rulebook.Filter{Search: strings.TrimSpace(f.Q), State: rulebook.State(f.State), Class: f.Class, Device: f.Device, Sort: f.Sort}
}

type ruleDraft struct {
	Body struct {
		Rule     rule.Rule `json:"rule"`
		Division string    `json:"division,omitempty" maxLength:"12" doc:"Of a new rule: whose devices it watches; the author's own when left out"`
		Unit     string    `json:"unit,omitempty" maxLength:"32" doc:"UCUM unit in which the limit is written; it must be that of the property"`
		Revision int64     `json:"revision" minimum:"0" doc:"That the author has seen; 0: a new rule"`
	}
}

// RuleChange is a change of what the author has seen. It is exported because huma passes over embedded types
// that are not.
type RuleChange struct {
	Revision int64  `json:"revision" minimum:"1" doc:"That the author has seen"`
	Reason   string `json:"reason" minLength:"1" maxLength:"500" doc:"Why, for the record"`
}

type ruleSeen struct {
	RuleID
	Revision int64 `query:"revision" minimum:"1" doc:"That the author has seen"`
}

type ruleAct struct {
	RuleID
	Body RuleChange
}

type ruleBack struct {
	RuleID
	Body struct {
		RuleChange
		Number int `json:"number" minimum:"1" doc:"Version to publish again"`
	}
}

type ruleCompare struct {
	RuleID
	From string `query:"from" maxLength:"12" doc:"Number of a version, draft or offer"`
	To   string `query:"to" maxLength:"12" doc:"Number of a version, draft or offer"`
}

type overrideNew struct {
	RuleID
	Body struct {
		Device   string `json:"device,omitempty" maxLength:"64"`
		Division string `json:"division,omitempty" maxLength:"12" doc:"All devices of a division, instead of one"`
		rule.Exception
		Reason  string `json:"reason" minLength:"1" maxLength:"500" doc:"Why, for the record"`
		Confirm bool   `json:"confirm,omitempty" doc:"The second confirmation that weakening a rule of a critical class wants"`
	}
}

type overrideID struct {
	ID string `path:"id" maxLength:"64"`
}

// RegisterRulebook adds the rules as people keep them. What decides on a series is told by list-rules.
func RegisterRulebook(s *Server, svc *rulebook.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"rules"}}
	}
	register(s, op("list-rulebook", http.MethodGet, "/rulebook", "List the alarm rules as they are kept"),
		func(ctx context.Context, in *bookFilter) (*body[page.List[rulebook.BookLine]], error) {
			return listed(svc.List(ctx, in.filter()))
		})
	registerSheet(s, op("export-rulebook", "", "/rulebook/export.xlsx", "The list of alarm rules as a workbook"), "rules",
		func(ctx context.Context, in *bookFilter) (document.Sheet, error) {
			lines, err := svc.List(ctx, in.filter())
			return ruleSheet(lines), err
		})
	register(s, op("get-rule", http.MethodGet, "/rulebook/{id}", "Show one rule, its overrides and how far its terminals are"),
		func(ctx context.Context, in *RuleID) (*body[rulebook.RuleDetail], error) {
			return reply(svc.Get(ctx, in.ID))
		})
	register(s, op("list-rule-versions", http.MethodGet, "/rulebook/{id}/versions", "List what was published, newest first"),
		func(ctx context.Context, in *RuleID) (*body[page.List[rulebook.RuleVersion]], error) {
			return listed(svc.Versions(ctx, in.ID))
		})
	register(s, op("compare-rule", http.MethodGet, "/rulebook/{id}/diff", "List what differs between two texts of a rule"),
		func(ctx context.Context, in *ruleCompare) (*body[page.List[rulebook.Difference]], error) {
			return listed(svc.Compare(ctx, in.ID, in.From, in.To))
		})
	register(s, op("save-rule", http.MethodPut, "/rulebook/drafts", "Write the draft of a rule, or of a new one"),
		func(ctx context.Context, in *ruleDraft) (*body[rulebook.Kept], error) {
			return reply(svc.Save(ctx, in.Body.Rule, in.Body.Division, in.Body.Unit, in.Body.Revision))
		})
	register(s, op("discard-rule-draft", http.MethodDelete, "/rulebook/{id}/draft", "Throw a draft away; a rule never published goes with it"),
		func(ctx context.Context, in *ruleSeen) (*body[rulebook.Kept], error) {
			return reply(svc.Discard(ctx, in.ID, in.Revision))
		})
	register(s, op("publish-rule", http.MethodPost, "/rulebook/{id}/publish", "Make the draft the next version, which decides from now on"),
		func(ctx context.Context, in *ruleAct) (*body[rulebook.Kept], error) {
			return reply(svc.Publish(ctx, in.ID, in.Body.Revision, in.Body.Reason))
		})
	register(s, op("roll-back-rule", http.MethodPost, "/rulebook/{id}/rollback", "Publish again what a version said"),
		func(ctx context.Context, in *ruleBack) (*body[rulebook.Kept], error) {
			return reply(svc.RollBack(ctx, in.ID, in.Body.Revision, in.Body.Number, in.Body.Reason))
		})
	register(s, op("withdraw-rule", http.MethodPost, "/rulebook/{id}/withdraw", "End a rule and its alarms; its versions stay"),
		func(ctx context.Context, in *ruleAct) (*body[rulebook.Kept], error) {
			return reply(svc.Withdraw(ctx, in.ID, in.Body.Revision, in.Body.Reason))
		})
	override := op("override-rule", http.MethodPost, "/rulebook/{id}/overrides", "Make a rule something else on a device or in a division")
	override.DefaultStatus = http.StatusCreated
	register(s, override, func(ctx context.Context, in *overrideNew) (*body[rulebook.RuleOverride], error) {
		b := in.Body
		return reply(svc.Override(ctx, rulebook.NewOverride{Rule: in.ID, Device: b.Device, Division: b.Division, Exception: b.Exception, Reason: b.Reason, Confirm: b.Confirm}))
	})
	register(s, op("list-rule-exceptions", http.MethodGet, "/rule-exceptions", "Exceptions by which a rule is off or weaker, the soonest end first"),
		func(ctx context.Context, _ *nothing) (*body[page.List[rulebook.Standing]], error) {
			return listed(svc.Weakened(ctx))
		})
	register(s, op("end-rule-override", http.MethodDelete, "/rule-overrides/{id}", "Let a rule be again what it is"),
		func(ctx context.Context, in *overrideID) (*body[rulebook.RuleOverride], error) {
			return reply(svc.EndOverride(ctx, in.ID))
		})
}
