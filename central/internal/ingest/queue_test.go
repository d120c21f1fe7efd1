package ingest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

func (q *queue) fill(t *testing.T, from string, n int) {
	t.Helper()
	for i := range n {
		if !q.put(from, message{device: from, topic: fmt.Sprint(i)}, false) {
			t.Fatalf("%s: message %d of %d has no room", from, i, n)
		}
	}
}

// drain serves a closed queue with one worker and lists the senders in the order they were served.
func (q *queue) drain(cost int) (order []string) {
	q.close()
	q.serve(func(m message) int {
		order = append(order, m.device)
		return cost
	})
	return order
}

func TestOneWhoSendsWithoutEndWaitsBehindItselfOnly(t *testing.T) {
	q := newQueue()
	q.fill(t, "flood", lineMessages)
	if q.put("flood", message{device: "flood"}, false) {
		t.Error("a full line took another message")
	}
	q.fill(t, "calm", 2)
	order := q.drain(20_000)
	if len(order) != lineMessages+2 || !slices.Equal(order[:4], []string{"flood", "calm", "flood", "calm"}) {
		t.Errorf("served %d, first %v; want one in turn with the other", len(order), order[:4])
	}
}

func TestOneWhoTakesMoreThanItsShareIsHeldBack(t *testing.T) {
	q := newQueue()
	q.fill(t, "greedy", 3)
	q.fill(t, "calm", 3)
	var order []string
	q.serve(func(m message) int {
		order = append(order, m.device+m.topic)
		if m.device == "greedy" {
			return recordsPerSecond
		}
		if m.topic == "2" {
			q.close()
		}
		return 1
	})
	if !slices.Equal(order, []string{"greedy0", "calm0", "greedy1", "calm1", "calm2", "greedy2"}) {
		t.Errorf("served %v", order)
	}
}

func TestAPatientSenderGetsRoomAndKeepsItsOrder(t *testing.T) {
	q := newQueue()
	var mu sync.Mutex
	var got []string
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			q.serve(func(m message) int {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, m.topic)
				return 1
			})
		})
	}
	const n = 4 * lineMessages
	for i := range n {
		if !q.put("gauge", message{topic: fmt.Sprint(i)}, true) {
			t.Fatal("the queue is closed")
		}
	}
	q.close()
	workers.Wait()
	for i := range n {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("message %d was served as number %d", i, i)
		}
	}
	if q.put("gauge", message{}, true) {
		t.Error("a closed queue took a message")
	}
}
