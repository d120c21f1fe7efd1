package hj212

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// The example of HJ 212-2017, annex A, and a capture of a station of 2005.
const (
	annexA  = "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n"
	capture = "##0259ST=32;CN=2011;PW=123456;MN=88888880000001;CP=&&DataTime=20191226182116;01-ZsRtd=0;02-ZsRtd=0;03-ZsRtd=0;01-Rtd=0;02-Rtd=0;03-Rtd=0;S01-Rtd=20.9595;S02-Rtd=2.40558;B02-Rtd=321518;S03-Rtd=18.4833;S05-Rtd=0.78372;S08-Rtd=-271.755;Load-Rtd=0;Nh3-scr-Rtd=4.12656&&B541\r\n"
)

func TestPacketsOfTheStandardAndOfTheFieldAreReadAndWritten(t *testing.T) {
	for _, c := range []struct {
		text string
		want Packet
	}{
		{annexA, Packet{QN: "20160801085857223", ST: "32", CN: 1062, PW: "100000", MN: "010000A8900016F000169DC0", Flag: 5, CP: "RtdInterval=30"}},
		{capture, Packet{ST: "32", CN: 2011, PW: "123456", MN: "88888880000001", Flag: NoFlag, CP: capture[strings.Index(capture, "DataTime"):strings.LastIndex(capture, "&&")]}},
	} {
		got, err := Decode([]byte(c.text), MaxData)
		if err != nil || got != c.want {
			t.Errorf("got %+v, %v", got, err)
		}
		if back, err := got.Encode(); err != nil || string(back) != c.text {
			t.Errorf("written %q, %v", back, err)
		}
	}
}

func TestFlagIsVersionDivisionAndAnswer(t *testing.T) {
	for f, want := range map[Flag][3]int{NoFlag: {0, 0, 0}, 0: {0, 0, 0}, 1: {0, 0, 1}, 3: {0, 1, 1}, 4: {1, 0, 0}, 7: {1, 1, 1}, 9: {2, 0, 1}} {
		if f.Version() != want[0] || f.Divided() != (want[1] == 1) || f.Answer() != (want[2] == 1) {
			t.Errorf("Flag %d: version %d, divided %v, answer %v", f, f.Version(), f.Divided(), f.Answer())
		}
	}
}

func TestBadPacketsAreRefusedByKind(t *testing.T) {
	data := func(text string) string {
		p := Packet{CP: strings.Repeat("x", len(text))}
		raw, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(string(raw), p.CP, text, 1)
	}
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"checksum", strings.Replace(annexA, "1C80", "1C81", 1), ErrChecksum},
		{"checksum of Modbus", strings.Replace(annexA, "1C80", "0759", 1), ErrChecksum},
		{"checksum that is none", strings.Replace(annexA, "1C80", "+C80", 1), ErrChecksum},
		{"changed", data("y"), ErrChecksum},
		{"length", strings.Replace(annexA, "0101", "0100", 1), ErrMalformed},
		{"no beginning", annexA[1:], ErrMalformed},
	} {
		if _, err := Decode([]byte(c.text), MaxData); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := Decode([]byte(annexA), 100); !errors.Is(err, ErrOversized) {
		t.Errorf("got %v", err)
	}
	for _, fields := range []string{"CN=2011;Flag=2;", "CN=2011;Flag=4;PNUM=2;PNO=1;", "CN=2011;Flag=7;PNUM=2;PNO=3;", "CN=2011;Flag=7;PNUM=2;PNO=0;", "CN=2011;Flag=256;", "CN=-1;", "CN=2011;CN=2011;", "ST=32;", "x;CN=2011;"} {
		text := fields + "CP=&&&&"
		raw := []byte("##" + pad(len(text)) + text + sum(text) + "\r\n")
		if _, err := Decode(raw, MaxData); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", fields, err)
		}
	}
	if _, err := (&Packet{CP: strings.Repeat("x", MaxData)}).Encode(); !errors.Is(err, ErrOversized) {
		t.Errorf("got %v", err)
	}
}

