package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// download asks for a file.
func download(t *testing.T, s *Server, who, path string) (*http.Response, []byte) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/api/v1"+path, nil)
	req.Header.Set("Authorization", "Bearer "+who)
	res, err := s.fiber.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, text
}

func TestReadingsAreListedComparedAndExported(t *testing.T) {
	s, at := telemetryServer(t)
	var first, second page.List[telemetry.Row]
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/readings?series=level&limit=2", "", &first); code != 200 || len(first.Items) != 2 || first.Next == "" || *first.Items[0].Value != 5 {
		t.Errorf("first page: %d %+v", code, first)
	}
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/readings?series=level&limit=2&after="+first.Next, "", &second); code != 200 || len(second.Items) != 1 || second.Next != "" || !second.Items[0].ReceivedAt.Equal(at) {
		t.Errorf("second page: %d %+v", code, second)
	}
	var c telemetry.Comparison
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/compare?series=level&series=level/flow&points=10", "", &c); code != 200 || len(c.Series) != 2 || len(c.Times) > 10 || len(c.Series[1].Mean) != len(c.Times) {
		t.Errorf("compare: %d %+v", code, c)
	}
	res, text := download(t, s, "wang", "/telemetry/export.csv?series=level/water_level")
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || res.StatusCode != http.StatusOK || len(rows) != 4 || rows[3][7] != "5.3" || rows[0][0] != "device" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") ||
		!strings.Contains(res.Header.Get("Content-Disposition"), ".csv") {
		t.Errorf("csv: %d %v %q, %v", res.StatusCode, res.Header, text, err)
	}
	if _, text = download(t, s, "wang", "/telemetry/export.csv?series=level&excel=true"); !bytes.HasPrefix(text, []byte("\ufeff设备编号,")) {
		t.Errorf("csv for spreadsheets: %q", text)
	}
	if _, text = download(t, s, "wang", "/telemetry/export.csv?series=level&excel=true&lang=en"); !bytes.HasPrefix(text, []byte("\ufeffDevice ID,")) {
		t.Errorf("csv for spreadsheets in English: %q", text)
	}
	if res, text = download(t, s, "wang", "/telemetry/export.xlsx?series=level&lang=en"); res.StatusCode != http.StatusOK || !bytes.HasPrefix(text, []byte("PK")) || res.Header.Get("Content-Type") != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
		t.Errorf("xlsx: %d %v, %d bytes", res.StatusCode, res.Header, len(text))
	}
	if res, text = download(t, s, "wang", "/telemetry/export.parquet?series=level"); res.StatusCode != http.StatusOK || !bytes.HasPrefix(text, []byte("PAR1")) || !bytes.HasSuffix(text, []byte("PAR1")) {
		t.Errorf("parquet: %d, %d bytes", res.StatusCode, len(text))
	}
	for _, c := range []struct {
		who, path string
		want      int
	}{
		{"", "/telemetry/readings?series=level", 401},
		{"none", "/telemetry/readings?series=level", 403},
		{"other", "/telemetry/readings?series=level", 404},
		{"other", "/telemetry/compare?series=level", 404},
		{"other", "/telemetry/export.csv?series=level", 404},
		{"none", "/telemetry/export.parquet?series=level", 403},
		{"none", "/telemetry/export.xlsx?series=level", 403},
		{"wang", "/telemetry/export.xlsx?series=level&lang=fr", 422},
		{"wang", "/telemetry/export.csv", 422},
		{"wang", "/telemetry/export.csv?series=level&quality=best", 422},
		{"wang", "/telemetry/readings?series=level&limit=9999", 422},
		{"wang", "/telemetry/readings?series=level&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422},
	} {
		if code := ask(t, s, c.who, http.MethodGet, c.path, "", nil); code != c.want {
			t.Errorf("%s as %q: %d, want %d", c.path, c.who, code, c.want)
		}
	}
	if !s.exports.TryAcquire(exportSlots) {
		t.Error("an export has not given its slot back")
	}
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/export.csv?series=level", "", nil); code != 503 {
		t.Errorf("without a slot: %d, want 503", code)
	}
}

