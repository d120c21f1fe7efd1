package sl651

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
	"time"
)

// Public captures: a keep-alive, a test report and its confirmation, a scheduled report and its own.
const (
	keepAlive = "7E7E01001234567812342F0008020003591011155111036BCA"
	test      = "7E7E010012345678123430002B020003591011154947F1F1001234567848F0F0591011154920190000052619000005392300000127381211150320FA"
	testOK    = "7E7E00123456780112343080080200035910111549471B75D4"
	scheduled = "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421"
	stays     = "7E7E00112233440503E83280080200341707181100161BE5D4"
)

func raw(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFramesOfTheFieldAreReadAndWritten(t *testing.T) {
	for _, c := range []struct {
		text           string
		down           bool
		centre         byte
		station        string
		password       uint16
		function, ends byte
	}{
		{keepAlive, false, 1, "0012345678", 0x1234, KeepAlive, ETX},
		{test, false, 1, "0012345678", 0x1234, Test, ETX},
		{testOK, true, 1, "0012345678", 0x1234, Test, ESC},
		{scheduled, false, 5, "0011223344", 0x03E8, Scheduled, ETX},
		{stays, true, 5, "0011223344", 0x03E8, Scheduled, ESC},
	} {
		f, err := Decode(raw(t, c.text))
		if err != nil || f.Down != c.down || f.Centre != c.centre || f.Name() != c.station || f.Password != c.password || f.Function != c.function || f.End != c.ends {
			t.Errorf("%s: %+v, %v", c.text, f, err)
		}
		if back, err := f.Encode(); err != nil || !bytes.Equal(back, raw(t, c.text)) {
			t.Errorf("%s: written %X, %v", c.text, back, err)
		}
	}
}

func TestTextOfAReportIsTakenApart(t *testing.T) {
	f, err := Decode(raw(t, scheduled))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(f.Function, f.Text)
	if err != nil || got.Serial != 0x34 || !got.Sent.Equal(time.Date(2017, 7, 18, 3, 0, 16, 0, time.UTC)) || len(got.Groups) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	g := got.Groups[0]
	if g.Station != "0011223344" || g.Class != 'H' || !g.Observed.Equal(time.Date(2017, 7, 18, 3, 0, 0, 0, time.UTC)) || len(g.Elements) != 4 {
		t.Fatalf("got %+v", g)
	}
	for i, want := range []struct {
		id uint16
		v  float64
	}{{0x20, 4}, {0x26, 4}, {0x39, 10.49}, {0x38, 10.99}} {
		if e := g.Elements[i]; e.ID != want.id || e.Values[0] != want.v || e.Missing[0] {
			t.Errorf("element %d is %+v, want %+v", i, e, want)
		}
	}
}

func TestNumbersKeepTheirSign(t *testing.T) {
	for _, c := range []struct {
		v                float64
		length, decimals int
		want             string
	}{
		{12.34, 4, 3, "392300012340"}, {-0.52, 4, 3, "3923FF000520"}, {0, 4, 3, "392300000000"}, {-0.0001, 4, 3, "392300000000"},
	} {
		got, err := Number(0x39, c.v, c.length, c.decimals)
		if err != nil || !bytes.Equal(got, raw(t, c.want)) {
			t.Fatalf("%v: %X, %v", c.v, got, err)
		}
		text, err := Parse(Scheduled, append(Head(1, time.Now()), got...))
		if err != nil || math.Abs(text.Groups[0].Elements[0].Values[0]-c.v) > 0.0005 {
			t.Errorf("%v: read %+v, %v", c.v, text, err)
		}
	}
	own, err := Number(0xFF01, 1, 2, 0)
	if err != nil || !bytes.Equal(own, raw(t, "FF01100001")) {
		t.Errorf("extension: %X, %v", own, err)
	}
	for _, v := range []float64{1e9, -1e7, math.NaN(), math.Inf(1)} {
		if b, err := Number(0x39, v, 4, 3); err == nil {
			t.Errorf("%v is %X", v, b)
		}
	}
}

func TestTimeThatIsNoneLosesNoValue(t *testing.T) {
	got, err := Parse(Scheduled, raw(t, "0001261301000000F0F0260230080038121234"))
	if err != nil || !got.NoTime || !got.Sent.IsZero() || !got.Groups[0].Observed.IsZero() || got.Groups[0].Elements[0].Values[0] != 12.34 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadFramesAreRefusedByKind(t *testing.T) {
	change := func(at int, to byte) []byte {
		b := raw(t, scheduled)
		b[at] = to
		return b
	}
	signed := func(b []byte) []byte {
		crc := CRC(b[:len(b)-2])
		b[len(b)-2], b[len(b)-1] = byte(crc>>8), byte(crc)
		return b
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  error
	}{
		{"checksum", change(20, 0x55), ErrChecksum},
		{"beginning", change(0, 0), ErrMalformed},
		{"length", change(12, 0x2C), ErrMalformed},
		{"direction", signed(change(11, 0x40)), ErrMalformed},
		{"begin of text", signed(change(13, 0x05)), ErrMalformed},
		{"numbers", signed(change(13, SYN)), ErrMalformed},
		{"short", raw(t, scheduled)[:16], ErrMalformed},
	} {
		if _, err := Decode(c.frame); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	for _, f := range []Frame{{Text: make([]byte, MaxText+1)}, {Total: 1, Number: 2}, {Total: 4096}} {
		if _, err := f.Encode(); !errors.Is(err, ErrOversized) {
			t.Errorf("got %v", err)
		}
	}
	for _, text := range []string{"", "00", "0001260101080000 38", "0001260101080000 3812 12", "0001260101080000 F0F0 26", "0001260101080000 3812 1A00", "0001260101080000 FF", "0001260101080000 0418 0000"} {
		var b []byte
		for part := range bytes.FieldsSeq([]byte(text)) {
			b = append(b, raw(t, string(part))...)
		}
		if _, err := Parse(Scheduled, b); !errors.Is(err, ErrShort) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// cut takes everything apart as a connection does, in pieces.
func cut(came []byte, piece int) (frames [][]byte, errs []error) {
	var buf []byte
	for len(came) > 0 || len(buf) > 0 {
		n := min(piece, len(came))
		buf, came = append(buf, came[:n]...), came[n:]
		used, frame, err := Next(buf)
		if err != nil {
			errs = append(errs, err)
		}
		if frame != nil {
			frames = append(frames, bytes.Clone(frame))
		}
		buf = buf[used:]
		if used == 0 && n == 0 {
			break
		}
	}
	return frames, errs
}

func TestStreamIsCutIntoFramesWhateverThePieces(t *testing.T) {
	var stream []byte
	for _, part := range []string{"00FF", test, test[:60], scheduled, "7E7E0011", keepAlive, "7E"} {
		stream = append(stream, raw(t, part)...)
	}
	for _, piece := range []int{1, 3, 50, 4096} {
		got, _ := cut(stream, piece)
		if len(got) != 3 || !bytes.Equal(got[0], raw(t, test)) || !bytes.Equal(got[1], raw(t, scheduled)) || !bytes.Equal(got[2], raw(t, keepAlive)) {
			t.Errorf("pieces of %d: %X", piece, got)
		}
	}
}

func TestElementsThatCarryValues(t *testing.T) {
	for id, want := range map[uint16]bool{0x39: true, 0xF4: true, 0xFC: true, 0xF3: true, 0xFF01: true, 0x04: false, 0xF0: false, 0xF1: false, 0xF2: false, 0xFD: false, 0: false} {
		if Carries(id) != want {
			t.Errorf("%X: got %v", id, !want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{keepAlive, test, testOK, scheduled, stays} {
		b, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		got, err := Decode(frame)
		if err != nil {
			return
		}
		back, err := got.Encode()
		if err != nil || !bytes.Equal(back, frame) {
			t.Errorf("%X: written %X, %v", frame, back, err)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add(false, byte(5), []byte{0, 0x11, 0x22, 0x33, 0x44}, uint16(0x03E8), byte(Scheduled), uint16(3), uint16(2), []byte("text"), byte(ETX))
	f.Fuzz(func(t *testing.T, down bool, centre byte, station []byte, password uint16, function byte, total, number uint16, text []byte, end byte) {
		in := Frame{Down: down, Centre: centre, Password: password, Function: function, Total: total, Number: number, Text: text, End: end}
		copy(in.Station[:], station)
		if (total == 0) != (number == 0) {
			return
		}
		b, err := in.Encode()
		if err != nil {
			return
		}
		got, err := Decode(b)
		if err != nil || !bytes.Equal(got.Text, in.Text) {
			t.Fatalf("%X: %+v, %v", b, got, err)
		}
		got.Text, in.Text = nil, nil
		if got.Down != in.Down || got.Centre != in.Centre || got.Station != in.Station || got.Password != in.Password || got.Function != in.Function || got.Total != in.Total || got.Number != in.Number || got.End != in.End {
			t.Errorf("%+v became %+v", in, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{test, scheduled, keepAlive} {
		b, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(Scheduled), b[head:len(b)-tail])
	}
	f.Add(byte(Uniform), []byte("\x00\x41\x26\x01\x01\x09\x00\x00\x04\x18\x00\x00\x10\x39\x23\x00\x00\x41\x00\xff\xff\xff\xff"))
	f.Add(byte(Hourly), []byte("\x00\x41\x26\x01\x01\x09\x00\x00\xf4\x60\x00\x00\x41\x10\xff"))
	f.Fuzz(func(t *testing.T, function byte, text []byte) {
		got, _ := Parse(function, text)
		n := 0
		for _, g := range got.Groups {
			for _, e := range g.Elements {
				n += len(e.Values)
				if len(e.Values) != len(e.Missing) {
					t.Errorf("%d values, %d marks", len(e.Values), len(e.Missing))
				}
				for _, v := range e.Values {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("element %X is %v", e.ID, v)
					}
				}
			}
		}
		if n > len(text)+len(got.Groups) {
			t.Errorf("%d values in %d bytes", n, len(text))
		}
	})
}

func FuzzNext(f *testing.F) {
	var stream []byte
	for _, text := range []string{"00", test[:40], scheduled, keepAlive} {
		b, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		stream = append(stream, b...)
	}
	f.Add(stream, 7)
	f.Fuzz(func(t *testing.T, stream []byte, piece int) {
		if piece < 1 || piece > 1<<16 {
			return
		}
		frames, _ := cut(stream, piece)
		for _, frame := range frames {
			if len(frame) > MaxFrame {
				t.Errorf("a frame of %d bytes", len(frame))
			}
		}
	})
}
