package app

import (
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

// Recordings go up at a quarter of their rate while any picture is sent live, the smaller one of a thin link as well.
func TestRecordingsGoUpBelowWhatIsLive(t *testing.T) {
	for _, c := range []struct {
		name    string
		cameras []wire.CameraState
		want    int64
	}{
		{"no camera", nil, 100_000},
		{"nobody watches", []wire.CameraState{{ID: "a", OK: true, Sub: &wire.SubState{}}, {ID: "b"}}, 100_000},
		{"one is watched", []wire.CameraState{{ID: "a"}, {ID: "b", OK: true, Sending: true}}, 25_000},
		{"the smaller picture of one", []wire.CameraState{{ID: "a"}, {ID: "b", OK: true, Sub: &wire.SubState{Sending: true}}}, 25_000},
	} {
		if got := uploadRate(800, c.cameras); got != c.want {
			t.Errorf("%s: %d bytes a second, want %d", c.name, got, c.want)
		}
	}
}
