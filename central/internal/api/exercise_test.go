package api

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/world"
)

// door lets everybody into one exercise to look, and all but the guest to act.
type door string

type guest struct{}

func (d door) Enter(ctx context.Context, id string, act bool) error {
	if act && ctx.Value(guest{}) != nil {
		return errs.E(errs.Denied, "drill.looks_on", "who looks on does not act")
	}
	if id != string(d) {
		return errs.E(errs.NotFound, "drill.not_found", "there is no such exercise")
	}
	return nil
}

func TestInsideAnExerciseOnlyWhatIsListedMayBeDone(t *testing.T) {
	s := &Server{}
	if _, err := s.inside(t.Context(), "d", http.MethodGet, "list-incidents"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a centre without exercises: %v", err)
	}
	s.worlds = door("d")
	if _, err := s.inside(t.Context(), "other", http.MethodGet, "list-incidents"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("an exercise of others: %v", err)
	}
	for _, c := range []string{"GET list-incidents", "GET get-incident", "GET export-incidents", "POST open-incident", "POST start-response", "POST step-task", "POST phone-report", "PUT respond-incident", "GET list-deadlines"} {
		method, op, _ := strings.Cut(c, " ")
		ctx, err := s.inside(t.Context(), "d", method, op)
		if err != nil || world.Of(ctx) != "d" {
			t.Errorf("%s: %v", c, err)
		}
	}
	for _, c := range []string{
		"POST switch-output", "POST steer-camera", "POST share-video", "POST test-notice", "POST begin-rollcall", "POST create-paper", "POST compose-paper", "POST number-paper", "POST sign-paper",
		"GET list-papers", "GET get-paper-pdf", "GET list-intake", "POST receive-intake", "POST alarm-intake", "POST open-intake", "GET list-daily-reports", "POST judge-report", "GET list-judgements",
		"POST move-plan", "PUT write-plan", "POST publish-rule", "POST acknowledge-alarm", "POST upgrade-device", "POST create-user", "POST run-drill", "GET export-report-stats", "POST what-nobody-has-thought-of",
	} {
		method, op, _ := strings.Cut(c, " ")
		if ctx, err := s.inside(t.Context(), "d", method, op); errs.KindOf(err) != errs.Denied || world.Of(ctx) != world.Real {
			t.Errorf("%s: %v", c, err)
		}
	}
}

func TestWhoLooksOnInsideAnExerciseDoesNotAct(t *testing.T) {
	s := &Server{worlds: door("d")}
	ctx := context.WithValue(t.Context(), guest{}, true)
	for c, kind := range map[string]errs.Kind{"GET get-incident": "", "POST watch-stream": "", "POST logout": "", "POST open-incident": errs.Denied, "POST step-task": errs.Denied, "PUT respond-incident": errs.Denied, "POST what-nobody-has-thought-of": errs.Denied} {
		method, op, _ := strings.Cut(c, " ")
		if _, err := s.inside(ctx, "d", method, op); errs.KindOf(err) != kind {
			t.Errorf("%s: %v", c, err)
		}
	}
}

// What a request is asked for must not be taken for the exercise in whose world it is made.
func TestNoOperationHasAnotherUseForTheWordOfExercises(t *testing.T) {
	document, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`in: query\n +name: `+exerciseQuery+`\n`).FindAll(document, -1); len(found) > 0 {
		t.Errorf("%d operations take ?%s= for something of their own", len(found), exerciseQuery)
	}
}
