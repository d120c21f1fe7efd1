package report

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/paper"
)

// Picture is a snapshot or drawing that goes with a version: which one, and the hash of its file as it was chosen.
type Picture struct {
	ID       string    `json:"id"`
	Type     string    `json:"type" enum:"image/jpeg,image/png,video/mp4"`
	SHA256   string    `json:"sha256"`
	Camera   string    `json:"camera"`
	At       time.Time `json:"at"` // of the picture
	Note     string    `json:"note"`
	Verified bool      `json:"verified"` // the camera sent when it is said to be of
}

// Pictures are the snapshots that are kept (recording.Service). They stay as long as a report names them.
type Pictures interface {
	// Picture finds one that the actor may see.
	Picture(ctx context.Context, id string) (Picture, error)
	// Open reads the file of one whatever the actor sees; it fails when it is not of that hash.
	Open(ctx context.Context, p Picture) (io.ReadCloser, int64, error)
}

// MaxPictures is how many go with one version.
const MaxPictures = 6

const picturesField = "pictures" // of a draft: the ids, with spaces between

func pictureIDs(list []Picture) string {
	ids := make([]string, 0, len(list))
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return strings.Join(ids, " ")
}

// choose finds the pictures that a draft shall have. What it has already stays without another look: who goes on with a
// draft need not see each of its cameras.
func (s *Service) choose(ctx context.Context, r Report, to string) ([]Picture, error) {
	ids := strings.Fields(to)
	if len(ids) > MaxPictures {
		return nil, errs.Field("report.pictures", picturesField, "at most 6 pictures go with a report")
	}
	out := []Picture{}
	for _, id := range ids {
		if slices.ContainsFunc(out, func(p Picture) bool { return p.ID == id }) {
			continue
		}
		if at := slices.IndexFunc(r.Pictures, func(p Picture) bool { return p.ID == id }); at >= 0 {
			out = append(out, r.Pictures[at])
			continue
		}
		if s.Pictures == nil {
			return nil, errs.Field("report.pictures", picturesField, "no pictures are kept here")
		}
		p, err := s.Pictures.Picture(ctx, id)
		if errs.KindOf(err) == errs.NotFound {
			return nil, errs.Field("report.pictures", picturesField, "one of the pictures is not among those that you see")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Picture opens one of a report: who may read the report may see it. The caller closes it.
func (s *Service) Picture(ctx context.Context, id, picture string) (Picture, io.ReadCloser, int64, error) {
	v, err := s.Get(ctx, id)
	if err != nil {
		return Picture{}, nil, 0, err
	}
	at := slices.IndexFunc(v.Pictures, func(p Picture) bool { return p.ID == picture })
	if at < 0 || s.Pictures == nil {
		return Picture{}, nil, 0, errUnseen("picture")
	}
	in, size, err := s.Pictures.Open(actor.WithSystem(ctx, "reports"), v.Pictures[at])
	return v.Pictures[at], in, size, err
}

// printed are the lines at which the pictures stand in a document, and the pictures.
func (s *Service) printed(ctx context.Context, list []Picture) ([]string, []paper.Picture) {
	system := actor.WithSystem(ctx, "reports")
	lines, out := []string{}, []paper.Picture{}
	for n, p := range list {
		var in io.ReadCloser
		err := errUnseen("picture")
		if s.Pictures != nil {
			in, _, err = s.Pictures.Open(system, p)
		}
		one := paper.Read(p.SHA256, in, err)
		lines, out = append(lines, one.Line("图"+numeral(n+1)+"："+p.caption())), append(out, one)
	}
	return lines, out
}

// longestNote is what a caption says of a picture at most.
const longestNote = 60

func (p Picture) caption() string {
	line := p.Camera + "，" + p.At.In(event.China()).Format("2006年1月2日15时04分05秒") + "（北京时间）"
	if note := []rune(strings.Join(strings.Fields(p.Note), " ")); len(note) > longestNote {
		line += "，" + string(note[:longestNote-1]) + "…"
	} else if len(note) > 0 {
		line += "，" + string(note)
	}
	if !p.Verified {
		line += "（由上传人提供，未经系统核实）"
	}
	return line
}
