// Package actor says who acts: a user, a device or the system itself. The actor travels in the context;
// every use case asks Require first. Rule that must never break: no actor in the context means no
// permission at all.
package actor

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
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
	DeviceWrite   Permission = "device.write" // enrol, rename, revoke
	TelemetryRead Permission = "telemetry.read"
	AlarmRead     Permission = "alarm.read"
	AlarmAck      Permission = "alarm.ack"
	VideoWatch    Permission = "video.watch"
	AccountRead   Permission = "account.read"
	AccountWrite  Permission = "account.write"
	AuditRead     Permission = "audit.read"
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
	return a.Kind == System || division == "" || Covers(a.DivisionCode, division)
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

// Covers reports whether division child is parent or lies below it: 320600 covers 320623 and 320623104.
func Covers(parent, child string) bool {
	return parent != "" && strings.HasPrefix(child, stem(parent))
}

// Prefix is how the code of a division and of everything below it begins.
func Prefix(code string) string { return stem(code) }

// stem cuts the zero pairs of a six-digit code: 320600 → 3206, 320000 → 32.
func stem(code string) string {
	if len(code) != 6 {
		return code
	}
	for len(code) > 2 && strings.HasSuffix(code, "00") {
		code = code[:len(code)-2]
	}
	return code
}
