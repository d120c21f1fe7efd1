package wire

import (
	"bytes"
	"testing"
)

func TestACentreThatKnowsNoMeansGetsPlainReadings(t *testing.T) {
	b := Batch{Epoch: 7, Lane: LaneTelemetry, Synced: true, Backfill: true, SeqFrom: 1, SeqTo: 9, Readings: []Reading{
		{Device: "d", Property: "p", At: 1000, Value: 3},
		{Device: "d", Property: "p", At: 2000, Value: 4.5, Count: 7},
		{Device: "d", Property: "p", At: 3000, Value: 5, Quality: Uncertain},
	}}
	counted, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	payload, err := Plain(counted)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Readings) != 3 || got.Readings[1] != (Reading{Device: "d", Property: "p", At: 2000, Value: 4.5}) || got.Readings[2].Quality != Uncertain {
		t.Errorf("got %+v", got.Readings)
	}
	if !got.Backfill || !got.Synced || got.SeqFrom != 1 || got.SeqTo != 9 || got.Epoch != 7 {
		t.Errorf("got %+v", got)
	}
	if same, err := Plain(payload); err != nil || !bytes.Equal(same, payload) {
		t.Errorf("what has no means is changed: %v", err)
	}
	if _, err := Plain([]byte("FS")); err == nil {
		t.Error("nonsense is taken")
	}
}
