package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() *Batch {
	b := &Batch{
		Epoch: 0x1122334455667788, Lane: LaneTelemetry, Synced: true, SentAt: 1795492800123,
		SeqFrom: 41, SeqTo: 46,
	}
	for i := range int64(3) {
		at := 1795492800000 + i*1000
		b.Readings = append(
			b.Readings,
			Reading{Device: "rd-level-1", Property: "water_level", At: at, Value: 5.17 + float64(i)/100},
			Reading{Device: "rd-gas-1", Property: "ch4_lel", At: at + 7, Value: math.Pi, Quality: Uncertain},
		)
	}
	return b
}

func alarmSample() *Batch {
	return &Batch{
		Epoch: 7, Lane: LaneAlarm, Backfill: true, SentAt: 1795492800123, SeqFrom: 1, SeqTo: 1,
		Events: []Event{{
			ID: "0199d0c0-0000-7000-8000-000000000001", At: 1795492799000, Kind: EventAlarm, Device: "rd-level-1",
			Data: json.RawMessage(`{"rule":"water-level-warning","property":"water_level","active":true,"level":3,"value":5.21,"limit":5.2}`),
		}},
	}
}

// bySeries sorts as the wire does: grouped by series in order of first appearance.
func bySeries(in []Reading) []Reading {
	var out []Reading
	seen := map[string]bool{}
	for _, r := range in {
		if seen[r.Device+"/"+r.Property] {
			continue
		}
		seen[r.Device+"/"+r.Property] = true
		for _, o := range in {
			if o.Device == r.Device && o.Property == r.Property {
				out = append(out, o)
			}
		}
	}
	return out
}

func TestBatchComesBackAsItWas(t *testing.T) {
	for _, b := range []*Batch{sample(), alarmSample()} {
		payload, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		want := *b
		want.Readings = bySeries(b.Readings)
		if !reflect.DeepEqual(got, &want) {
			t.Errorf("got  %+v\nwant %+v", got, &want)
		}
	}
}

