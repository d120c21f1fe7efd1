package crew

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// Limits of a drawing.
const (
	maxShapes     = 100
	maxPoints     = 400  // of one freehand line
	maxAllPoints  = 4000 // of all
	maxLabel      = 40   // characters
	maxDrawingLen = 256 << 10
	maxSide       = 1280 // pixels of the picture that goes over the air
)

// Shape is one stroke on a picture. Points are parts of its width and height, from the upper left corner.
type Shape struct {
	Kind   string      `json:"kind" enum:"arrow,circle,line,text"` // arrow: from, to. circle: middle, a point of its edge. text: where it begins
	Colour string      `json:"colour" enum:"red,yellow,blue,white,black"`
	Points [][]float64 `json:"points" minItems:"1" maxItems:"400"`
	Text   string      `json:"text,omitempty" maxLength:"40"`
}

func (s *Shape) check() error {
	need := map[string][2]int{"arrow": {2, 2}, "circle": {2, 2}, "line": {2, maxPoints}, "text": {1, 1}}[s.Kind]
	switch {
	case need[1] == 0:
		return fmt.Errorf("%.20q is no shape", s.Kind)
	case !slices.Contains([]string{"red", "yellow", "blue", "white", "black"}, s.Colour):
		return fmt.Errorf("%.20q is no colour", s.Colour)
	case len(s.Points) < need[0] || len(s.Points) > need[1]:
		return fmt.Errorf("%s has %d points", s.Kind, len(s.Points))
	case (s.Kind == "text") != (s.Text != ""):
		return errors.New("a text has words, and nothing else has")
	case !errs.Line(s.Text, maxLabel):
		return errors.New("words are too long, or no line")
	}
	for _, p := range s.Points {
		if len(p) != 2 {
			return errors.New("a point is two numbers")
		}
		for _, v := range p {
			if math.IsNaN(v) || v < 0 || v > 1 {
				return errors.New("a point lies outside the picture")
			}
		}
	}
	return nil
}

// ParseShapes reads a drawing strictly: nothing that is not known, nothing after it, nothing without bounds.
func ParseShapes(text []byte) ([]Shape, error) {
	bad := func(why string) ([]Shape, error) { return nil, errs.Field("crew.drawing", "shapes", why) }
	if len(text) > maxDrawingLen {
		return bad("is too large")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var list []Shape
	if err := d.Decode(&list); err != nil {
		return bad("is no list of shapes")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad("has something after it")
	}
	return list, CheckShapes(list)
}

// CheckShapes says what is wrong with a drawing.
func CheckShapes(list []Shape) error {
	if len(list) == 0 || len(list) > maxShapes {
		return errs.Field("crew.drawing", "shapes", "1 to 100 shapes")
	}
	all := 0
	for i := range list {
		if err := list[i].check(); err != nil {
			return errs.Field("crew.drawing", "shapes", fmt.Sprintf("shape %d: %s", i+1, err))
		}
		all += len(list[i].Points)
	}
	if all > maxAllPoints {
		return errs.Field("crew.drawing", "shapes", "has too many points")
	}
	return nil
}

// Frozen is a picture that goes with a message: the snapshot that was frozen, the one with the drawing in it as the crew
// sees it, and the drawing itself.
type Frozen struct {
	Original string  `json:"original_id" maxLength:"64" doc:"The snapshot that was drawn on"`
	Flat     string  `json:"snapshot_id" maxLength:"64" doc:"A snapshot with the drawing in it, as the crew sees it: JPEG, at most 1280 pixels a side and 120,000 bytes"`
	Shapes   []Shape `json:"shapes" minItems:"1" maxItems:"100"`
}

// Kept is a drawing as it is kept.
type Kept struct {
	ID       string // of the message
	Original string
	Flat     string
	Shapes   []Shape
	Picture  []byte // JPEG, as the crew gets it
	At       time.Time
}

// Pictures are the snapshots (recording.Service).
type Pictures interface {
	// Frozen reads a snapshot that the actor may see: its stream and file.
	Frozen(ctx context.Context, id string) (stream string, file []byte, err error)
}

// frozen checks a picture that is to go with a message, and reads it.
func (s *Service) frozen(ctx context.Context, f *Frozen) ([]byte, error) {
	if err := CheckShapes(f.Shapes); err != nil {
		return nil, err
	}
	of, _, err := s.Pictures.Frozen(ctx, f.Original)
	if err != nil {
		return nil, err
	}
	stream, text, err := s.Pictures.Frozen(ctx, f.Flat)
	if err != nil {
		return nil, err
	}
	bad := func(why string) ([]byte, error) { return nil, errs.Field("crew.picture", "snapshot_id", why) }
	if of != stream {
		return bad("is a picture of another camera")
	}
	if len(text) > wire.MaxCrewPicture {
		return bad(fmt.Sprintf("has %d bytes; %d go over the air", len(text), wire.MaxCrewPicture))
	}
	head, err := jpeg.DecodeConfig(bytes.NewReader(text))
	if err != nil || head.Width > maxSide || head.Height > maxSide {
		return bad("must be a JPEG of at most 1280 pixels a side")
	}
	return text, nil
}

// Drawing is what goes with a message that the actor may see: errs.NotFound when it has no picture.
func (s *Service) Drawing(ctx context.Context, id string) (Kept, error) {
	m, err := s.seen(ctx, id)
	if err != nil {
		return Kept{}, err
	}
	if m.Picture == 0 {
		return Kept{}, errs.E(errs.NotFound, "crew.no_picture", "this message has no picture")
	}
	return s.Store.Drawing(ctx, m.Drawing)
}

// words are the texts of a drawing, for the timeline.
func words(list []Shape) string {
	var out []string
	for i := range list {
		if list[i].Text != "" {
			out = append(out, list[i].Text)
		}
	}
	return strings.Join(out, "、")
}