// big has a series whose export does not fit into the buffers between centre and client.
func big(t *testing.T) *Server {
	t.Helper()
	s, _ := telemetryServerWith(t, Options{Listen: "127.0.0.1:0"}, func(commit func(...wire.Reading)) {
		base := time.Now().Add(-48 * time.Hour).UnixMilli()
		for part := range 20 {
			var rs []wire.Reading
			for i := range int64(20_000) {
				k := int64(part)*20_000 + i
				rs = append(rs, wire.Reading{Device: "level", Property: "flow", At: base + k*100, Value: math.Sin(float64(k))})
			}
			commit(rs...)
		}
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Server) begin(ctx context.Context, t *testing.T) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr().String()+"/api/v1/telemetry/export.csv?series=level/flow", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer wang")
	req.Header.Set("Accept-Encoding", "identity")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	return res
}

func TestExportStreamsAndEndsWhenTheClientLeaves(t *testing.T) {
	s := big(t)
	defer func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	res := s.begin(t.Context(), t)
	rest, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if lines := bytes.Count(rest, []byte("\n")); err != nil || lines < 399_000 {
		t.Errorf("%d lines, %v", lines, err)
	}
	ctx, leave := context.WithCancel(t.Context())
	res = s.begin(ctx, t)
	leave()
	_ = res.Body.Close()
	wait, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.exports.Acquire(wait, exportSlots); err != nil {
		t.Errorf("the export goes on for a client that has left: %v", err)
	}
}

func TestExportBreaksOffWhenTheCentreStops(t *testing.T) {
	s := big(t)
	res := s.begin(t.Context(), t) // and reads no further
	defer res.Body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	if n, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Errorf("a file broken off after %d bytes looks whole", n)
	}
}

// timed counts how often a connection got new time.
type timed struct {
	net.Conn
	times int
}

func (c *timed) SetWriteDeadline(t time.Time) error {
	c.times++
	return c.Conn.SetWriteDeadline(t)
}

// full is a workbook that takes two readings.
type full struct {
	document.Readings
	n int
}

func (f *full) Write(r telemetry.ExportRow) error {
	if f.n++; f.n > 2 {
		return document.ErrFull
	}
	return f.Readings.Write(r)
}

func TestAFileThatIsWrittenInOneGivesTheClientTimeForEachPiece(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	taken := make(chan int64, 1)
	go func() {
		n, _ := io.Copy(io.Discard, far)
		taken <- n
	}()
	conn := &timed{Conn: near}
	n, err := pieces{conn, conn}.Write(make([]byte, 1<<20))
	_ = near.Close()
	if got := <-taken; n != 1<<20 || got != 1<<20 || err != nil || conn.times != 1<<20/exportPiece {
		t.Errorf("wrote %d, %d arrived, %d times, %v", n, got, conn.times, err)
	}
}

