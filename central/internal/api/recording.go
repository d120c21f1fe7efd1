package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/shared/wire"
)

const filmType = "video/mp4"

// RecordingStream names a camera in the path. It is exported because huma passes over embedded types that are not.
type RecordingStream struct {
	Stream string `path:"stream" maxLength:"64" doc:"Id of the camera"`
}

type recordingLook struct {
	ID      string    `json:"id,omitempty" maxLength:"64" doc:"Of the look that goes on; empty begins one, which is written down"`
	Streams []string  `json:"streams" minItems:"1" maxItems:"4"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

type recordingKeep struct {
	Stream    string    `json:"stream" maxLength:"64"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Reference string    `json:"reference" maxLength:"400" doc:"The incident or file that it is held for"`
	Note      string    `json:"note,omitempty" maxLength:"2000"`
}

// RegisterRecordings adds what is kept of pictures.
func RegisterRecordings(s *Server, svc *recording.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"recordings"}}
	}
	register(s, op("list-recordings", http.MethodGet, "/recordings", "How cameras are recorded, and what that takes"),
		func(ctx context.Context, _ *nothing) (*body[recording.Overview], error) {
			return reply(svc.Overview(ctx))
		})
	register(s, op("recording-usage", http.MethodGet, "/recordings/usage", "What recordings take, and whether there is room"),
		func(ctx context.Context, _ *nothing) (*body[recording.Usage], error) {
			return reply(svc.Usage(ctx))
		})
	register(s, op("set-recording-policy", http.MethodPut, "/recordings/{stream}/policy", "Say when a camera is recorded and how long that is kept"),
		func(ctx context.Context, in *struct {
			RecordingStream
			Body struct {
				Mode     recording.Mode `json:"mode" enum:"off,always,alarm"`
				KeepDays int            `json:"keep_days" minimum:"1" maximum:"3650"`
				Mute     bool           `json:"mute,omitempty" doc:"Its sound is not recorded"`
			}
		},
		) (*body[recording.Policy], error) {
			return reply(svc.SetPolicy(ctx, in.Stream, in.Body.Mode, in.Body.KeepDays, in.Body.Mute))
		})
	register(s, op("start-recording", http.MethodPost, "/recordings/{stream}/start", "Record a camera for some minutes, whatever its mode"),
		func(ctx context.Context, in *struct {
			RecordingStream
			Body struct {
				Minutes int `json:"minutes" minimum:"1" maximum:"1440"`
			}
		},
		) (*body[recording.Policy], error) {
			return reply(svc.Begin(ctx, in.Stream, in.Body.Minutes))
		})
	register(s, op("stop-recording", http.MethodPost, "/recordings/{stream}/stop", "Stop what was started; a camera that is always recorded goes on"),
		func(ctx context.Context, in *RecordingStream) (*body[recording.Policy], error) {
			return reply(svc.End(ctx, in.Stream))
		})
	register(s, op("recording-timeline", http.MethodGet, "/recordings/{stream}/timeline", "What there is of a camera in a span of a month at most"),
		func(ctx context.Context, in *struct {
			RecordingStream
			From time.Time `query:"from" required:"true"`
			To   time.Time `query:"to" required:"true"`
		},
		) (*body[recording.Timeline], error) {
			return reply(svc.Timeline(ctx, in.Stream, in.From, in.To))
		})
	register(s, op("play-recordings", http.MethodPost, "/recordings/play", "Look at up to four cameras in a span of a day at most; it is written down"),
		func(ctx context.Context, in *struct{ Body recordingLook }) (*body[recording.Play], error) {
			return reply(svc.Play(ctx, in.Body.ID, in.Body.Streams, in.Body.From, in.Body.To))
		})
	read := op("read-recording", http.MethodGet, "/recordings/segments/{id}", "The film of a segment, from the last key frame at or before a moment on")
	read.Responses = map[string]*huma.Response{"200": {
		Description: "Fragmented MP4", Content: map[string]*huma.MediaType{filmType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, read, func(ctx context.Context, in *struct {
		ID   string    `path:"id" maxLength:"64"`
		Play string    `query:"play" maxLength:"64" required:"true" doc:"Id of the look that it belongs to"`
		At   time.Time `query:"at" doc:"Left out: from its beginning"`

		Sound bool `query:"sound" doc:"The sound beside the pictures instead"`
	},
	) (*huma.StreamResponse, error) {
		got, err := svc.Read(ctx, in.Play, in.ID, in.At, in.Sound)
		if err != nil {
			return nil, err
		}
		return film(got.Size, "", got), nil
	})
	register(s, op("list-recording-holds", http.MethodGet, "/recordings/holds", "What is not deleted, and for which incident, the newest first"),
		func(ctx context.Context, _ *nothing) (*body[page.List[recording.Hold]], error) {
			return listed(svc.Holds(ctx))
		})
	hold := op("hold-recording", http.MethodPost, "/recordings/holds", "Keep a span from being deleted, for an incident")
	hold.DefaultStatus = http.StatusCreated
	register(s, hold, func(ctx context.Context, in *struct{ Body recordingKeep }) (*body[recording.Hold], error) {
		b := in.Body
		return reply(svc.AddHold(ctx, recording.Hold{Stream: b.Stream, From: b.From, To: b.To, Reference: b.Reference, Note: b.Note}))
	})
	register(s, op("end-recording-hold", http.MethodDelete, "/recordings/holds/{id}", "Let go of what was held"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		},
		) (*body[recording.Hold], error) {
			return reply(svc.EndHold(ctx, in.ID))
		})
	register(s, op("list-recording-wishes", http.MethodGet, "/recordings/{stream}/wishes", "What a terminal was asked for that only it has recorded, by time"),
		func(ctx context.Context, in *struct {
			RecordingStream
			From time.Time `query:"from" required:"true"`
			To   time.Time `query:"to" required:"true"`
		},
		) (*body[page.List[recording.Wish]], error) {
			return listed(svc.Wishes(ctx, in.Stream, in.From, in.To))
		})
	register(s, op("ask-recording", http.MethodPost, "/recordings/{stream}/wishes", "Ask the terminal for what is missing of a span of a day at most"),
		func(ctx context.Context, in *struct {
			RecordingStream
			Body struct {
				From time.Time `json:"from"`
				To   time.Time `json:"to"`
			}
		},
		) (*body[page.List[recording.Wish]], error) {
			return listed(svc.Ask(ctx, in.Stream, in.Body.From, in.Body.To))
		})
	registerScenes(s, svc)
	registerClips(s, svc)
	registerSnapshots(s, svc)
	registerFill(s, svc)
}

