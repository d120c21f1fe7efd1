// Package internal holds the one test that keeps the rooms of the terminal apart.
package internal

import (
	"testing"

	"github.com/fengsui/fengsui/shared/archtest"
)

// The picture in docs/architecture.md. A room imports shared/... and levels below its own; app, which is
// outside, connects them.
var table = archtest.Table{
	Module:  "github.com/fengsui/fengsui/edge/internal/",
	Picture: "../../docs/architecture.md",
	Levels: map[string]int{
		"budget": 1, "camera": 1, "clock": 1, "config": 1, "deadband": 1, "diagnose": 1, "driver": 1, "enrol": 1, "onvif": 1, "outbox": 1, "remote": 1, "upgrade": 1, "whip": 1, "child": 1,
		"actuator": 2, "alarm": 2, "bundle": 2, "poller": 2, "encoder": 2, "publisher": 2, "replay": 2, "recorder": 2, "ring": 2, "speaker": 2, "steer": 2, "uplink": 2, "crew": 2,
		"statuspage": 3,
	},
	Toolkits: map[string][]string{
		"github.com/pion/":                                     {"publisher", "speaker", "whip"},           // docs/adr/0001-pion-v3.md
		"github.com/pion/rtp":                                  {"publisher", "speaker", "camera"},         // packets, no sessions
		"github.com/pion/transport":                            {"publisher", "speaker", "whip", "budget"}, // the network that is counted
		"github.com/bluenviron/":                               {"publisher", "recorder", "speaker", "camera"},
		"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264": {"publisher", "recorder", "speaker", "camera", "encoder"}, // the size of a picture
		"github.com/bluenviron/gortsplib/v5/pkg/format":        {"publisher", "recorder", "speaker", "camera", "ring"},    // the sound that a simulated camera has
		"github.com/eclipse/":                                  {"uplink", "driver"},
		"github.com/eclipse/paho.mqtt.golang/packets":          {"uplink", "driver", "replay"}, // frames without a session
		"github.com/simonvetter/":                              {"driver"},
		"github.com/adrianmo/":                                 {"driver"},
		"database/sql":                                         {"outbox"},
		"modernc.org/":                                         {"outbox"},
	},
}

func TestImportsPointInward(t *testing.T) { table.Check(t, ".") }
