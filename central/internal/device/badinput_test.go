package device

import (
	"fmt"
	"testing"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestBadInputKeepsTheFrameOfEachKind(t *testing.T) {
	status := func(faults map[string]uint64, last *wire.SensorFault) wire.Status {
		return wire.Status{Sensors: []wire.SensorState{{ID: "gauge", Faults: faults, LastFault: last}}}
	}
	crc := &wire.SensorFault{Kind: "checksum", At: 1000, Raw: "0103ff"}
	short := &wire.SensorFault{Kind: "short", At: 2000, Raw: "01"}
	first := badInput(nil, status(map[string]uint64{"checksum": 1}, crc))
	if len(first) != 1 || first[0].Last != crc || first[0].Count != 1 {
		t.Fatalf("got %+v", first)
	}
	second := badInput(first, status(map[string]uint64{"checksum": 1, "short": 1}, short))
	if len(second) != 2 || second[0].Last != short || second[1].Last != crc {
		t.Errorf("the frame of the other kind is lost: %+v", second)
	}
	// The agent began anew: its frames are of another life.
	if got := badInput(second, status(map[string]uint64{"short": 5, "timeout": 1}, nil)); len(got) != 2 || got[0].Last != short || got[1].Last != nil {
		t.Errorf("got %+v", got)
	}
	if got := badInput(second, status(map[string]uint64{"short": 0}, nil)); got[0].Last != nil {
		t.Errorf("a frame of a former life: %+v", got)
	}
	many := map[string]uint64{}
	for i := range 100 {
		many[fmt.Sprint(i)] = 1
	}
	if got := badInput(nil, status(many, nil)); len(got) != maxBadKinds {
		t.Errorf("%d kinds are kept", len(got))
	}
}
