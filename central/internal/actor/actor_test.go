package actor

import (
	"context"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func TestDivisionCoversItselfAndBelow(t *testing.T) {
	for _, c := range []struct {
		parent, child string
		want          bool
	}{
		{"320600", "320600", true},
		{"320600", "320623", true},
		{"320600", "320623104", true},
		{"320000", "320623", true},
		{"320623", "320600", false},
		{"320623", "320681", false},
		{"320623104", "320623105", false},
		{"", "320623", false},
	} {
		if got := Covers(c.parent, c.child); got != c.want {
			t.Errorf("Covers(%q, %q) = %v, want %v", c.parent, c.child, got, c.want)
		}
	}
}

func TestRequireDeniesByDefault(t *testing.T) {
	if _, err := Require(context.Background(), DeviceRead); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("no actor: got %v, want unauthenticated", err)
	}
	ctx := With(context.Background(), Actor{Kind: User, ID: "u"})
	if _, err := Require(ctx, DeviceRead); errs.KindOf(err) != errs.Denied {
		t.Errorf("no permission: got %v, want denied", err)
	}
	ctx = With(context.Background(), Actor{Kind: User, ID: "u", Permissions: []Permission{DeviceRead}})
	if _, err := Require(ctx, DeviceRead); err != nil {
		t.Errorf("with permission: got %v", err)
	}
}
