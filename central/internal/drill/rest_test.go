package drill_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/world"
)

// played is an exercise that runs, with a plan carried out in it, and its task.
func (h *house) played() (drill.Drill, context.Context, incident.Incident, response.Task) {
	h.t.Helper()
	d, in := h.running()
	i, err := h.incidents.Open(in, incident.Draft{Title: "河堤管涌", Category: "natural.flood", Place: "洋口镇海堤", Level: 4})
	h.must(err)
	return d, in, i, h.carried(in, i.ID)
}

// carried is the task of the plan that is carried out for an incident.
func (h *house) carried(ctx context.Context, id string) response.Task {
	h.t.Helper()
	_, err := h.responses.Activate(ctx, id, response.Start{PlanID: h.plan.ID, Version: h.plan.Version, Level: 4, Order: "总指挥", Emergency: true, Why: "险情紧急，先启动后报告"})
	h.must(err)
	v, err := h.responses.View(ctx, id)
	h.must(err)
	return v.Tasks[0]
}

func (h *house) act(id, kind string) drill.Drill {
	h.t.Helper()
	d, err := h.Act(h.chief, id, drill.Act{Kind: kind})
	h.must(err)
	return d
}

// later lets so much time go by.
func (h *house) later(by time.Duration) {
	h.t.Helper()
	h.ahead.Add(int64(by))
	_, err := h.clocks.Turn(h.system)
	h.must(err)
	_, err = h.Turn(h.system)
	h.must(err)
}

func (h *house) clockOf(ctx context.Context, task string) deadline.Detail {
	h.t.Helper()
	c, err := h.clocks.Of(world.Into(h.system, world.Of(ctx)), deadline.Owner{Kind: response.OwnerKind, ID: task}, "task")
	h.must(err)
	return c
}

// TestAPauseStopsEverythingInside lets forty minutes go by in a pause, more than the task inside has.
func TestAPauseStopsEverythingInside(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		actual, err := h.incidents.Open(h.officer, incident.Draft{Title: "真的管涌", Category: "natural.flood", Place: "洋口镇海堤", Level: 4})
		h.must(err)
		actually := h.carried(h.officer, actual.ID)
		d, in, i, task := h.played()
		_, err = h.reports.Order(world.Into(h.chief, world.World(d.ID)), i.ID, report.NewInstruction{Leader: "市长", At: time.Now(), Text: "查明", Orgs: []string{h.county.ID}, DueAt: time.Now().Add(30 * time.Minute)})
		h.must(err)
		asked, err := h.reports.Board(world.Into(h.chief, world.World(d.ID)), false)
		h.must(err)
		shown, err := h.responses.Show(in, task.ResponseID, task.SeatID, h.person.ID)
		h.must(err)
		token := shown.Address[strings.LastIndex(shown.Address, "/")+1:]
		due, realDue := h.clockOf(in, task.ID).DueAt, h.clockOf(h.officer, actually.ID).DueAt

		d = h.act(d.ID, "pause")
		before, err := h.Get(h.chief, d.ID)
		h.must(err)
		for name, try := range map[string]func() error{
			"an incident": func() error {
				_, err := h.incidents.Open(in, incident.Draft{Title: "x", Category: "natural.flood", Place: "x"})
				return err
			},
			"a line": func() error {
				_, err := h.incidents.Write(in, i.ID, incident.Step{Kind: incident.Noted, Text: "x"})
				return err
			},
			"a step of a task": func() error { _, err := h.responses.Do(in, task.ID, response.Step{Kind: "accept"}); return err },
			"one from a phone": func() error {
				_, err := h.responses.StepByLink(t.Context(), token, task.ID, response.Step{Kind: "accept"})
				return err
			},
			"a telephone report": func() error { _, err := h.reports.Phoned(in, i.ID, report.Call{Text: "x"}); return err },
			"a row behind the services": func() error {
				return store.NewIncidents(db).Add(in, incident.Step{IncidentID: i.ID, At: time.Now(), Kind: incident.Noted, Text: "x"})
			},
		} {
			if err := try(); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "paused") {
				t.Errorf("%s in a pause: %v", name, err)
			}
		}
		if phone, err := h.responses.Open(t.Context(), token); err != nil || phone.RestsAt == nil || phone.Over {
			t.Errorf("the phone in a pause: %+v, %v", phone.RestsAt, err)
		}
		h.later(40 * time.Minute)
		if c := h.clockOf(in, task.ID); c.PassedAt != nil || c.RestsAt == nil || !c.DueAt.Equal(due) || len(c.Firings) != 0 {
			t.Errorf("the clock in the pause: %+v", c)
		}
		if c := h.clockOf(h.officer, actually.ID); c.PassedAt == nil || !c.DueAt.Equal(realDue) || c.RestsAt != nil {
			t.Errorf("the real clock went on: %+v", c)
		}
		after, err := h.Get(h.chief, d.ID)
		h.must(err)
		if after.Clock != before.Clock || len(after.Injects) != 3 || after.Injects[1].State != drill.Waiting {
			t.Errorf("the exercise clock went from %d to %d", before.Clock, after.Clock)
		}

		d = h.act(d.ID, "resume")
		by := h.clockOf(in, task.ID).DueAt.Sub(due)
		moved, err := h.responses.Task(in, task.ID)
		h.must(err)
		if by < 40*time.Minute || by > 41*time.Minute || moved.DueAt.Sub(task.DueAt) != by {
			t.Errorf("after the pause the clock is %s later, the task %s", by, moved.DueAt.Sub(task.DueAt))
		}
		list, err := h.reports.Board(world.Into(h.chief, world.World(d.ID)), false)
		h.must(err)
		if len(list) != 1 || list[0].DueAt.Sub(asked[0].DueAt) != by {
			t.Errorf("the instruction: %+v", list)
		}
		if again, err := h.responses.Task(h.officer, actually.ID); err != nil || !again.DueAt.Equal(actually.DueAt) {
			t.Errorf("the real task is due at %s, was %s, %v", again.DueAt, actually.DueAt, err)
		}
		if _, err := h.responses.Do(in, task.ID, response.Step{Kind: "accept"}); err != nil {
			t.Errorf("after the pause: %v", err)
		}
		if d.Rested < 40*60 || len(d.Pauses) != 1 || d.Pauses[0].To == nil {
			t.Errorf("the pauses: %d s, %+v", d.Rested, d.Pauses)
		}
		h.later(29 * time.Minute)
		if c := h.clockOf(in, task.ID); c.PassedAt != nil {
			t.Errorf("late a minute early: %+v", c)
		}
		v, err := h.Get(h.chief, d.ID)
		h.must(err)
		if v.Injects[1].State != drill.Given {
			t.Errorf("ten minutes of play after the plan was started: %+v", v.Injects[1])
		}
		h.later(2 * time.Minute)
		if late, err := h.responses.Task(in, task.ID); err != nil || late.LateAt == nil {
			t.Errorf("late when it is due: %v", err)
		}
	})
}

