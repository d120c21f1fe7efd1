package response_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// aPhoto is the smallest picture that is one.
func aPhoto(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAPictureOfATaskDoesNotSayWhereAndWithWhat(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	p, i := h.published(h.body()), h.flood()
	h.start(i, p, 4)
	id := named(h.view(i).Tasks, "report").ID
	raw := aPhoto(t)
	said := bytes.Join([][]byte{raw[:2], []byte("\xff\xe1\x00\x15Exif\x00\x00GPS 32.33 121"), raw[2:]}, nil)
	photo, err := h.AddPhoto(h.officer, id, said)
	h.must(err)
	got, err := h.Photo(h.officer, id, photo.ID)
	h.must(err)
	if bytes.Contains(got.Bytes, []byte("GPS")) || got.Type != "image/jpeg" || got.Size != len(got.Bytes) {
		t.Errorf("kept %d bytes of %d, %+v", len(got.Bytes), len(said), photo)
	}
	for _, bad := range [][]byte{nil, raw[:len(raw)-30], make([]byte, response.MaxPhoto+1), []byte("\x00\x00\x00\x18ftypheic")} {
		if _, err := h.AddPhoto(h.officer, id, bad); err == nil {
			t.Errorf("%d bytes were taken", len(bad))
		}
	}
}
