package api

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/humatest"
)

// What is too much for the first gate comes through the second marked, and what is too much for both is refused. What is
// refused as wrong counts in neither.
func TestWhatOverflowsIsTakenMarked(t *testing.T) {
	s := &Server{}
	both := s.overflowing(newGate(time.Hour, 2, "x", "x"), newGate(time.Hour, 3, "x", "x"))
	var marked []bool
	do := func(status int) int {
		w := httptest.NewRecorder()
		ctx := humatest.NewContext(nil, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody), w)
		both(ctx, func(ctx huma.Context) {
			if status < http.StatusBadRequest {
				marked = append(marked, overflown(ctx.Context()))
			}
			ctx.SetStatus(status)
		})
		return w.Code
	}
	for range 9 {
		do(http.StatusUnprocessableEntity)
	}
	for n := range 5 {
		if got := do(http.StatusNoContent); got != http.StatusNoContent {
			t.Errorf("number %d: %d", n, got)
		}
	}
	do(http.StatusUnprocessableEntity)
	if got := do(http.StatusNoContent); got != http.StatusTooManyRequests {
		t.Errorf("beyond both: %d", got)
	}
	if want := []bool{false, false, true, true, true}; !slices.Equal(marked, want) {
		t.Errorf("marked %v, want %v", marked, want)
	}
}
