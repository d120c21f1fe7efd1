// Package wire is everything that passes between an edge agent and the centre: topic names, batches,
// acknowledgements, hello, status and commands. Both programs import it, and docs/protocol.md describes
// it for everybody else. Rule that must never break: a message that an older release wrote is still
// read; the golden files in testdata hold every shape.
package wire

import (
	"errors"
	"strconv"
	"strings"
)

// Version is the major version in every topic.
const Version = 1

// Lane orders what an edge sends: a lower lane goes first and lanes 0 and 1 are never evicted.
type Lane uint8

// The lanes.
const (
	LaneAlarm     Lane = 0 // alarms and events
	LaneState     Lane = 1 // states, results of commands
	LaneTelemetry Lane = 2 // readings
	LaneBulk      Lane = 3 // anything large that may wait
	Lanes              = 4
)

// Limits on foreign input.
const (
	MaxPayload  = 256 << 10 // bytes of one MQTT message
	MaxBody     = 4 << 20   // bytes of a batch once decompressed
	MaxRecords  = 20_000    // readings and events of one batch
	MaxIDLength = 64
	MaxSensor   = 1_000 // objects in one message of a simple sensor
	MaxValues   = 64    // properties of a simple sensor
)

// ValidID reports whether s may name an edge, a device or a property: lower-case letters, digits, - and
// _, at most 64 bytes. Such a name is safe in a topic, a file name and a URL.
func ValidID(s string) bool {
	if s == "" || len(s) > MaxIDLength {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case (c == '_' || c == '-') && i > 0:
		default:
			return false
		}
	}
	return true
}

// Topics of one edge.
const (
	prefix = "fs/v1/"
	sensor = "v1/devices/"
)

// UpTopic is where an edge publishes the batches of a lane.
func UpTopic(edge string, lane Lane) string { return prefix + edge + "/up/" + strconv.Itoa(int(lane)) }

// HelloTopic is where an edge greets after each connect.
func HelloTopic(edge string) string { return prefix + edge + "/up/hello" }

// StatusTopic holds the retained Status, offline by last will.
func StatusTopic(edge string) string { return prefix + edge + "/up/status" }

// AckTopic carries Ack messages to the edge.
func AckTopic(edge string) string { return prefix + edge + "/down/ack" }

// CommandTopic carries Command messages to the edge.
func CommandTopic(edge string) string { return prefix + edge + "/down/cmd" }

// ConfigTopic carries the configuration document to the edge.
func ConfigTopic(edge string) string { return prefix + edge + "/down/config" }

// SensorTopic is where a simple sensor publishes JSON.
func SensorTopic(device string) string { return sensor + device + "/telemetry" }

// Up is a parsed topic of the direction to the centre.
type Up struct {
	Edge string
	Kind string // "lane", "hello" or "status"
	Lane Lane   // when Kind is "lane"
}

// ErrTopic is returned for a topic that is none of ours.
var ErrTopic = errors.New("wire: not a topic of this protocol")

// ParseUp reads an up topic of an edge.
func ParseUp(topic string) (Up, error) {
	rest, ok := strings.CutPrefix(topic, prefix)
	if !ok {
		return Up{}, ErrTopic
	}
	edge, kind, ok := strings.Cut(rest, "/up/")
	if !ok || !ValidID(edge) {
		return Up{}, ErrTopic
	}
	switch kind {
	case "hello", "status":
		return Up{Edge: edge, Kind: kind}, nil
	case "0", "1", "2", "3":
		return Up{Edge: edge, Kind: "lane", Lane: Lane(kind[0] - '0')}, nil
	}
	return Up{}, ErrTopic
}

// ParseSensor reads the device out of a simple sensor's topic.
func ParseSensor(topic string) (string, error) {
	rest, ok := strings.CutPrefix(topic, sensor)
	if !ok {
		return "", ErrTopic
	}
	device, ok := strings.CutSuffix(rest, "/telemetry")
	if !ok || !ValidID(device) {
		return "", ErrTopic
	}
	return device, nil
}