// registerFill adds what terminals bring of their own recordings, beside the API as WHIP is: the bearer is a ticket
// and nobody's API token.
func registerFill(s *Server, svc *recording.Service) {
	offered := func(c *fiber.Ctx) wire.FilmOffered {
		number := func(name string) int64 { n, _ := strconv.ParseInt(c.Query(name), 10, 64); return n } // 0 is refused
		return wire.FilmOffered{Start: number("start"), Duration: number("duration"), Size: number("size"), SHA256: c.Query("sha256"), Sound: number("sound")}
	}
	answer := func(c *fiber.Ctx, taken wire.FilmTaken, err error) error {
		if err != nil {
			return s.refuse(c, err)
		}
		return c.JSON(taken)
	}
	s.fiber.Post("/fill/:wish", func(c *fiber.Ctx) error {
		taken, err := svc.Offered(c.UserContext(), c.Params("wish"), bearer(c), offered(c))
		return answer(c, taken, err)
	})
	s.fiber.Put("/fill/:wish", func(c *fiber.Ctx) error {
		offset, err := strconv.ParseInt(c.Query("offset"), 10, 64)
		if err != nil || offset < 0 || len(c.Request().Body()) > wire.MaxRingPiece {
			return fiber.NewError(http.StatusBadRequest, "send a piece of at most 256 kB with its offset")
		}
		taken, err := svc.Piece(c.UserContext(), c.Params("wish"), bearer(c), offered(c), offset, c.Request().Body())
		return answer(c, taken, err)
	})
	s.fiber.Post("/fill/:wish/end", func(c *fiber.Ctx) error {
		return answer(c, wire.FilmTaken{}, svc.Brought(c.UserContext(), c.Params("wish"), bearer(c)))
	})
}

// film is an answer that is a file, piece by piece; with a name it is saved rather than shown.
func film(size int64, name string, in io.ReadCloser) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", filmType)
		hc.SetHeader("Cache-Control", "no-store")
		if name != "" {
			hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		}
		humafiber.Unwrap(hc).Context().SetBodyStream(in, int(size)) // it closes in
	}}
}