// TestNothingInsideIsDueAfterTheEnd ends an exercise with a task open, from a pause and without.
func TestNothingInsideIsDueAfterTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, first := range []string{"", "pause"} {
			h := newHouse(t, db)
			d, in, i, task := h.played()
			_, err := h.reports.Phoned(in, i.ID, report.Call{Text: "演练报告"})
			h.must(err)
			if first != "" {
				h.act(d.ID, first)
			}
			letters := func() int {
				l, err := h.notices.List(in, notice.Inside, page.Request{})
				h.must(err)
				return len(l.Items)
			}
			told := letters()
			d = h.act(d.ID, "end")
			if n := len(d.Left); n < 2 || d.Left[0].Title != task.Title || d.Measured == nil || d.Measured.Open != 1 || d.Measured.Tasks != 1 {
				t.Errorf("after %q what was left: %+v, measured %+v", first, d.Left, d.Measured)
			}
			h.later(40 * 24 * time.Hour)
			l, err := h.clocks.Running(world.Into(h.system, world.World(d.ID)), "", page.Request{})
			h.must(err)
			if len(l.Items) != 0 || letters() != told {
				t.Errorf("after the end %d clocks run, %d messages became %d", len(l.Items), told, letters())
			}
			if over, err := h.responses.Task(in, task.ID); err != nil || over.State != response.Void || over.LateAt != nil {
				t.Errorf("the task is %s, late %v, %v", over.State, over.LateAt, err)
			}
			if m, err := h.Measures(h.chief, d.ID); err != nil || m.Open != 1 || m.Late != 0 {
				t.Errorf("measured after the end: %+v, %v", m, err)
			}
			if _, err := h.incidents.Write(in, i.ID, incident.Step{Kind: incident.Noted, Text: "x"}); errs.KindOf(err) != errs.Conflict {
				t.Errorf("a line after the end: %v", err)
			}
			_, err = h.clocks.Set(in, deadline.Clock{
				Owner: deadline.Owner{Kind: response.OwnerKind, ID: "late " + first}, Kind: "task", OrgID: h.county.ID, Division: "320623", Name: "x", Scale: deadline.Counted, BaseAt: time.Now(), DueAt: time.Now().Add(time.Minute),
				Stages: []deadline.Stage{{Mark: deadline.Passed, To: deadline.Officer}},
			})
			h.must(err)
			h.later(24 * time.Hour)
			if c := h.clockOf(in, "late "+first); c.PassedAt != nil || c.RestsAt == nil {
				t.Errorf("a clock that was set after the end runs: %+v", c)
			}
			files, _, err := h.Report(h.chief, d.ID)
			h.must(err)
			if len(files.PDF) == 0 {
				t.Error("no report")
			}
		}
	})
}

