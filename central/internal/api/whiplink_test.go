package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/video"
)

var _ video.Links = (*store.VideoLinks)(nil)

func TestWhoeverHoldsALinkSendsAPictureOfItsOwn(t *testing.T) {
	r := newLinkRoom(t)
	link := r.share(t, "near", map[string]any{"action": "publish", "title": "抢险一队手机", "hours": 8, "division": "320623"})
	if link.Page != "/field/"+link.Link.Stream || link.URL != "/whip/"+link.Link.Stream || link.Link.State != video.LinkOpen {
		t.Fatalf("shared %+v", link)
	}
	camera, ok := r.devices.Visible(actor.WithSystem(t.Context(), "test"), link.Link.Stream)
	if !ok || camera.Name != "抢险一队手机" || camera.Division != "320623" || camera.Parent != "" || camera.State != "never" {
		t.Fatalf("camera %+v", camera)
	}
	// It stands among the pictures, and may be watched before it comes.
	list := r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body
	if !strings.Contains(list, `"outside":true`) {
		t.Errorf("streams %s", list)
	}
	waits := r.call(t, http.MethodPost, "/api/v1/streams/"+camera.ID+"/watch", "near", "", "")
	if waits.status != http.StatusOK {
		t.Errorf("a viewer before the phone: %d %s", waits.status, waits.body)
	}

	phone := newSender(t, r.url+link.URL, link.Token)
	if got := phone.open(); got.status != http.StatusCreated {
		t.Fatalf("%d %s", got.status, got.body)
	}
	phone.connected()
	go phone.run(t.Context())
	until(t, "live", func() bool {
		return strings.Contains(r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body, `"live"`)
	})
	until(t, "the camera is online", func() bool {
		d, _ := r.devices.Visible(actor.WithSystem(t.Context(), "test"), camera.ID)
		return d.State == "online"
	})
	if l := r.links(t, "near"); len(l) != 1 || l[0].Sessions != 1 || l[0].Uses != 1 || l[0].UsedAt == nil {
		t.Errorf("list %+v", l)
	}

	// Ended by name: the session goes, the token opens nothing more, and what was done is written down.
	if got := r.call(t, http.MethodDelete, "/api/v1/video-links/"+link.Link.ID, "near", "", ""); got.status != http.StatusNoContent {
		t.Fatalf("end: %d %s", got.status, got.body)
	}
	until(t, "nobody sends", func() bool {
		return phone.do(http.MethodDelete, phone.resource, "", "").status == http.StatusNotFound
	})
	got := newSender(t, r.url+link.URL, link.Token).open()
	if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"video.link_ended"`) || !strings.HasPrefix(got.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("ended link: %d %v %s", got.status, got.header, got.body)
	}
	if l := r.links(t, "near"); l[0].State != video.LinkEnded || l[0].EndedByName != "周岚" || l[0].Sessions != 0 {
		t.Errorf("list %+v", l)
	}
	until(t, "all is written down", func() bool {
		trail, err := store.NewAudit(r.db).List(t.Context(), actor.Everything, audit.Query{})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, e := range trail.Items {
			kinds[e.Kind]++
		}
		return kinds["stream.shared"] == 1 && kinds["device.created"] == 1 && kinds["stream.sent"] == 2 && kinds["stream.link_ended"] == 1
	})
}

func TestALinkAllowsOnePictureAndOneActionUntilItExpires(t *testing.T) {
	r := newLinkRoom(t)
	send := r.share(t, "near", map[string]any{"action": "publish", "title": "手机", "hours": 1})
	other := r.share(t, "near", map[string]any{"action": "publish", "title": "另一部", "hours": 1})
	watch := r.share(t, "near", map[string]any{"action": "watch", "title": "市政府", "stream": send.Link.Stream, "hours": 1})
	spent := r.share(t, "near", map[string]any{"action": "publish", "title": "昨天的手机", "hours": 1})
	spentWatch := r.share(t, "near", map[string]any{"action": "watch", "title": "昨天的看", "stream": send.Link.Stream, "hours": 1})
	for _, l := range []video.StreamLink{spent.Link, spentWatch.Link} {
		l.ExpiresAt = l.CreatedAt.Add(time.Millisecond)
		if ok, err := store.NewVideoLinks(r.db).ChangeVideoLink(t.Context(), l, l.CreatedAt); err != nil || !ok {
			t.Fatalf("%t, %v", ok, err)
		}
		until(t, "it has expired", func() bool { return time.Now().After(l.ExpiresAt) })
	}
	late := send.Link
	late.ID, late.ExpiresAt = "0196-late", time.Now().Add(-time.Second)
	if err := store.NewVideoLinks(r.db).AddVideoLink(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	_, toWatch := browser(t, webrtc.RTPTransceiverDirectionRecvonly)
	_, toSend := browser(t, webrtc.RTPTransceiverDirectionSendonly)
	forged := strings.Replace(send.Token, send.Link.ID, other.Link.ID, 1)
	for _, c := range []struct {
		name, path, token, offer string
		status                   int
		code                     string
	}{
		{"forged", other.URL, forged, toSend, http.StatusUnauthorized, "video.token"},
		{"cut", send.URL, send.Token[:20], toSend, http.StatusUnauthorized, "video.token"},
		{"another picture", other.URL, send.Token, toSend, http.StatusForbidden, "video.token_scope"},
		{"watch by a link to send", "/whep/" + send.Link.Stream, send.Token, toWatch, http.StatusForbidden, "video.token_scope"},
		{"send by a link to watch", send.URL, watch.Token, toSend, http.StatusForbidden, "video.token_scope"},
		{"send by an expired link", spent.URL, spent.Token, toSend, http.StatusUnauthorized, `"video.link_expired"`},
		{"watch by an expired link", spentWatch.URL, spentWatch.Token, toWatch, http.StatusUnauthorized, `"video.link_expired"`},
		{"right", watch.URL, watch.Token, toWatch, http.StatusCreated, ""},
	} {
		got := r.call(t, http.MethodPost, c.path, c.token, sdpKind, c.offer)
		if got.status != c.status || !strings.Contains(got.body, c.code) {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	if l, err := store.NewVideoLinks(r.db).VideoLink(t.Context(), late.ID); err != nil || l.ExpiresAt.After(time.Now()) {
		t.Fatalf("%+v, %v", l, err)
	}
	if got := r.call(t, http.MethodPost, "/api/v1/video-links/"+late.ID+"/token", "near", "", ""); got.status != http.StatusConflict {
		t.Errorf("an expired link's token: %d %s", got.status, got.body)
	}
	if again := r.call(t, http.MethodPost, "/api/v1/video-links/"+watch.Link.ID+"/token", "near", "", ""); !strings.Contains(again.body, watch.Token) {
		t.Errorf("shown once more: %d %s", again.status, again.body)
	}

	// Whoever made it may not see the picture any more: the link is void, and what runs by it ends.
	moved := r.who["near"]
	moved.DivisionCode = "320500"
	r.become("near", moved)
	if got := r.call(t, http.MethodPost, watch.URL, watch.Token, sdpKind, toWatch); got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"video.link_void"`) {
		t.Errorf("void: %d %s", got.status, got.body)
	}
}

