package review

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
)

func TestWhoWasFirstAtTheScene(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 26, 9, minute, 0, 0, time.UTC) }
	lon := 121.0
	step := func(kind incident.Kind, act string, minute int) incident.Step {
		return incident.Step{Kind: kind, Act: act, At: at(minute), Text: act}
	}
	line := func(minute int, place *float64) response.Line {
		return response.Line{TaskID: "t", At: at(minute), Lon: place}
	}
	for _, c := range []struct {
		name   string
		steps  []incident.Step
		lines  []response.Line
		minute int // -1: the record has none
		from   string
	}{
		{"nobody", []incident.Step{step(crewLine, "dispatched", 1), step(crewLine, "en_route", 2), step(incident.Noted, "on_site", 3)}, []response.Line{line(4, nil)}, -1, ""},
		{"a crew that was sent", []incident.Step{step(crewLine, "en_route", 2), step(crewLine, "on_site", 9), step(crewLine, "on_site", 12)}, nil, 9, "on_site"},
		{"who told of a task from there", nil, []response.Line{line(4, nil), line(7, &lon), line(8, &lon)}, 7, "巡堤"},
		{"the crew before the task", []incident.Step{step(crewLine, "on_site", 5)}, []response.Line{line(7, &lon)}, 5, "on_site"},
		{"the task before the crew", []incident.Step{step(crewLine, "on_site", 9)}, []response.Line{line(7, &lon)}, 7, "巡堤"},
	} {
		r := Record{Lines: c.lines}
		r.Steps, r.Tasks = c.steps, []response.Task{{ID: "t", Title: "巡堤"}}
		m := r.arrived()
		if (m.At == nil) != (c.minute < 0) || (m.At != nil && !m.At.Equal(at(c.minute))) || m.From != c.from {
			t.Errorf("%s: %v, %q", c.name, m.At, m.From)
		}
	}
}

// What was taken back was given: it stands in the review and is counted, and is never late.
func TestWhatWasTakenBackIsCounted(t *testing.T) {
	at := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	done := at.Add(10 * time.Minute)
	r := Record{View: response.View{Responses: []response.Running{{Response: response.Response{ID: "r", StartedAt: at}}}, Tasks: []response.Task{
		{ID: "a", ResponseID: "r", State: response.Done, DueAt: at.Add(time.Hour), EndedAt: &done},
		{ID: "b", ResponseID: "r", State: response.Void, DueAt: at.Add(time.Minute), EndedAt: &done, LateAt: &done},
	}}}
	v := View{Tasks: r.compared(nil)}
	if got := v.against()[0]; got != "共下达任务2项：已完成1项，已收回1项；逾期0项。" {
		t.Errorf("the report says %q", got)
	}
}