// pauser is set for the small program that this binary is then: it pauses an exercise and lets it go on until it is
// killed.
const pauser = "FENGSUI_DRILL_PROGRAM"

func TestMain(m *testing.M) {
	if text := os.Getenv(pauser); text != "" {
		file, id, _ := strings.Cut(text, " ")
		fmt.Fprintln(os.Stderr, pausing(file, id))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func pausing(file, id string) error {
	ctx := actor.WithSystem(context.Background(), "test")
	db, err := store.Open(ctx, store.Options{Driver: store.SQLite, DSN: file})
	if err != nil {
		return err
	}
	bus := event.NewBus(audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler)))
	kept := store.NewAccounts(db)
	accounts, err := account.New(account.Options{Store: kept, Keys: kept, Attempts: kept, Tx: db, Events: bus})
	if err != nil {
		return err
	}
	clocks := deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Events: bus})
	clocks.OnMove(response.OwnerKind, response.New(response.Options{Store: store.NewResponses(db), Tx: db}).OnMove)
	s := drill.New(drill.Options{Store: store.NewDrills(db), Tx: db, Desks: incident.Desks{Accounts: accounts}, Clocks: clocks, Events: bus})
	fmt.Println("up")
	for {
		for _, kind := range []string{"pause", "resume"} {
			if _, err := s.Act(ctx, id, drill.Act{Kind: kind}); err != nil && errs.KindOf(err) != errs.Conflict {
				return err
			}
		}
	}
}

// TestAKillInAPauseLeavesNoHalf kills a centre that pauses and resumes. The exercise, its clocks and its tasks say the
// same afterwards, whenever the kill fell.
func TestAKillInAPauseLeavesNoHalf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "central.db")
	h := newHouse(t, storetest.Open(t, store.Options{Driver: store.SQLite, DSN: file}))
	d, in, _, task := h.played()
	due := h.clockOf(in, task.ID).DueAt
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // when to kill, not a secret
	paused := 0
	for round := range 25 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), pauser+"="+file+" "+d.ID)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		h.must(err)
		h.must(cmd.Start())
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("round %d: the program says %q, %v", round, line, err)
		}
		time.Sleep(time.Duration(random.IntN(80_000)) * time.Microsecond) // the kill falls anywhere
		h.must(cmd.Process.Kill())
		_ = cmd.Wait()

		v, err := h.Get(h.chief, d.ID)
		h.must(err)
		rests, err := store.NewDeadlines(h.db).Rested(in)
		h.must(err)
		var stood time.Duration
		open := false
		for _, r := range rests {
			if r.Until == nil {
				open = true
				continue
			}
			stood += r.Until.Sub(r.Since)
		}
		moved, err := h.responses.Task(in, task.ID)
		h.must(err)
		c := h.clockOf(in, task.ID)
		if (v.State == drill.Paused) != open || (v.State == drill.Paused) != (c.RestsAt != nil) || len(v.Pauses) != len(rests) || c.DueAt.Sub(due) != stood || moved.DueAt.Sub(task.DueAt) != stood {
			t.Fatalf("round %d: %s with %d pauses, %d rests, open %t, resting %v; stood %s, the clock moved %s, the task %s", round, v.State, len(v.Pauses), len(rests), open, c.RestsAt, stood, c.DueAt.Sub(due), moved.DueAt.Sub(task.DueAt))
		}
		if open {
			paused++
		}
	}
	if v, err := h.Get(h.chief, d.ID); err != nil || len(v.Pauses) == 0 {
		t.Errorf("the program paused %d times, %v", len(v.Pauses), err)
	}
	t.Logf("%d of 25 kills left it paused", paused)
}
