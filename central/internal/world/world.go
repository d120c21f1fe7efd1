// Package world tells reality from exercises. Everything that takes place for an incident belongs to one world, and
// the world travels in the context: reality unless somebody has entered an exercise. Stores read and write rows of the
// context's world only, and ways out of the house are open to reality alone. Rule that must never break: what does
// not say that it is an exercise sees nothing of one, and what is an exercise reaches nobody outside it.
package world

import (
	"context"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// World is reality, or the id of an exercise.
type World string

// Real is reality.
const Real World = ""

// Mark stands before every title and text of an exercise, in messages and on paper.
const Mark = "【演练】"

type key struct{}

// Into is the context inside a world.
func Into(ctx context.Context, w World) context.Context { return context.WithValue(ctx, key{}, w) }

// Of is the world of the context; without one it is reality.
func Of(ctx context.Context) World {
	w, _ := ctx.Value(key{}).(World)
	return w
}

// Outside refuses inside an exercise what would reach the world outside it.
func Outside(ctx context.Context, what string) error {
	if Of(ctx) == Real {
		return nil
	}
	return errs.E(errs.Denied, "drill.barred", "%s stays outside exercises; leave the exercise first", what)
}

// Marked is a text with the mark before it, once, when the world is an exercise.
func (w World) Marked(text string) string {
	if w == Real || strings.HasPrefix(text, Mark) {
		return text
	}
	return Mark + text
}
