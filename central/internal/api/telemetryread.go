package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// Limits of exports.
const (
	exportDeadline = time.Hour
	exportStall    = time.Minute // and how long a client may take for nothing at all
	exportSlots    = 4
	exportPiece    = 16 << 10 // bytes after which the client gets new time
	exportCheck    = 1024     // readings after which it is looked whether the file is still wanted
)

// Selected says which readings are asked for. It is exported because the document is made from exported
// fields only.
type Selected struct {
	Series       []string `query:"series,explode" maxItems:"200" maxLength:"129" doc:"device/property, or device for all it measures; repeated for several"`
	From         When     `query:"from" doc:"Begin by the clock of the device"`
	To           When     `query:"to" doc:"End by the clock of the device, not included"`
	ReceivedFrom When     `query:"received_from" doc:"Begin of the arrival at the centre; readings whose arrival was not kept are left out"`
	ReceivedTo   When     `query:"received_to" doc:"End of the arrival at the centre, not included"`
	Quality      string   `query:"quality" enum:"good,usable,all" default:"usable" doc:"good: good readings only; usable: uncertain ones as well; all: bad ones as well"`
}

func (in *Selected) selection() telemetry.Selection {
	return telemetry.Selection{
		Series: in.Series, From: in.From.or(time.Time{}), To: in.To.or(time.Time{}),
		ReceivedFrom: in.ReceivedFrom.or(time.Time{}), ReceivedTo: in.ReceivedTo.or(time.Time{}),
		Quality: telemetry.Quality(in.Quality),
	}
}

type readingsInput struct {
	Selected
	After string `query:"after" maxLength:"64" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"0" maximum:"5000" doc:"Most readings wanted; 0 means 500"`
}

type compareInput struct {
	Series  []string `query:"series,explode" maxItems:"20" maxLength:"129" doc:"device/property, or device for all it measures; repeated for several"`
	From    When     `query:"from" doc:"Begin; a day before the end when left out"`
	To      When     `query:"to" doc:"End, not included; now when left out"`
	Points  int      `query:"points" minimum:"0" maximum:"2000" doc:"Most buckets wanted; 0 means 500"`
	Quality string   `query:"quality" enum:"good,usable,all" default:"usable" doc:"good: good readings only; usable: uncertain ones as well; all: bad ones as well"`
}

// Exporting is a selection that goes into a file. It is exported because the document is made from exported fields
// only.
type Exporting struct {
	Selected
	Language
}

func (in *Exporting) wording() document.Wording {
	return document.Wording{English: in.english(), Zone: event.China()}
}

type csvInput struct {
	Exporting
	Excel bool `query:"excel" doc:"For spreadsheets: byte order mark, headings of the language, times of Beijing"`
}

// registerReadings adds lists, comparison and export of readings.
func registerReadings(s *Server, t *telemetry.Service) {
	tags := []string{"telemetry"}
	register(s, huma.Operation{
		OperationID: "list-readings", Method: http.MethodGet, Path: "/telemetry/readings", Summary: "Readings of several series in order of time", Tags: tags,
	}, func(ctx context.Context, in *readingsInput) (*body[page.List[telemetry.Row]], error) {
		return reply(t.Readings(ctx, in.selection(), in.After, in.Limit))
	})
	register(s, huma.Operation{
		OperationID: "compare-series", Method: http.MethodGet, Path: "/telemetry/compare", Summary: "Several series on one axis of time", Tags: tags,
	}, func(ctx context.Context, in *compareInput) (*body[telemetry.Comparison], error) {
		span := seriesInput{From: in.From, To: in.To}
		q := span.query(time.Now())
		return reply(t.Compare(ctx, telemetry.Selection{Series: in.Series, From: q.From, To: q.To, Quality: telemetry.Quality(in.Quality)}, in.Points))
	})
	export(s, t, "csv", "text/csv; charset=utf-8", func(in *csvInput, w io.Writer) (document.Readings, error) {
		return document.CSV(w, in.Excel, in.wording())
	}, func(in *csvInput) telemetry.Selection { return in.selection() })
	export(s, t, "parquet", "application/vnd.apache.parquet", func(in *Exporting, w io.Writer) (document.Readings, error) {
		return document.Parquet(w, in.wording().English), nil
	}, func(in *Exporting) telemetry.Selection { return in.selection() })
	export(s, t, "xlsx", sheetType, func(in *Exporting, w io.Writer) (document.Readings, error) {
		return document.XLSX(w, in.wording())
	}, func(in *Exporting) telemetry.Selection { return in.selection() })
}

