package api

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/release"
	"github.com/fengsui/fengsui/shared/wire"
)

// maxPiece is the most of an upload that one request brings.
const maxPiece = 512 << 10

type releaseNew struct {
	Version   string `json:"version" maxLength:"40"`
	Arch      string `json:"arch" maxLength:"16" doc:"As Go names processors: amd64, arm64, arm"`
	Size      int64  `json:"size" minimum:"1" maximum:"67108864"`
	SHA256    string `json:"sha256" minLength:"64" maxLength:"64"`
	Signature string `json:"signature,omitempty" maxLength:"200" doc:"As fengsui-central release sign prints it"`
	Note      string `json:"note,omitempty" maxLength:"6000"`
	NoteEN    string `json:"note_en,omitempty" maxLength:"6000"`
}

// releaseUpload is how far an upload is.
type releaseUpload struct {
	Release release.Release `json:"release"`
	Next    int64           `json:"next" doc:"Where the next piece begins"`
}

type releaseTrust struct {
	Trust release.Trust `json:"trust" enum:"signed,unsigned,nothing" doc:"Those with the signature of releases.key, whatever comes, or none because no key is set"`
}

// ReleaseID names a release in the path. It is exported because huma passes over embedded types that are not.
type ReleaseID struct {
	ID string `path:"id" maxLength:"64"`
}

type upgradeNew struct {
	Version string `json:"version,omitempty" maxLength:"40"`
	Back    bool   `json:"back,omitempty" doc:"The way back to the program before, instead of a version"`
	Note    string `json:"note,omitempty" maxLength:"500"`
}

type upgradeID struct {
	DeviceID
	Upgrade string `path:"upgrade" maxLength:"64"`
}

// RegisterReleases adds the programs of terminals.
func RegisterReleases(s *Server, svc *release.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"releases"}}
	}
	upload := func(r release.Release, next int64, err error) (*body[releaseUpload], error) {
		return reply(releaseUpload{r, next}, err)
	}
	register(s, op("list-releases", http.MethodGet, "/releases", "List programs of edges, the newest first"),
		func(ctx context.Context, _ *nothing) (*body[page.List[release.Release]], error) {
			return listed(svc.List(ctx))
		})
	register(s, op("release-trust", http.MethodGet, "/releases/trust", "Which programs this centre takes and gives out"),
		func(ctx context.Context, _ *nothing) (*body[releaseTrust], error) {
			trust, err := svc.Trust(ctx)
			return reply(releaseTrust{trust}, err)
		})
	register(s, op("create-release", http.MethodPost, "/releases", "Announce a program, or go on with an upload that broke off"),
		func(ctx context.Context, in *struct{ Body releaseNew }) (*body[releaseUpload], error) {
			b := in.Body
			return upload(svc.Announce(ctx, release.Draft{
				Release: wire.Release{Version: b.Version, Arch: b.Arch, Size: b.Size, SHA256: b.SHA256, Signature: b.Signature}, Note: b.Note, NoteEN: b.NoteEN,
			}))
		})
	piece := op("upload-release", http.MethodPut, "/releases/{id}/program", "Upload the next piece of a program, at most 512 kB")
	piece.MaxBodyBytes = maxPiece
	register(s, piece, func(ctx context.Context, in *struct {
		ReleaseID
		Offset  int64  `query:"offset" minimum:"0"`
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*body[releaseUpload], error) {
		return upload(svc.Piece(ctx, in.ID, in.Offset, in.RawBody))
	})
	register(s, op("remove-release", http.MethodDelete, "/releases/{id}", "Remove a program; edges that run it go on"),
		func(ctx context.Context, in *ReleaseID) (*nothing, error) {
			return done(svc.Remove(ctx, in.ID))
		})
	register(s, op("list-upgrades", http.MethodGet, "/devices/{id}/upgrades", "List which programs an edge was to run, the newest first"),
		func(ctx context.Context, in *DeviceID) (*body[page.List[release.Upgrade]], error) {
			return listed(svc.Upgrades(ctx, in.ID))
		})
	create := op("upgrade-device", http.MethodPost, "/devices/{id}/upgrades", "Have an edge run a version, or go back to the program before")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		DeviceID
		Body upgradeNew
	},
	) (*body[release.Upgrade], error) {
		if (in.Body.Version == "") != in.Body.Back {
			return nil, errs.Field("release.what", "version", "name a version, or the way back")
		}
		if in.Body.Back {
			return reply(svc.GiveBack(ctx, in.ID, in.Body.Note))
		}
		return reply(svc.Want(ctx, in.ID, in.Body.Version, in.Body.Note))
	})
	register(s, op("withdraw-upgrade", http.MethodPost, "/devices/{id}/upgrades/{upgrade}/withdraw", "Take back an upgrade that still waits"),
		func(ctx context.Context, in *upgradeID) (*body[release.Upgrade], error) {
			return reply(svc.Withdraw(ctx, in.ID, in.Upgrade))
		})
	// Beside the API, as WHIP is: the bearer is a ticket and nobody's API token.
	s.fiber.Get("/program/:upgrade", s.program(svc))
}

// oneRange is the only kind of range that terminals ask for.
var oneRange = regexp.MustCompile(`^bytes=(\d{1,12})-(\d{1,12})$`)

// program gives a terminal a piece of the program that it is to run.
func (s *Server) program(svc *release.Service) fiber.Handler {
	return func(c *fiber.Ctx) error {
		m := oneRange.FindStringSubmatch(c.Get(fiber.HeaderRange))
		if m == nil {
			return fiber.NewError(http.StatusBadRequest, "ask for a range of bytes, as bytes=0-262143")
		}
		from, _ := strconv.ParseInt(m[1], 10, 64) // twelve digits fit
		to, _ := strconv.ParseInt(m[2], 10, 64)   // as above
		got, err := svc.Fetch(c.UserContext(), c.Params("upgrade"), bearer(c), from, to)
		if err != nil {
			return s.refuse(c, err)
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEOctetStream)
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", got.From, got.To, got.Size))
		return c.Status(http.StatusPartialContent).Send(got.Text)
	}
}
