package onvif

import (
	"net/http"
	"strings"
	"testing"
)

// The example of RFC 7616 §3.9.1.
func TestDigestIsThatOfTheStandard(t *testing.T) {
	h := http.Header{"Www-Authenticate": {
		`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
		`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
	}}
	c := challengeOf(h)
	if c == nil || c.algorithm != "SHA-256" || c.opaque != "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS" {
		t.Fatalf("got %+v", c)
	}
	for algorithm, want := range map[string]string{
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "MD5": "8ca523f5e9506fed4657c9700eebdbec",
	} {
		c.algorithm, c.uses = algorithm, 0
		got := c.answer("Mufasa", "Circle of Life", http.MethodGet, "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
		if !strings.Contains(got, `response="`+want+`"`) || !strings.Contains(got, "nc=00000001") {
			t.Errorf("%s: %s", algorithm, got)
		}
	}
	// The example of RFC 2069 as its erratum 749 has it: without qop.
	old := challenge{realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
	if got := old.answer("Mufasa", "CircleOfLife", http.MethodGet, "/dir/index.html", "x"); !strings.Contains(got, `response="1949323746fe6a43ef61f9606e7febea"`) || strings.Contains(got, "nc=") {
		t.Error(got)
	}
}

func TestOnlyWhatCanBeMetIsADemand(t *testing.T) {
	for _, line := range []string{
		"", "Basic realm=x", `Digest realm="x"`, `Digest nonce="a", algorithm=SHA-1`, `Digest nonce="a", qop="auth-int"`, `Digest`, `nonce="a"`, `Digest nonce`, strings.Repeat("x", maxChallenge) + ` Digest nonce="a"`,
	} {
		if c := challengeOf(http.Header{"Www-Authenticate": {line}}); c != nil {
			t.Errorf("%.80q is met: %+v", line, c)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, line := range []string{
		`Digest realm="a\"b", nonce="n", qop="auth", Basic realm=x`, `Digest nonce=n,algorithm="MD5-sess",opaque=""`, `=`, `Digest ==`, `Digest a="`, `Digest a="\\`, ",,, \t",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, c := range challengesIn(line) {
			if c.nonce == "" || c.hash() == nil {
				t.Errorf("%q cannot be met: %+v", line, c)
			}
			if got := c.answer("u", "s3cret", http.MethodPost, "/", "c"); strings.Contains(got, "s3cret") && !strings.Contains(line, "s3cret") {
				t.Errorf("the password is shown: %s", got)
			}
		}
	})
}