// export adds GET /telemetry/export.<format>, which streams: neither side ever holds the whole.
func export[I any](s *Server, t *telemetry.Service, format, contentType string, open func(*I, io.Writer) (document.Readings, error), selection func(*I) telemetry.Selection) {
	register(s, huma.Operation{
		OperationID: "export-readings-" + format, Method: http.MethodGet, Path: "/telemetry/export." + format,
		Summary: "Readings of several series as a file, series after series", Tags: []string{"telemetry"},
		Responses: map[string]*huma.Response{"200": {
			Description: "The file. When it cannot be finished the connection breaks off",
			Content:     map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		}},
	}, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		release, err := s.exportSlot(ctx, format)
		if err != nil {
			return nil, err
		}
		give, err := t.Export(ctx, selection(in), format)
		if err != nil {
			release()
			return nil, err
		}
		// It goes on after the handler; the client's leaving shows when it is written to.
		ctx = context.WithoutCancel(ctx)
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", contentType)
			hc.SetHeader("Content-Disposition", `attachment; filename="readings-`+time.Now().In(event.China()).Format("20060102-1504")+"."+format+`"`)
			c := humafiber.Unwrap(hc).Context()
			conn := c.Conn() // the context is somebody else's when the stream runs
			c.SetBodyStreamWriter(func(w *bufio.Writer) {
				defer release()
				ctx, cancel := context.WithTimeout(ctx, exportDeadline)
				defer cancel()
				if err := s.stream(ctx, conn, w, give, func(w io.Writer) (document.Readings, error) { return open(in, w) }); err != nil {
					s.opts.Log.WarnContext(ctx, "export broken off", "request", requestID(ctx), "format", format, "error", err)
					_ = conn.Close() // a short file must not look like a whole one
				}
			})
		}}, nil
	})
}

// exportSlot takes a slot. A workbook is gathered whole before anything is sent, so that it does not show when its
// client leaves: a person has one at a time.
func (s *Server) exportSlot(ctx context.Context, format string) (release func(), err error) {
	if !s.exports.TryAcquire(1) {
		return nil, errs.E(errs.Unavailable, "telemetry.export_busy", "several exports are under way; try again when one has ended")
	}
	who, known := actor.From(ctx)
	if format != "xlsx" || !known {
		return func() { s.exports.Release(1) }, nil
	}
	if _, under := s.sheets.LoadOrStore(who.ID, true); under {
		s.exports.Release(1)
		return nil, errs.E(errs.Conflict, "telemetry.export_yours", "a workbook of yours is under way; wait for it, or export CSV")
	}
	return func() {
		s.sheets.Delete(who.ID)
		s.exports.Release(1)
	}, nil
}

// pieces gives the client new time with each piece of the file.
type pieces struct {
	to   io.Writer
	conn net.Conn
}

func (w pieces) Write(p []byte) (n int, err error) {
	for piece := range slices.Chunk(p, exportPiece) {
		if err := w.more(); err != nil {
			return n, err
		}
		m, err := w.to.Write(piece)
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (w pieces) more() error { return w.conn.SetWriteDeadline(time.Now().Add(exportStall)) }

// stream writes the file while the client takes it.
func (s *Server) stream(ctx context.Context, conn net.Conn, w *bufio.Writer, give func(context.Context, func(telemetry.ExportRow) error) error, open func(io.Writer) (document.Readings, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := pieces{w, conn}
	file, err := open(out)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-s.stopping:
			cancel()
			_ = conn.Close() // whatever waits for the client fails now
		case <-ended:
		}
	}()
	n := 0
	err = give(ctx, func(r telemetry.ExportRow) error {
		if n++; n%exportCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return file.Write(r)
	})
	if err != nil && !errors.Is(err, document.ErrFull) {
		return err
	}
	if err := errors.Join(file.Close(), out.more()); err != nil {
		return err
	}
	return w.Flush()
}