func TestLinksAreMadeAndEndedByThoseWhoMay(t *testing.T) {
	r := newLinkRoom(t)
	link := r.share(t, "near", map[string]any{"action": "publish", "title": "手机", "hours": 1})
	draft := `{"action":"publish","title":"x","hours":1}`
	for _, c := range []struct {
		name, method, path, user, body string
		status                         int
	}{
		{"nobody", http.MethodGet, "", "", "", http.StatusUnauthorized},
		{"who only watches", http.MethodPost, "", "viewer", draft, http.StatusForbidden},
		{"another division's", http.MethodDelete, "/" + link.Link.ID, "far", "", http.StatusNotFound},
		{"another division's token", http.MethodPost, "/" + link.Link.ID + "/token", "far", "", http.StatusNotFound},
		{"into another division", http.MethodPost, "", "far", `{"action":"publish","title":"x","hours":1,"division":"320600"}`, http.StatusForbidden},
		{"another division's picture", http.MethodPost, "", "far", `{"action":"watch","title":"x","hours":1,"stream":"` + link.Link.Stream + `"}`, http.StatusNotFound},
		{"too long", http.MethodPost, "", "near", `{"action":"publish","title":"x","hours":1000}`, http.StatusUnprocessableEntity},
		{"no title", http.MethodPost, "", "near", `{"action":"publish","title":" ","hours":1}`, http.StatusUnprocessableEntity},
		{"watch nothing", http.MethodPost, "", "near", `{"action":"watch","title":"x","hours":1}`, http.StatusUnprocessableEntity},
		{"no such link", http.MethodDelete, "/nothing", "near", "", http.StatusNotFound},
	} {
		if got := r.call(t, c.method, "/api/v1/video-links"+c.path, c.user, "application/json", c.body); got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
	if l := r.links(t, "far"); len(l) != 0 {
		t.Errorf("far sees %+v", l)
	}
}

func TestASecondSenderIsRefusedUnlessItTakesOver(t *testing.T) {
	r := newLinkRoom(t)
	link := r.share(t, "near", map[string]any{"action": "publish", "title": "手机", "hours": 1})
	first := newSender(t, r.url+link.URL, link.Token)
	if got := first.open(); got.status != http.StatusCreated {
		t.Fatalf("%d %s", got.status, got.body)
	}
	// One that is only on the way holds the place as well.
	if got := newSender(t, r.url+link.URL, link.Token).open(); got.status != http.StatusConflict || !strings.Contains(got.body, "take over") {
		t.Errorf("second before the first is there: %d %s", got.status, got.body)
	}
	first.connected()
	go first.run(t.Context())
	until(t, "live", func() bool {
		return strings.Contains(r.call(t, http.MethodGet, "/api/v1/streams", "near", "", "").body, `"live"`)
	})
	got := newSender(t, r.url+link.URL, link.Token).open()
	if got.status != http.StatusConflict || !strings.Contains(got.body, `"video.taken"`) || !strings.HasPrefix(got.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("second: %d %s", got.status, got.body)
	}
	second := newSender(t, r.url+link.URL+"?takeover=true", link.Token)
	if got := second.open(); got.status != http.StatusCreated {
		t.Fatalf("taking over: %d %s", got.status, got.body)
	}
	second.connected()
	go second.run(t.Context())
	until(t, "the first is gone", func() bool {
		return first.do(http.MethodDelete, first.resource, "", "").status == http.StatusNotFound
	})
	if got := second.do(http.MethodDelete, second.resource, "", ""); got.status != http.StatusOK {
		t.Errorf("end: %d %s", got.status, got.body)
	}
	third := newSender(t, r.url+link.URL, link.Token)
	if got := third.open(); got.status != http.StatusCreated {
		t.Errorf("after the second has ended: %d %s", got.status, got.body)
	}
}

// A link that opens sessions without end is slowed down, alone.
func TestALinkThatConnectsWithoutEndIsSlowedDown(t *testing.T) {
	r := newLinkRoom(t)
	stolen := r.share(t, "near", map[string]any{"action": "publish", "title": "抢险一队手机", "hours": 8, "division": "320623"})
	other := r.share(t, "near", map[string]any{"action": "publish", "title": "抢险二队手机", "hours": 8, "division": "320623"})
	offer := newSender(t, r.url+stolen.URL, stolen.Token).offer(false)
	knock := func(link video.Shared) answered {
		t.Helper()
		return r.call(t, http.MethodPost, link.URL+"?takeover=true", link.Token, "application/sdp", offer)
	}
	until(t, "it is refused", func() bool {
		got := knock(stolen)
		if got.status != http.StatusCreated && !strings.Contains(got.body, "video.link_busy") {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return got.status == http.StatusServiceUnavailable
	})
	if l := r.links(t, "near"); l[0].Uses+l[1].Uses > 40 {
		t.Errorf("%d and %d sessions were opened", l[0].Uses, l[1].Uses)
	}
	if got := knock(other); got.status != http.StatusCreated {
		t.Errorf("another link: %d %s", got.status, got.body)
	}
}

// Sessions cost keys and candidates before anybody is known: an address that knocks without end is refused at both doors,
// with what opens nothing as well as with what does.
func TestAnAddressThatConnectsWithoutEndIsSlowedDown(t *testing.T) {
	for _, path := range []string{"/whip/cam", "/whep/cam"} {
		r := newLinkRoom(t)
		n := 0
		until(t, path+" is refused", func() bool {
			for range 50 {
				n++
				switch got := r.call(t, http.MethodPost, path, "no token", sdpKind, "v=0"); {
				case got.status == http.StatusServiceUnavailable && strings.Contains(got.body, `"video.too_many"`):
					return true
				case got.status != http.StatusUnauthorized:
					t.Fatalf("%s: %d %s", path, got.status, got.body)
				}
			}
			return false
		})
		if n <= 400 {
			t.Errorf("%s: refused after %d, a county behind one address needs 400", path, n)
		}
	}
}
