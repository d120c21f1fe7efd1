package fleet

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestWordOfTheTerminalDecides(t *testing.T) {
	v := func(n uint64, hash string, s State) Version { return Version{Number: n, Hash: hash, State: s} }
	bad := &wire.ConfigOutcome{Version: 3, Hash: "c", Error: "no link"}
	for _, c := range []struct {
		name     string
		versions []Version
		said     wire.ConfigState
		settle   map[uint64]State
		send     uint64
		ask      bool
	}{
		{"nothing is known", nil, wire.ConfigState{Hash: "a"}, nil, 0, true},
		{"waits to be sent", []Version{v(2, "b", Wanted), v(1, "a", Running)}, wire.ConfigState{Hash: "a"}, nil, 2, false},
		{"on trial", []Version{v(2, "b", Wanted), v(1, "a", Running)}, wire.ConfigState{Version: 2, Hash: "b", Trial: true}, nil, 0, false},
		{"confirmed", []Version{v(2, "b", Wanted), v(1, "a", Running)}, wire.ConfigState{Version: 2, Hash: "b"}, map[uint64]State{2: Running, 1: Replaced}, 0, false},
		{"rolled back", []Version{v(3, "c", Wanted), v(1, "a", Running)}, wire.ConfigState{Version: 1, Hash: "a", Last: bad}, map[uint64]State{3: Failed}, 0, false},
		{"a failure of another life", []Version{v(3, "d", Wanted), v(1, "a", Running)}, wire.ConfigState{Version: 1, Hash: "a", Last: bad}, nil, 3, false},
		{"went back by hand", []Version{v(2, "b", Running), v(1, "a", Replaced)}, wire.ConfigState{Hash: "a"}, map[uint64]State{1: Running, 2: Replaced}, 0, false},
		{"what failed before is no proof", []Version{v(2, "b", Failed), v(1, "a", Running)}, wire.ConfigState{Hash: "b"}, nil, 0, true},
		{"the same content under a new number", []Version{v(2, "a", Wanted), v(1, "a", Running)}, wire.ConfigState{Version: 1, Hash: "a"}, nil, 2, false},
		{"and confirmed", []Version{v(2, "a", Wanted), v(1, "a", Running)}, wire.ConfigState{Version: 2, Hash: "a"}, map[uint64]State{2: Running, 1: Replaced}, 0, false},
		{"a foreign document", []Version{v(1, "a", Running)}, wire.ConfigState{Hash: "z"}, nil, 0, true},
	} {
		got := judge(c.versions, c.said)
		settled := map[uint64]State{}
		for _, one := range got.settle {
			settled[one.Number] = one.State
		}
		send := uint64(0)
		if got.send != nil {
			send = got.send.Number
		}
		if len(settled) != len(c.settle) || send != c.send || got.ask != c.ask {
			t.Errorf("%s: settled %v, sent %d, asked %v", c.name, settled, send, got.ask)
		}
		for n, s := range c.settle {
			if settled[n] != s {
				t.Errorf("%s: version %d is %q, want %q", c.name, n, settled[n], s)
			}
		}
	}
}

func TestRolloutGoesBatchByBatchAndStopsOnError(t *testing.T) {
	now := time.UnixMilli(1795492800123)
	r := Rollout{State: Rolling, Batch: 2}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		r.Members = append(r.Members, Member{Edge: id, State: MemberWaiting})
	}
	became := map[string]State{}
	look := func(m Member) (Version, bool) { s, ok := became[m.Edge]; return Version{State: s, Error: "bad"}, ok }
	step := func() []int {
		begin := r.step(look, now)
		for _, i := range begin {
			r.Members[i].State, r.Members[i].SentAt = MemberSent, &now
			became[r.Members[i].Edge] = Wanted
		}
		return begin
	}
	if got := step(); len(got) != 2 || got[0] != 0 {
		t.Fatalf("begins with %v", got)
	}
	became["a"] = Running
	if got := step(); len(got) != 0 {
		t.Fatalf("goes on with %v while one of the batch is open", got)
	}
	became["b"] = Running
	if got := step(); len(got) != 2 || got[0] != 2 {
		t.Fatalf("goes on with %v", got)
	}
	became["c"] = Failed
	if got := step(); len(got) != 0 || r.State != Stopped || r.Members[4].State != MemberSkipped || r.Members[2].Error != "bad" || !r.open() {
		t.Fatalf("after a failure: begins %v, %+v", got, r)
	}
	became["d"] = Running
	step()
	if r.open() || r.Members[3].State != MemberDone || r.State != Stopped {
		t.Errorf("at the end %+v", r)
	}
}

func TestPausedRolloutBeginsNobodyAndStillStopsOnError(t *testing.T) {
	now := time.UnixMilli(1795492800123)
	r := Rollout{State: Paused, Batch: 1, Version: "0.2.0", Members: []Member{{Edge: "a", State: MemberSent, SentAt: &now}, {Edge: "b", State: MemberWaiting}}}
	state := Wanted
	look := func(Member) (Version, bool) { return Version{State: state, Error: "bad"}, true }
	if begin := r.step(look, now.Add(patience+1)); len(begin) != 0 || r.State != Paused || !r.open() {
		t.Errorf("a program is fetched for longer: %v, %+v", begin, r)
	}
	state = Running
	if begin := r.step(look, now); len(begin) != 0 || r.Members[0].State != MemberDone {
		t.Errorf("begins %v, %+v", begin, r)
	}
	r.State = Rolling
	if begin := r.step(look, now); len(begin) != 1 || begin[0] != 1 {
		t.Errorf("goes on with %v", begin)
	}
	r.State, r.Members[1].State, state = Paused, MemberSent, Failed
	if r.step(look, now); r.State != Stopped || r.Members[1].Error != "bad" {
		t.Errorf("got %+v", r)
	}
}

func TestRolloutDoesNotWaitForEver(t *testing.T) {
	now := time.UnixMilli(1795492800123)
	r := Rollout{State: Rolling, Batch: 1, Members: []Member{{Edge: "a", State: MemberSent, SentAt: &now}, {Edge: "b", State: MemberWaiting}}}
	wanted := func(Member) (Version, bool) { return Version{State: Wanted}, true }
	if r.step(wanted, now.Add(patience)); r.State != Rolling {
		t.Errorf("ended early: %+v", r)
	}
	if r.step(wanted, now.Add(patience+1)); r.State != Stopped || r.Members[0].State != MemberFailed || r.EndedAt == nil {
		t.Errorf("got %+v", r)
	}
	r = Rollout{State: Rolling, Batch: 1, Members: []Member{{Edge: "a", State: MemberDone}}}
	if r.step(wanted, now); r.State != Done {
		t.Errorf("got %+v", r)
	}
}
