package actor

import (
	"context"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func TestSeesAndScopeAgree(t *testing.T) {
	system := Actor{Kind: System}
	if !system.Sees("320500") || !system.Covers("") || system.Scope() != Everything {
		t.Error("the system does not see everything")
	}
	for code, want := range map[string]Scope{"320600": "3206%", "320623104": "320623104%", "": "", "%": "", "3": ""} {
		a := Actor{Kind: User, DivisionCode: code}
		if got := a.Scope(); got != want {
			t.Errorf("scope of %q is %q, want %q", code, got, want)
		}
		if !a.Sees("") || a.Covers("") || a.Sees("320623104") != (want != "") || a.Sees("320500") {
			t.Errorf("%q sees what its scope does not say", code)
		}
	}
}

func TestMeetsWhatLiesBelowAndWhatHoldsFromAbove(t *testing.T) {
	county := Actor{Kind: User, DivisionCode: "320623"}
	for division, want := range map[string]bool{"": true, "320623": true, "320623104": true, "320600": true, "320500": false, "320624": false} {
		if county.Meets(division) != want {
			t.Errorf("a county meets %q: %v", division, !want)
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
