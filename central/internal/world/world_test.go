package world_test

import (
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/world"
)

func TestNobodyIsInAnExerciseUnlessItIsSaid(t *testing.T) {
	ctx := t.Context()
	if world.Of(ctx) != world.Real || world.Outside(ctx, "a siren") != nil {
		t.Error("a context without a world is not real")
	}
	in := world.Into(ctx, "d1")
	if world.Of(in) != "d1" || errs.KindOf(world.Outside(in, "a siren")) != errs.Denied {
		t.Error("an exercise reaches a siren")
	}
	if got := world.Of(in).Marked(world.World("d1").Marked("开会")); got != "【演练】开会" || world.Real.Marked("开会") != "开会" {
		t.Error(got)
	}
}
