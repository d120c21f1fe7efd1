package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/wall"
)

// placedAnswer is one place of a wall after it was given a picture.
type placedAnswer struct {
	video.Placed
	Problem *Problem `json:"problem,omitempty" doc:"Why nothing is shown there"`
}

type placeWish struct {
	Place  int    `json:"place" minimum:"0" maximum:"19"`
	Stream string `json:"stream" maxLength:"64" doc:"Empty: nothing is shown there any more"`
	Layer  string `json:"layer,omitempty" enum:"main,sub" doc:"The most that is wanted: sub for a small tile, which is then sent the camera's smaller picture where there is one; else main"`
}

// registerWallSessions adds the connection of a page for many pictures. What is shown where changes by this API and
// not by a word of WebRTC.
func registerWallSessions(s *Server, svc *video.Service) {
	type session struct {
		Session string `path:"session" maxLength:"64"`
	}
	open := huma.Operation{
		OperationID: "open-wall", Method: http.MethodPost, Path: "/wall-sessions", Tags: []string{"video"},
		Summary: "Open one connection for many pictures", MaxBodyBytes: 2 * maxSDP, DefaultStatus: http.StatusCreated,
	}
	register(s, open, func(ctx context.Context, in *struct {
		Body struct {
			SDP string `json:"sdp" maxLength:"65536" doc:"An offer with up to 20 pictures to receive"`
		}
	},
	) (*body[video.WallSession], error) {
		return reply(svc.OpenWall(ctx, in.Body.SDP))
	})
	register(s, huma.Operation{
		OperationID: "map-wall", Method: http.MethodPut, Path: "/wall-sessions/{session}/places", Tags: []string{"video"},
		Summary: "Say which stream is shown at which place; places that are not named stay as they are",
	}, func(ctx context.Context, in *struct {
		Session string `path:"session" maxLength:"64"`
		Body    struct {
			Places []placeWish `json:"places" maxItems:"20"`
			Reason string      `json:"reason,omitempty" maxLength:"200" doc:"As of watching"`
		}
	},
	) (*body[page.List[placedAnswer]], error) {
		wishes := map[int]video.PlaceWish{}
		for _, w := range in.Body.Places {
			wishes[w.Place] = video.PlaceWish{Stream: w.Stream, Layer: video.Layer(w.Layer)}
		}
		placed, err := svc.MapWall(ctx, in.Session, wishes, in.Body.Reason)
		out := make([]placedAnswer, 0, len(placed))
		for _, p := range placed {
			one := placedAnswer{Placed: p}
			if p.Err != nil {
				one.Problem = s.problem(ctx, p.Err)
			}
			out = append(out, one)
		}
		return listed(out, err)
	})
	register(s, huma.Operation{
		OperationID: "close-wall", Method: http.MethodDelete, Path: "/wall-sessions/{session}", Tags: []string{"video"},
		Summary: "End the connection and all that is shown by it", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *session) (*nothing, error) {
		return nil, svc.CloseWall(ctx, in.Session)
	})
}

// WallID names a wall in the path.
type WallID struct {
	ID string `path:"id" maxLength:"64"`
}

type wallDraft struct {
	Division string   `json:"division,omitempty" maxLength:"12" doc:"Empty: your own"`
	Title    string   `json:"title" maxLength:"80"`
	Size     int      `json:"size" enum:"1,4,8,9,16"`
	Cameras  []string `json:"cameras" maxItems:"64"`
	Tour     int      `json:"tour,omitempty" minimum:"0" maximum:"600"`
	Version  int64    `json:"version,omitempty" doc:"The one that the author has seen; of a change only"`
}

func (d *wallDraft) draft() wall.Draft {
	return wall.Draft{Division: d.Division, Title: d.Title, Size: d.Size, Cameras: d.Cameras, Tour: d.Tour}
}

// RegisterWalls adds the saved arrangements of pictures.
func RegisterWalls(s *Server, svc *wall.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/walls" + path, Summary: summary, Tags: []string{"video"}}
	}
	register(s, op("list-walls", http.MethodGet, "", "List saved walls"), func(ctx context.Context, _ *nothing) (*body[page.List[wall.Wall]], error) {
		return listed(svc.List(ctx))
	})
	create := op("create-wall", http.MethodPost, "", "Save a new wall")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct{ Body wallDraft }) (*body[wall.Wall], error) {
		return reply(svc.Create(ctx, in.Body.draft()))
	})
	register(s, op("change-wall", http.MethodPut, "/{id}", "Save a wall over the version that its author has seen"), func(ctx context.Context, in *struct {
		WallID
		Body wallDraft
	},
	) (*body[wall.Wall], error) {
		return reply(svc.Change(ctx, in.ID, max(in.Body.Version, 1), in.Body.draft()))
	})
	register(s, op("remove-wall", http.MethodDelete, "/{id}", "Remove a wall; it can be brought back"), func(ctx context.Context, in *struct {
		WallID
		Version int64 `query:"version" minimum:"1" required:"true" doc:"The one that was seen"`
	},
	) (*body[wall.Wall], error) {
		return reply(svc.Remove(ctx, in.ID, in.Version))
	})
	register(s, op("restore-wall", http.MethodPost, "/{id}/restore", "Bring a removed wall back"), func(ctx context.Context, in *WallID) (*body[wall.Wall], error) {
		return reply(svc.Restore(ctx, in.ID))
	})
}
