package cameratest

import (
	"fmt"
	"testing"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
)

// StartOther runs a camera without a password that has its picture in the format only, such as H.265; it sends nothing.
func StartOther(t testing.TB, picture format.Format) *Camera {
	t.Helper()
	c := &Camera{playing: map[*gortsplib.ServerSession]bool{}, media: &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{picture}}}
	address := c.listen(t)
	c.stream = &gortsplib.ServerStream{Server: c.server, Desc: &description.Session{Medias: []*description.Media{c.media}}}
	if err := c.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stream.Close)
	c.URL = fmt.Sprintf("rtsp://%s/main", address)
	return c
}
