// Package internal holds the one test that keeps the rooms of the centre apart.
package internal

import (
	"testing"

	"github.com/fengsui/fengsui/shared/archtest"
)

const module = "github.com/fengsui/fengsui/central/internal/"

// levels is the picture in docs/architecture.md. A package imports base packages, shared/... and levels
// below its own. Adapters import domain and base, never each other, except those listed in uses. A new
// capability is one line here. Tests are held to the same table, with the additions in testUses.
var levels = map[string]int{
	"errs": 0, "event": 0, "world": 0, "page": 0, "actor": 0, "config": 0, "ballast": 0, "picture": 0,
	"account": 1, "device": 1, "floor": 1, "deadline": 1, "notice": 1,
	"maintenance": 2, "video": 2, "output": 2, "steer": 2, "fleet": 2, "board": 2, "wall": 2, "rulebook": 2, "release": 2, "diagnose": 2, "duty": 2, "recording": 2,
	"telemetry": 3, "talk": 3, "handover": 3, "rollcall": 3, "incident": 3,
	"paper": 4, "intake": 4, "reminder": 4,
	"plan":    4,
	"crew":    4,
	"consult": 4,
	"report":  5, "response": 5,
	"opinion":  5,
	"review":   6,
	"resource": 6,
	"drill":    6,
	"field":    6,
	"audit":    6,
	"document": adapter, "store": adapter, "tsdb": adapter, "api": adapter, "ingest": adapter, "broker": adapter, "sfu": adapter, "turn": adapter, "channel": adapter, "bucket": adapter,
}

const adapter = 9

// uses lists what one adapter takes from another.
var uses = map[string][]string{
	"api": {"document"}, // spreadsheets
}

// toolkits may be imported by nobody but the adapters named.
var toolkits = map[string][]string{
	"github.com/gofiber/":                 {"api"},
	"github.com/danielgtaylor/":           {"api"},
	"github.com/nats-io/":                 {"broker"},
	"github.com/eclipse/":                 {"broker"},
	"github.com/pion/":                    {"sfu", "turn"},
	"github.com/parquet-go/":              {"document"},
	"github.com/signintech/":              {"document"},
	"github.com/arran4/":                  {"document"},
	"github.com/6tail/":                   {"duty"},
	"github.com/influxdata/":              {"tsdb"},
	"github.com/wneessen/":                {"channel"},
	"github.com/emersion/":                {},
	"github.com/minio/":                   {"bucket"},
	"database/sql":                        {"store", "tsdb"},
	"github.com/prometheus/client_golang": {"api", "ingest", "broker", "tsdb", "sfu"},
}

// testUses lists what the tests of a room take beyond what the room itself may, and beyond the databases that
// every test may stand on.
var testUses = map[string][]string{
	"api":       {"sfu", "github.com/pion/"},                            // a terminal's picture over real WebRTC
	"talk":      {"sfu", "github.com/pion/"},                            // sound over real WebRTC
	"consult":   {"audit", "sfu", "github.com/pion/"},                   // people in a room over real WebRTC
	"audit":     {"database/sql"},                                       // a trail that somebody changed behind its back
	"deadline":  {"audit"},                                              // marks that the trail counts
	"handover":  {"audit"},                                              // what a use case leaves in the trail
	"intake":    {"audit"},                                              // what a use case leaves in the trail
	"plan":      {"audit", "document"},                                  // what a use case leaves in the trail
	"duty":      {"audit"},                                              // what a use case leaves in the trail
	"drill":     {"audit", "channel", "document", "resource", "review"}, // what tries to leave an exercise
	"notice":    {"audit", "channel", "github.com/emersion/"},
	"channel":   {"github.com/emersion/"},
	"reminder":  {"audit"},
	"rollcall":  {"audit", "channel"},
	"opinion":   {"audit", "document"},             // what a use case leaves in the trail, and real files
	"review":    {"audit"},                         // what a use case leaves in the trail
	"resource":  {"audit", "channel"},              // what a use case leaves in the trail, and messages with their address
	"response":  {"audit", "channel"},              // what a use case leaves in the trail, and messages with their address
	"ingest":    {"broker", "github.com/eclipse/"}, // terminals and simple sensors as they speak
	"field":     {"audit", "sfu"},                  // what a use case leaves in the trail, and links of real pictures
	"recording": {"bucket", "incident"},            // a real server of buckets, and whose is what by the rule of the house
	"paper":     {"audit", "document"},             // what a use case leaves in the trail, and real files
	"telemetry": {"database/sql"},                  // another program that holds the database
}

func TestImportsPointInward(t *testing.T) {
	table := archtest.Table{
		Module: module, Levels: levels, Uses: uses, Toolkits: toolkits,
		Parts: []string{"store", "tsdb"}, TestUses: testUses, Picture: "../../docs/architecture.md",
	}
	table.Check(t, ".")
}
