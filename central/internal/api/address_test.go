package api

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/device"
)

func TestTheCallersAddressIsBelievedFromNamedProxiesOnly(t *testing.T) {
	local := netip.MustParsePrefix("127.0.0.0/8")
	inner := netip.MustParsePrefix("10.0.0.0/24")
	for name, c := range map[string]struct {
		proxies   []netip.Prefix
		forwarded []string
		want      string
	}{
		"no proxy is named":            {nil, []string{"1.2.3.4"}, "127.0.0.1"},
		"another is named":             {[]netip.Prefix{inner}, []string{"1.2.3.4"}, "127.0.0.1"},
		"one proxy":                    {[]netip.Prefix{local}, []string{"1.2.3.4"}, "1.2.3.4"},
		"a client that writes its own": {[]netip.Prefix{local}, []string{"9.9.9.9, 1.2.3.4"}, "1.2.3.4"},
		"two proxies":                  {[]netip.Prefix{local, inner}, []string{"9.9.9.9, 1.2.3.4, 10.0.0.5"}, "1.2.3.4"},
		"two headers":                  {[]netip.Prefix{local, inner}, []string{"1.2.3.4", "10.0.0.5"}, "1.2.3.4"},
		"nonsense":                     {[]netip.Prefix{local}, []string{"1.2.3.4, unknown"}, "127.0.0.1"},
		"a silent proxy":               {[]netip.Prefix{local}, nil, "127.0.0.1"},
		"IPv6":                         {[]netip.Prefix{local}, []string{"2001:db8::1"}, "2001:db8::1"},
	} {
		s := New(Options{Listen: "127.0.0.1:0", Proxies: c.proxies})
		s.fiber.Get("/where", func(c *fiber.Ctx) error { return c.SendString(addressOf(c.UserContext())) })
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Stop(context.Background()) })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+"/where", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.forwarded {
			req.Header.Add("X-Forwarded-For", f)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if string(got) != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestOneAddressBehindAProxyDoesNotShutTheDoorOfEnrolmentForAnother(t *testing.T) {
	s := New(Options{Listen: "127.0.0.1:0", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	RegisterEnrol(s, &device.Service{})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	knock := func(from string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.Addr().String()+"/api/v1/enrol", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", from)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	tries := 0
	for knock("1.2.3.4") != http.StatusTooManyRequests {
		if tries++; tries > 10_000 {
			t.Fatal("one address may try without end")
		}
	}
	if got := knock("5.6.7.8"); got != http.StatusUnprocessableEntity {
		t.Errorf("another address gets %d", got)
	}
}

func TestABrowserThatSignedInBeforePassesTheLockOfItsAddress(t *testing.T) {
	c := newCentre(t)
	officer, stranger := c.admin(), c.browser()
	officer.want(204, "", http.MethodDelete, "/api/v1/session", nil, nil)
	for range account.LockAfter {
		stranger.call(http.MethodPost, "/api/v1/session", login("admin", "guess"), nil)
	}
	stranger.want(403, "account.locked", http.MethodPost, "/api/v1/session", login("admin", chosen), nil)
	officer.want(200, "", http.MethodPost, "/api/v1/session", login("admin", chosen), nil)
}
