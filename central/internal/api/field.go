package api

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/response"
)

// FieldLink is by what a phone is known. It is exported because huma passes over embedded types that are not.
type FieldLink struct {
	Stream string `path:"stream" maxLength:"64"`
	Token  string `header:"Fengsui-Link" maxLength:"512" doc:"Token of a link to send by"`
}

type fieldDraft struct {
	Key      string     `json:"key" maxLength:"64" doc:"The phone's own, never used again"`
	Kind     field.Kind `json:"kind" enum:"note,task"`
	At       time.Time  `json:"at" doc:"When it was written, by the clock of the phone"`
	SentAt   time.Time  `json:"sent_at" doc:"Now, by the same clock"`
	Text     string     `json:"text,omitempty" maxLength:"4000"`
	Lon      *float64   `json:"lon,omitempty" doc:"Degrees, WGS 84"`
	Lat      *float64   `json:"lat,omitempty"`
	Accuracy *float64   `json:"accuracy_m,omitempty"`
	Photos   []string   `json:"photos,omitempty" maxItems:"10" doc:"Keys of pictures that came before"`
	TaskID   string     `json:"task_id,omitempty" maxLength:"64"`
	Step     string     `json:"step,omitempty" enum:"accept,start,note,done,needless"`
}

type fieldFix struct {
	At       time.Time `json:"at" doc:"By the clock of the centre"`
	Lon      float64   `json:"lon"`
	Lat      float64   `json:"lat"`
	Accuracy *float64  `json:"accuracy_m,omitempty"`
	Heading  *float64  `json:"heading,omitempty" doc:"Degrees from north"`
	Speed    *float64  `json:"speed,omitempty" doc:"Metres a second"`
	Battery  *float64  `json:"battery,omitempty" doc:"Percent"`
	DataMB   *float64  `json:"data_mb,omitempty" doc:"That the page has used"`
}

// RegisterField adds what a phone at the scene reaches with its link, without a login, and what came from it.
func RegisterField(s *Server, svc *field.Service) {
	// A phone that comes back after days sends hundreds of things one after another.
	asked := newGate(50*time.Millisecond, 400, "field.too_many", "too much from this address at once; it goes on by itself")
	open := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: "/field/{stream}" + path, Summary: summary, Tags: []string{"field"},
			Security: []map[string][]string{}, Middlewares: s.slow(asked), MaxBodyBytes: field.MaxPart + 1,
		}
	}
	register(s, open("open-field", http.MethodGet, "", "What the phone shows of its link"), func(ctx context.Context, in *FieldLink) (*body[field.Page], error) {
		return reply(svc.Open(ctx, in.Token, in.Stream))
	})
	register(s, open("field-wanted", http.MethodGet, "/wanted", "Whether somebody wants the picture, and whether page or messages have changed; waits up to 15 s for that, with news up to 45 s"), func(ctx context.Context, in *struct {
		FieldLink
		Was  bool   `query:"was"`
		News string `query:"news" maxLength:"64" doc:"As the page of the phone said; without it the picture alone is waited for"`
	},
	) (*body[field.Heard], error) {
		ctx, cancel := s.waiting(ctx)
		defer cancel()
		return reply(svc.Listen(ctx, in.Token, in.Stream, field.Heard{Wanted: in.Was, News: in.News}))
	})
	register(s, open("enter-field", http.MethodPost, "/entries", "Tell something, or do a step of a task; the same key again changes nothing"), func(ctx context.Context, in *struct {
		FieldLink
		Body fieldDraft
	},
	) (*body[field.Receipt], error) {
		b := in.Body
		return reply(svc.Enter(ctx, in.Token, in.Stream, field.Draft{
			Key: b.Key, Kind: b.Kind, At: b.At, SentAt: b.SentAt, Text: b.Text, Lon: b.Lon, Lat: b.Lat, Accuracy: b.Accuracy, Photos: b.Photos, TaskID: b.TaskID, Step: b.Step,
		}))
	})
	register(s, open("keep-field-position", http.MethodPost, "/positions", "Tell where the phone was; the same time again changes nothing"), func(ctx context.Context, in *struct {
		FieldLink
		Body struct {
			Fixes []fieldFix `json:"fixes" minItems:"1" maxItems:"200"`
		}
	},
	) (*body[struct {
		Kept int `json:"kept"`
	}], error,
	) {
		fixes := make([]field.Fix, len(in.Body.Fixes))
		for i, f := range in.Body.Fixes {
			fixes[i] = field.Fix(f)
		}
		n, err := svc.Keep(ctx, in.Token, in.Stream, fixes)
		return reply(struct {
			Kept int `json:"kept"`
		}{n}, err)
	})
	register(s, open("send-field-photo", http.MethodPut, "/photos/{key}", "Send the next part of a picture, at most 64 KiB; the answer says where to go on"), func(ctx context.Context, in *struct {
		FieldLink
		Key     string `path:"key" maxLength:"64"`
		At      int    `query:"at" minimum:"0" doc:"Of the first byte"`
		Size    int    `query:"size" minimum:"1" doc:"Of the whole"`
		Sum     string `query:"sum" maxLength:"64" doc:"SHA-256 of the whole, in hexadecimal"`
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*body[field.Photo], error) {
		return reply(svc.Part(ctx, in.Token, in.Stream, field.Part{Key: in.Key, At: in.At, Size: in.Size, Sum: in.Sum, Bytes: in.RawBody}))
	})
	register(s, open("list-field-lines", http.MethodGet, "/tasks/{task}/lines", "What was written of a task"), func(ctx context.Context, in *struct {
		FieldLink
		Task string `path:"task" maxLength:"64"`
	},
	) (*body[page.List[response.Line]], error) {
		return listed(svc.Lines(ctx, in.Token, in.Stream, in.Task))
	})
	registerScene(s, svc)
}

// registerScene adds what those at the desk see of it.
func registerScene(s *Server, svc *field.Service) {
	register(s, huma.Operation{
		OperationID: "list-scene", Method: http.MethodGet, Path: "/incidents/{id}/scene", Summary: "What came from the scene of an incident, oldest first", Tags: []string{"field"},
	}, func(ctx context.Context, in *IncidentID) (*body[page.List[field.Entry]], error) {
		return listed(svc.Scene(ctx, in.ID))
	})
	register(s, huma.Operation{
		OperationID: "list-incident-tracks", Method: http.MethodGet, Path: "/incidents/{id}/tracks", Summary: "Where crews, phones and terminals of an incident went in the last hours, thinned", Tags: []string{"field"},
	}, func(ctx context.Context, in *struct {
		IncidentID
		Hours int `query:"hours" minimum:"1" maximum:"24" default:"4"`
	},
	) (*body[field.Trail], error) {
		return reply(svc.Trail(ctx, in.ID, in.Hours))
	})
	get := huma.Operation{OperationID: "get-scene-photo", Method: http.MethodGet, Path: "/incidents/{id}/scene/{entry}/photos/{photo}", Summary: "A picture from the scene", Tags: []string{"field"}}
	get.Responses = map[string]*huma.Response{"200": {
		Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, get, func(ctx context.Context, in *struct {
		IncidentID
		Entry string `path:"entry" maxLength:"64"`
		Photo string `path:"photo" maxLength:"64"`
	},
	) (*file, error) {
		p, bytes, err := svc.Picture(ctx, in.ID, in.Entry, in.Photo)
		if err != nil {
			return nil, err
		}
		return &file{ContentType: p.Type, ContentDisposition: mime.FormatMediaType("inline", map[string]string{"filename": "scene-" + p.Key}), Body: bytes}, nil
	})
}
