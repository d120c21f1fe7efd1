package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOffersAndAnswersPassWithoutTheAddressesOfTheirEnds(t *testing.T) {
	offers := make(chan string, 1)
	centre := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		offers <- string(text)
		w.Header().Set("Content-Type", "application/sdp")
		w.Header().Set("Location", "/whip/cam/1")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusCreated)
		packed := gzip.NewWriter(w) // as the centre does for whoever takes it
		defer packed.Close()
		_, _ = io.WriteString(packed, "v=0\r\na=candidate:9000 1 udp 2130706431 127.0.0.1 8189 typ host\r\na=candidate:9000 1 tcp 1671430143 127.0.0.1 8189 typ host tcptype passive\r\n")
	}))
	defer centre.Close()
	between := httptest.NewServer(forward(ports{HTTP: centre.Listener.Addr().String()}, 4711))
	defer between.Close()
	answer, err := http.Post(between.URL+"/whip/cam", "application/sdp", strings.NewReader("v=0\r\na=candidate:1 1 udp 2130706431 10.0.0.7 5000 typ host\r\na=end-of-candidates\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusCreated || answer.Header.Get("Location") != "/whip/cam/1" {
		t.Errorf("answered %s, %v", answer.Status, err)
	}
	if got := <-offers; got != "v=0\r\na=end-of-candidates\r\n" {
		t.Errorf("offered %q", got)
	}
	if string(text) != "v=0\r\na=candidate:9000 1 udp 2130706431 127.0.0.1 4711 typ host\r\n" {
		t.Errorf("answered %q", text)
	}
}