// The golden payloads were written by the first release; every later one must read them.
func TestGoldenBatchesAreStillRead(t *testing.T) {
	for name, b := range map[string]*Batch{"batch-telemetry-v1": sample(), "batch-alarm-v1": alarmSample()} {
		file := filepath.Join("testdata", name+".golden")
		if *update {
			payload, err := b.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, payload, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		payload, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(payload)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := *b
		want.Readings = bySeries(b.Readings)
		if !reflect.DeepEqual(got, &want) {
			t.Errorf("%s: got %+v, want %+v", name, got, &want)
		}
	}
}

func TestGoldenMessagesKeepTheirNames(t *testing.T) {
	messages := map[string]any{
		"ack-fork-v1": Ack{Epoch: 7, Hello: true, Lanes: []LaneRanges{}, Time: 1795492800123, Window: 64, Boot: "b", Fork: true},
		"ack-v1":      Ack{Epoch: 7, Lanes: []LaneRanges{{Lane: 2, Ranges: []Range{{1, 40}, {43, 50}}}}, Time: 1795492800123, Window: 64},
		"hello-v1": Hello{
			Version: 1, Agent: "0.1.0", Boot: "b", Boots: []string{"5d2c11aa"}, Address: "10.0.0.7 02:00:5e:10:00:01", Epoch: 7, Time: 1795492800123, Synced: true, Name: "如东终端", NameEN: "Rudong terminal",
			Lanes:   []LaneHello{{Lane: 2, First: 41, Next: 50}},
			Sensors: []SensorDeclared{{ID: "rd-level-1", Name: "洋口水位", NameEN: "Yangkou level", Class: "water_level", Profile: "generic-water-level-modbus", Division: "320623", Place: &Place{Lon: 120.94793, Lat: 32.53164}, Demo: true, Series: []SeriesDeclared{{Property: "water_level", Name: "水位", NameEN: "Water level", Unit: "m", Digits: 2}}}},
			Cameras: []CameraDeclared{{ID: "rd-cam-1", Name: "外闸", NameEN: "Outer sluice", Demo: true}},
		},
		"status-v1": Status{State: "online", Boot: "b", Time: 1795492800123, Synced: true, Backlog: Backlog{Records: 9, Bytes: 120, Oldest: 1795492799000}, Sensors: []SensorState{{ID: "rd-level-1", OK: true, At: 1795492800000, Taken: 17, Faults: map[string]uint64{"checksum": 2}, LastFault: &SensorFault{Kind: "checksum", At: 1795492700000, Text: "wrong checksum", Raw: "0103"}}}, Cameras: []CameraState{{ID: "rd-cam-1", OK: true, Sending: true}}},
		"status-outputs-v1": Status{State: "online", Boot: "b", Time: 1795492800123, Synced: true, Outputs: []OutputState{
			{Device: "rd-siren-1", Output: "siren", Name: "警笛", NameEN: "Siren", MaxOn: 180, On: new(true), At: 1795492800000, Until: 1795492860000, Why: []string{"command"}},
			{Device: "rd-siren-1", Output: "lamp", Name: "警灯", NameEN: "Warning lamp", MaxOn: 7200, Error: "device does not answer in time"},
		}},
		"status-outbox-v1": Status{
			State: "online", Boot: "b", Time: 1795492800123, Synced: true, Backlog: Backlog{Records: 9, Bytes: 120, Oldest: 1795492799000, Drain: 40},
			Trouble: "disk is full: only alarms and states are kept",
			Disk:    &DiskState{Kind: DiskFull, Path: "/var/lib/fengsui-edge", Since: 1795492700000, Lost: 42, Error: "database or disk is full"}, Clock: &ClockState{Source: "centre", Jumps: 1, Jump: -3600000}, KeepAlive: 90,
			Budget: &BudgetState{Level: BudgetEco, Limit: 1 << 30, Messages: 900 << 20, Video: 1 << 20, From: 1793462400000, Until: 1796054400000},
			Config: "0f3a9c11d2e4", Certificate: 1803268800000, Agent: "0.1.0",
		},
		"config-v1":      Config{ID: "c", Version: 8, Hash: "6f1c", Document: json.RawMessage(`{"sensors":[{"id":"rd-level-1"}]}`)},
		"config-told-v1": ConfigTold{Hash: "6f1c", Document: json.RawMessage(`{"sensors":[]}`)},
		"status-applied-v1": Status{State: "online", Boot: "b", Time: 1795492800123, Synced: true, Applied: &ConfigState{
			Version: 7, Hash: "0f3a", Edited: true, Last: &ConfigOutcome{Version: 8, Hash: "6f1c", Error: "no link to the centre within 1m0s; version 7 runs again", At: 1795492860000},
		}},
		"upgrade-v1": Upgrade{
			ID: "u", Release: Release{Version: "0.2.0", Arch: "arm64", Size: 23601314, SHA256: "6f1c", Signature: "c2ln"}, Packed: 8025173, URL: "/program/u", Token: "t",
		},
		"status-upgrade-v1": Status{State: "online", Boot: "b", Time: 1795492800123, Synced: true, Agent: "0.2.0", Upgrade: &UpgradeState{
			Arch: "arm64", Slot: "a", Package: "0.1.0", A: "0.2.0", Floor: "0.1.0-0", Signed: true, Back: "0.1.0",
			ID: "u3", Version: "0.3.0", Phase: UpgradeFetching, Got: 262144, Size: 8025173, Rate: 51200,
			Last: &UpgradeOutcome{ID: "u2", From: "0.1.0", Version: "0.2.0", OK: true, Spent: 8025173, At: 1795492700000},
		}},
		"command-output-v1":  Command{ID: "c", Kind: CommandOutputSet, Expires: 1795492810123, Body: json.RawMessage(`{"device":"rd-siren-1","output":"siren","on":true,"seconds":60}`)},
		"command-steer-v1":   Command{ID: "c", Kind: CommandSteer, Expires: 1795492810123, Body: json.RawMessage(`{"camera":"rd-cam-1","act":"move","pan":-0.5,"tilt":0.5,"hold_ms":1500}`)},
		"status-steer-v1":    Status{State: "online", Time: 1795492800123, Cameras: []CameraState{{ID: "rd-cam-1", OK: true, Steer: &SteerState{Presets: []Preset{{Token: "2", Name: "下游水尺"}}, Error: "camera refuses"}}}},
		"command-talk-v1":    Command{ID: "c", Kind: CommandTalk, Expires: 1795492810123, Body: json.RawMessage(`{"whep":"/whep/rd-1","token":"t","lease_seconds":30}`)},
		"command-speaker-v1": Command{ID: "c", Kind: CommandSpeaker, Expires: 1795492810123, Body: json.RawMessage(`{"volume":80,"muted":false}`)},
		"command-crew-v1":    Command{ID: "c", Kind: CommandCrew, Expires: 1795496400000, Body: json.RawMessage(`{"id":"m","text":"转移三组群众","from":"周岚","urgent":true,"confirm":true,"at":1795492800000,"until":1795496400000,"picture":"/9j/2Q=="}`)},
		"event-crew-v1":      Event{ID: "e", At: 1795492810123, Kind: EventCrew, Device: "rd-1", Data: json.RawMessage(`{"message":"m","state":"confirmed","at":1795492810123,"by":"input"}`)},
		"status-horn-v1": Status{State: "online", Time: 1795492800123, Speaker: &SpeakerState{Volume: 100, Hears: true, Cameras: []SpeakerCamera{
			{Camera: "gate", Hears: true}, {Camera: "yard", Fault: HornMissing, Error: "camera yard: camera offers no loudspeaker over RTSP"},
		}}},
		"status-speaker-v1":      Status{State: "online", Time: 1795492800123, Speaker: &SpeakerState{Volume: 80, Hears: true, Playing: true}},
		"command-maintenance-v1": Command{ID: "c", Kind: CommandMaintenance, Expires: 1795492810123, Body: json.RawMessage(`{"spans":[{"from":1795492800000,"to":1795500000000,"rule":"river-high","devices":["rd-level-1"]}]}`)},
		"command-v1":             Command{ID: "c", Kind: CommandMediaStart, Expires: 1795492810123, Body: json.RawMessage(`{"camera":"rd-cam-1","stream":"rd-cam-1","whip":"/whip/rd-cam-1","token":"t","lease_seconds":20}`)},
	}
	for name, message := range messages {
		text, err := json.MarshalIndent(message, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		file := filepath.Join("testdata", name+".golden.json")
		if *update {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, text, want)
		}
	}
}

func TestBadPayloadsAreNamed(t *testing.T) {
	good, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	version := bytes.Clone(good)
	version[2] = 9
	for _, c := range []struct {
		name    string
		payload []byte
		want    error
	}{
		{"empty", nil, ErrFormat},
		{"text", []byte(`{"level":3.2}`), ErrFormat},
		{"one bit flipped", flipped, ErrChecksum},
		{"cut short", good[:len(good)-3], ErrChecksum},
		{"version of tomorrow", version, ErrVersion},
		{"oversized", make([]byte, MaxPayload+1), ErrTooLarge},
		{"bomb", frame(t, make([]byte, MaxBody+1)), ErrTooLarge},
		{"bomb below the limit", frame(t, make([]byte, MaxBody)), ErrTooLarge},
		{"rubbish inside", frame(t, []byte("rubbish inside a good frame")), ErrFormat},
	} {
		if _, err := Decode(c.payload); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// frame wraps a body as Encode does, so that what is inside can be wrong.
func frame(t *testing.T, body []byte) []byte {
	t.Helper()
	out := encoder.EncodeAll(body, []byte{'F', 'S', batchVersion, codecZstd, 0, 0, 0, 0})
	binary.BigEndian.PutUint32(out[4:], crc32.Checksum(out[frameHead:], castagnoli))
	return out
}

func TestPlainestBatchOfMostRecordsIsTaken(t *testing.T) {
	b := &Batch{Lane: LaneTelemetry, SeqFrom: 1, SeqTo: MaxRecords}
	for i := range int64(MaxRecords) {
		b.Readings = append(b.Readings, Reading{Device: "d", Property: "p", At: FirstTime + i*1000, Value: 1})
	}
	payload, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(payload)
	if err != nil || p.SeqTo != MaxRecords || p.Readings != nil {
		t.Fatalf("head %+v, %v", p, err)
	}
	if got, err := p.Unpack(); err != nil || len(got.Readings) != MaxRecords {
		t.Errorf("%d bytes: %v", len(payload), err)
	}
}

func TestColumnKeepsEveryBit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	columns := [][]Point{
		nil,
		{{At: 5, Value: math.NaN()}},
		{{At: -1, Value: math.Copysign(0, -1)}, {At: math.MaxInt32, Value: math.Inf(1), Quality: Bad}},
		{{At: 1, Value: 1e300}, {At: 1, Value: 0.1}},
		{{At: 9, Value: 9007199254740993}, {At: 8, Value: 0.5}},
	}
	var walk []Point
	v := 3.2
	for i := range int64(5000) {
		v += math.Round(r.NormFloat64()*10) / 100
		walk = append(walk, Point{At: 1795492800000 + i*1000 + r.Int64N(3), Value: math.Round(v*100) / 100})
	}
	columns = append(columns, walk)
	for i, points := range columns {
		data := AppendColumn(nil, points)
		got, rest, err := ReadColumn(append(data, 0xAA), MaxRecords)
		if err != nil || len(rest) != 1 {
			t.Fatalf("column %d: rest %d, err %v", i, len(rest), err)
		}
		if len(got) != len(points) {
			t.Fatalf("column %d: got %d points, want %d", i, len(got), len(points))
		}
		for j := range got {
			same := got[j].At == points[j].At && got[j].Quality == points[j].Quality &&
				math.Float64bits(got[j].Value) == math.Float64bits(points[j].Value)
			if !same {
				t.Errorf("column %d point %d: got %+v, want %+v", i, j, got[j], points[j])
			}
		}
	}
}

func TestTopicsOfOthersAreRefused(t *testing.T) {
	up, err := ParseUp(UpTopic("edge-rudong", LaneBulk))
	if err != nil || up != (Up{Edge: "edge-rudong", Kind: "lane", Lane: LaneBulk}) {
		t.Errorf("got %+v, %v", up, err)
	}
	for _, topic := range []string{"", "fs/v1//up/2", "fs/v2/e/up/2", "fs/v1/e/up/4", "fs/v1/e/up/2/3", "fs/v1/E/up/2", "fs/v1/e/down/ack", "fs/v1/e/x/up/2"} {
		if _, err := ParseUp(topic); err == nil {
			t.Errorf("%q was taken", topic)
		}
	}
	if d, err := ParseSensor(SensorTopic("gauge_7")); err != nil || d != "gauge_7" {
		t.Errorf("got %q, %v", d, err)
	}
	for _, topic := range []string{"v1/devices//telemetry", "v1/devices/a/b/telemetry", "v1/devices/a", "v1/devices/../telemetry"} {
		if _, err := ParseSensor(topic); err == nil {
			t.Errorf("%q was taken", topic)
		}
	}
}

func FuzzDecode(f *testing.F) {
	means := sample()
	means.Readings[0].Count = 57
	for _, b := range []*Batch{sample(), alarmSample(), means} {
		payload, err := b.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		// The checksum stops most mutations, so the body is tried as well.
		if b, err := Decode(payload); err == nil {
			if _, err := b.Encode(); err != nil && !errors.Is(err, ErrTooLarge) {
				t.Errorf("decoded but not encoded: %v", err)
			}
		}
		if p, err := openBody(payload); err == nil {
			if b, err := p.Unpack(); err == nil && len(b.Readings)+len(b.Events) > MaxRecords {
				t.Errorf("%d records", len(b.Readings)+len(b.Events))
			}
		}
		if points, _, err := ReadColumn(payload, MaxRecords); err == nil && len(points) > MaxRecords {
			t.Errorf("%d points", len(points))
		}
	})
}

func TestMeansComeBackWithTheirCountsAndDoNotMakeReadingsLong(t *testing.T) {
	var points, plain []Point
	for i := range 400 {
		p := Point{At: int64(i) * 1000, Value: float64(i%7) / 100}
		if i%4 == 2 {
			p.Value, p.Count = float64(i)/3, 57
		}
		points = append(points, p)
		if p.Count == 0 {
			plain = append(plain, p)
		}
	}
	points[3].Quality = Uncertain
	coded := AppendColumn(nil, points)
	got, rest, err := ReadColumn(coded, len(points))
	if err != nil || len(rest) != 0 || !reflect.DeepEqual(got, points) {
		t.Fatalf("got %+v, %v, %d bytes left", got, err, len(rest))
	}
	if more := len(coded) - len(AppendColumn(nil, plain)); more > 100*8+100*2+2*400+20 {
		t.Errorf("100 means take %d bytes", more)
	}
	damaged := slices.Clone(coded)
	for i := range damaged {
		damaged[i] ^= 0xff
		if back, _, err := ReadColumn(damaged, len(points)); err == nil {
			for _, p := range back {
				if p.Count > MaxRecords {
					t.Errorf("byte %d: a count of %d", i, p.Count)
				}
			}
		}
		damaged[i] ^= 0xff
	}
}