func pad(n int) string {
	return string([]byte{byte('0' + n/1000), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}

func sum(text string) string {
	const digits = "0123456789ABCDEF"
	c := CRC([]byte(text))
	return string([]byte{digits[c>>12], digits[c>>8&15], digits[c>>4&15], digits[c&15]})
}

// cut takes everything apart as a connection does, in pieces.
func cut(came []byte, piece int) (packets []string, errs []error) {
	var buf []byte
	for len(came) > 0 || len(buf) > 0 {
		n := min(piece, len(came))
		buf, came = append(buf, came[:n]...), came[n:]
		used, packet, err := Next(buf)
		if err != nil {
			errs = append(errs, err)
		}
		if packet != nil {
			packets = append(packets, string(packet))
		}
		buf = buf[used:]
		if used == 0 && n == 0 {
			break
		}
	}
	return packets, errs
}

func TestStreamIsCutIntoPacketsWhateverThePieces(t *testing.T) {
	stream := "rubbish" + annexA + annexA[:60] + annexA + "##x123" + capture + "##9"
	for _, piece := range []int{1, 2, 7, 100, 4096} {
		got, errs := cut([]byte(stream), piece)
		if len(got) != 3 || got[0]+"\r\n" != annexA || got[1]+"\r\n" != annexA || got[2]+"\r\n" != capture {
			t.Errorf("pieces of %d: %q", piece, got)
		}
		short := 0
		for _, err := range errs {
			if errors.Is(err, ErrShort) {
				short++
			}
		}
		if short != 1 {
			t.Errorf("pieces of %d: %v", piece, errs)
		}
	}
}

func TestValuesAndTimes(t *testing.T) {
	got, wrong := Values("DataTime=20160801085857;w01018-Rtd=40.1,w01018-Flag=N;Nh3-scr-Rtd=4.1,nothing;=1;")
	want := []Value{{"", "DataTime", "20160801085857"}, {"w01018", "Rtd", "40.1"}, {"w01018", "Flag", "N"}, {"Nh3-scr", "Rtd", "4.1"}}
	if len(got) != len(want) || wrong != 2 {
		t.Fatalf("got %v, %d wrong", got, wrong)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
	at, err := ParseTime("20160801085857223")
	if err != nil || !at.Equal(time.Date(2016, 8, 1, 0, 58, 57, 223e6, time.UTC)) {
		t.Errorf("got %v, %v", at, err)
	}
	for _, bad := range []string{"", "2016080108585", "20161301085857", "2016080108585x"} {
		if _, err := ParseTime(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestAnswersNameTheExchange(t *testing.T) {
	p := Packet{QN: "20160801085857223", ST: "32", CN: Realtime, PW: "1", MN: "2", Flag: 7, PNUM: 2, PNO: 1}
	if got := p.Answer(); got != (Packet{QN: p.QN, ST: "91", CN: Received, PW: "1", MN: "2", Flag: 4}) {
		t.Errorf("got %+v", got)
	}
	p.Flag, p.CN = 1, SetClock
	if got := p.Answer(); got != (Packet{ST: "91", CN: Notified, Flag: NoFlag, CP: "QN=20160801085857223;CN=1013"}) {
		t.Errorf("got %+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(annexA))
	f.Add([]byte(capture))
	f.Add([]byte("##0000FFFF\r\n"))
	f.Add([]byte("##0015CN=1;CP=&&&&&&;0000"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Decode(raw, MaxData)
		if err != nil {
			return
		}
		Values(p.CP)
		written, err := p.Encode()
		if err != nil {
			return // longer than it came: numbers lose their zeros, keys get theirs
		}
		if back, err := Decode(written, MaxData); err != nil || back != p {
			t.Errorf("%+v written %q, read %+v, %v", p, written, back, err)
		}
	})
}

// FuzzEncode holds that what can be written is read as it was.
func FuzzEncode(f *testing.F) {
	f.Add("20160801085857223", "123456", "010000A8900016F000169DC0", "w01018-Rtd=40.1", 2011, 7, 2, 1)
	f.Fuzz(func(t *testing.T, qn, pw, mn, cp string, cn, flag, pnum, pno int) {
		p := Packet{QN: qn, CN: cn, PW: pw, MN: mn, Flag: Flag(flag), PNUM: pnum, PNO: pno, CP: cp}
		if strings.ContainsAny(qn+pw+mn, ";=&") || strings.Contains(cp, "&&") || strings.HasSuffix(cp, "&") || cn < 0 || cn > 9999 ||
			flag < 0 || flag > 255 || p.Flag.Divided() != (pnum > 0) || pnum < 0 || pnum > 9999 || pno < 0 || pno > pnum || (pnum > 0) != (pno > 0) {
			return
		}
		raw, err := p.Encode()
		if err != nil {
			return
		}
		if got, err := Decode(raw, MaxData); err != nil || got != p {
			t.Errorf("%q: read %+v, want %+v, %v", raw, got, p, err)
		}
	})
}

func FuzzNext(f *testing.F) {
	f.Add([]byte("x"+annexA+annexA[:40]+capture), 3)
	f.Add([]byte("##0005##0005##"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, piece int) {
		if piece < 1 || piece > 1<<16 {
			return
		}
		packets, _ := cut(bytes.Clone(stream), piece)
		for _, p := range packets {
			if len(p) > MaxPacket || !strings.HasPrefix(p, "##") {
				t.Errorf("packet %q", p)
			}
		}
		used, packet, err := Next(stream)
		if used < 0 || used > len(stream) || (used == 0 && (packet != nil || err != nil)) {
			t.Errorf("used %d of %d, %q, %v", used, len(stream), packet, err)
		}
	})
}