func TestAFullWorkbookEndsTheReading(t *testing.T) {
	s := New(Options{})
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	var out bytes.Buffer
	given := 0
	endless := func(_ context.Context, yield func(telemetry.ExportRow) error) error {
		for {
			given++
			if err := yield(telemetry.ExportRow{}); err != nil {
				return err
			}
		}
	}
	w := bufio.NewWriter(&out)
	err := s.stream(t.Context(), near, w, endless, func(w io.Writer) (document.Readings, error) {
		file, err := document.XLSX(w, document.Wording{Zone: time.UTC})
		return &full{Readings: file}, err
	})
	if err != nil || given != 3 || !bytes.HasPrefix(out.Bytes(), []byte("PK")) {
		t.Errorf("%d readings, %d bytes, %v", given, out.Len(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	given = 0
	err = s.stream(ctx, near, w, endless, func(w io.Writer) (document.Readings, error) {
		return document.XLSX(w, document.Wording{Zone: time.UTC})
	})
	if !errors.Is(err, context.Canceled) || given != exportCheck {
		t.Errorf("not wanted any more: %d readings, %v", given, err)
	}
}

func TestAPersonHasOneWorkbookOfReadingsAtATime(t *testing.T) {
	s, _ := telemetryServer(t)
	ctx := actor.With(t.Context(), actor.Actor{ID: "u1"})
	release, err := s.exportSlot(ctx, "xlsx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.exportSlot(ctx, "xlsx"); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a second one: %v", err)
	}
	for name, c := range map[string]struct {
		ctx    context.Context
		format string
	}{"another's": {actor.With(t.Context(), actor.Actor{ID: "other"}), "xlsx"}, "another format": {ctx, "csv"}} {
		free, err := s.exportSlot(c.ctx, c.format)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		free()
	}
	release()
	for range 2 {
		if res, _ := download(t, s, "wang", "/telemetry/export.xlsx?series=level"); res.StatusCode != http.StatusOK {
			t.Errorf("after it: %d", res.StatusCode)
		}
	}
}

func TestQuarantineAndHoldsOverHTTP(t *testing.T) {
	ahead := 40 * 365 * 24 * time.Hour
	s, at := telemetryServerWith(t, Options{}, nil)
	var list page.List[telemetry.Apart]
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/quarantine", "", &list); code != 200 || len(list.Items) != 1 || list.Items[0].Offset != ahead.Milliseconds() {
		t.Fatalf("quarantine: %d %+v", code, list)
	}
	if code := ask(t, s, "other", http.MethodGet, "/telemetry/quarantine", "", &list); code != 200 || len(list.Items) != 0 {
		t.Errorf("quarantine of another county: %d %+v", code, list)
	}
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/quarantine", "", &list); code != 200 {
		t.Fatal(code)
	}
	act := func(more string) string {
		return `{"through":"` + list.Items[0].Through + `","note":"时钟"` + more + `}`
	}
	shift, err := json.Marshal(-ahead.Milliseconds())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who, path, text string
		want            int
	}{
		{"none", "/telemetry/quarantine/level/discard", act(""), 403},
		{"other", "/telemetry/quarantine/level/discard", act(""), 404},
		{"wang", "/telemetry/quarantine/level/discard", `{"through":"x","note":""}`, 422},
		{"wang", "/telemetry/quarantine/level/release", act(`,"shift_ms":0`), 422},
		{"wang", "/telemetry/quarantine/level/release", act(`,"shift_ms":` + string(shift)), 200},
		{"wang", "/telemetry/quarantine/level/discard", act(""), 404},
		{"none", "/telemetry/holds", `{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","reason":"案件"}`, 403},
		{"wang", "/telemetry/holds", `{"from":"2026-03-01T00:00:00Z","to":"2026-02-01T00:00:00Z","reason":"案件"}`, 422},
	} {
		if code := ask(t, s, c.who, http.MethodPost, c.path, c.text, nil); code != c.want {
			t.Errorf("%s as %s: %d, want %d", c.path, c.who, code, c.want)
		}
	}
	var rows page.List[telemetry.Row]
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/readings?series=level", "", &rows); code != 200 || len(rows.Items) != 4 || rows.Items[0].Quality != wire.Uncertain || !rows.Items[0].At.Equal(at.Add(-time.Minute)) {
		t.Errorf("after the release: %d %+v", code, rows)
	}
	var hold telemetry.Hold
	if code := ask(t, s, "wang", http.MethodPost, "/telemetry/holds", `{"from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","reason":"案件"}`, &hold); code != 201 || hold.CreatedByName != "王工" {
		t.Errorf("hold: %d %+v", code, hold)
	}
	for _, want := range []int{200, 409} {
		if code := ask(t, s, "wang", http.MethodPost, "/telemetry/holds/"+hold.ID+"/end", `{"reason":"结案"}`, nil); code != want {
			t.Errorf("end of the hold: %d, want %d", code, want)
		}
	}
	var holds page.List[telemetry.Hold]
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/holds", "", &holds); code != 200 || len(holds.Items) != 1 || holds.Items[0].EndedAt == nil {
		t.Errorf("holds: %d %+v", code, holds)
	}
	var health telemetry.Health
	if code := ask(t, s, "wang", http.MethodGet, "/telemetry/health", "", &health); code != 200 || health.State != telemetry.Healthy || health.FreeBytes <= 0 {
		t.Errorf("health: %d %+v", code, health)
	}
}

func TestTimeInAQueryIsLeftOutOnlyWhenItIsNotThere(t *testing.T) {
	s, _ := telemetryServer(t)
	for _, path := range []string{
		"/telemetry/series/level/water_level?", "/telemetry/compare?series=level&", "/telemetry/readings?series=level&", "/telemetry/export.csv?series=level&",
	} {
		for _, bad := range []string{"from=0001-01-01T00:00:00Z", "to=0001-01-01T00:00:00Z", "to=2200-01-01T00:00:01Z", "from=1969-12-31T23:59:59Z"} {
			res, text := download(t, s, "wang", path+bad)
			if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(text), "1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z") || !strings.Contains(string(text), `"query.`+strings.SplitN(bad, "=", 2)[0]+`"`) {
				t.Errorf("%s%s: %d %s", path, bad, res.StatusCode, text)
			}
		}
		for _, good := range []string{"", "from=&to=", "from=1970-01-01T08:00:00%2B08:00&to=2200-01-01T00:00:00Z"} {
			if res, text := download(t, s, "wang", path+good); res.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %d %s", path, good, res.StatusCode, text)
			}
		}
	}
	if res, text := download(t, s, "wang", "/telemetry/readings?series=level&received_to=0001-01-01T00:00:00Z"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("received: %d %s", res.StatusCode, text)
	}
}
