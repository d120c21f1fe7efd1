// Package actor says who acts: a user, a device or the system itself. The actor travels in the context;
// every use case asks Require first. Rule that must never break: no actor in the context means no
// permission at all.
package actor

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
)

// Kind of actor.
type Kind string

// The kinds of actors.
const (
	User   Kind = "user"
	Device Kind = "device"
	System Kind = "system"
)

// Permission names one thing that an actor may do.
type Permission string

// The permissions. A role is a set of them (see account).
const (
	DeviceRead    Permission = "device.read"
	DeviceWrite   Permission = "device.write"  // enrol, rename, revoke
	DeviceProbe   Permission = "device.probe"  // ask a terminal for its log, its state, a frame of a device
	ReleaseWrite  Permission = "release.write" // add programs of terminals
	TelemetryRead Permission = "telemetry.read"
	TelemetryMend Permission = "telemetry.mend" // release or discard readings that were kept apart
	TelemetryHold Permission = "telemetry.hold" // keep readings from being deleted by age
	AlarmRead     Permission = "alarm.read"
	AlarmAck      Permission = "alarm.ack"
	AlarmMaintain Permission = "alarm.maintain" // maintenance windows
	AlarmPolicy   Permission = "alarm.policy"   // when alarms are passed on
	VideoWatch    Permission = "video.watch"
	VideoShare    Permission = "video.share"   // links to send and watch pictures without an account
	VideoSteer    Permission = "video.steer"   // turn and zoom cameras
	VideoTalk     Permission = "video.talk"    // speak to scenes
	VideoReplay   Permission = "video.replay"  // look at what was recorded
	VideoExport   Permission = "video.export"  // take clips and pictures of recordings away
	VideoRecord   Permission = "video.record"  // say what is recorded, how long it is kept, what is held
	ConsultJoin   Permission = "consult.join"  // be in consultation rooms to which one is invited
	ConsultHold   Permission = "consult.hold"  // open and lead consultation rooms
	OutputSwitch  Permission = "output.switch" // sirens and relays
	BoardWrite    Permission = "board.write"   // boards of rivers and plants
	RuleWrite     Permission = "rule.write"    // drafts of alarm rules
	RulePublish   Permission = "rule.publish"  // what decides: versions, withdrawals, overrides
	AccountRead   Permission = "account.read"
	AccountWrite  Permission = "account.write"
	AuditRead     Permission = "audit.read"
	DutyRead      Permission = "duty.read"    // rosters and who is on duty
	DutyPhone     Permission = "duty.phone"   // numbers of duty people
	DutyPlan      Permission = "duty.plan"    // posts, people, rosters, special periods
	DutyApprove   Permission = "duty.approve" // sign months, approve swaps
	DutyTake      Permission = "duty.take"    // take over a running shift
	DutyLog       Permission = "duty.log"     // read and keep the log of a desk, hand over
	IncidentRead  Permission = "incident.read"
	IncidentWrite Permission = "incident.write" // the inbox, incidents and their figures
	ReportWrite   Permission = "report.write"   // write, send, receive and return reports
	ReportSign    Permission = "report.sign"    // sign reports with the own name
	ReportOrder   Permission = "report.order"   // instructions of leaders, and what is supervised
	ReportJudge   Permission = "report.judge"   // findings that only a person makes, weights of the assessment
	NoticeTest    Permission = "notice.test"    // send a test message to any address
	PlanRead      Permission = "plan.read"
	PlanWrite     Permission = "plan.write"   // write plans and pass them on
	PlanApprove   Permission = "plan.approve" // publish, file and abolish plans
	ResourceRead  Permission = "resource.read"
	ResourceWrite Permission = "resource.write" // teams, warehouses, stock
	PaperRead     Permission = "paper.read"     // official documents
	PaperWrite    Permission = "paper.write"    // drafts and their numbers
	PaperSign     Permission = "paper.sign"     // let a document leave; the letterhead
	ResponseOrder Permission = "response.order" // carry plans out, give tasks, command
	OpinionSign   Permission = "opinion.sign"   // sign press statements
	DrillRead     Permission = "drill.read"     // exercises, and what is owed of them
	DrillWrite    Permission = "drill.write"    // write exercises and control them
)

// Actor is who acts. DivisionCode (GB/T 2260, or the 9-digit township code) is the root of what a user
// may see: the division itself and everything below it.
type Actor struct {
	Kind         Kind
	ID           string
	Name         string
	DivisionCode string
	Permissions  []Permission
}

type key struct{}

// With puts the actor into the context.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// WithSystem marks background work of the centre itself, which may do everything.
func WithSystem(ctx context.Context, job string) context.Context {
	return With(ctx, Actor{Kind: System, ID: job, Name: job})
}

// From returns the actor of the context; ok is false when there is none.
func From(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(key{}).(Actor)
	return a, ok
}

// Can reports whether the actor holds a permission.
func (a Actor) Can(p Permission) bool {
	return a.Kind == System || slices.Contains(a.Permissions, p)
}

// Sees reports whether a thing of the division lies inside what the actor may see. A thing without a
// division belongs to the top and is seen by every actor that holds the permission.
func (a Actor) Sees(division string) bool {
	return division == "" || a.Covers(division)
}

// Covers is stricter than Sees, for things that have a division always: one without is seen by nobody.
func (a Actor) Covers(division string) bool {
	return a.Kind == System || geo.Division(a.DivisionCode).Covers(geo.Division(division))
}

// Meets reports whether a thing of the division lies in what the actor may see, or holds for it from above:
// rules and windows of maintenance of a prefecture are shown in its counties.
func (a Actor) Meets(division string) bool {
	return a.Sees(division) || geo.Division(division).Covers(geo.Division(a.DivisionCode))
}

// Require returns the actor when it holds the permission: errs.Unauthenticated without an actor,
// errs.Denied without the permission.
func Require(ctx context.Context, p Permission) (Actor, error) {
	a, ok := From(ctx)
	if !ok {
		return Actor{}, errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	if !a.Can(p) {
		return Actor{}, errs.E(errs.Denied, "auth.denied", "permission %s is missing", p)
	}
	return a, nil
}

// Scope is what lists are limited to: a pattern of SQL's like for the divisions that an actor may see.
// Stores take it as it is, so that who sees what is decided here and nowhere else. The zero Scope sees
// nothing.
type Scope string

// Everything is the scope of the centre itself.
const Everything Scope = "%"

// Scope is the same as Sees, for lists.
func (a Actor) Scope() Scope {
	switch {
	case a.Kind == System:
		return Everything
	case !geo.Division(a.DivisionCode).Valid():
		return ""
	}
	return Scope(geo.Division(a.DivisionCode).Stem() + "%")
}
