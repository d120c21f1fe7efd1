package harness

import (
	"sync"
	"time"
)

// Supervise starts a process again whenever it ends, as systemd does with Restart=always, until the test
// is over.
func Supervise(t TB, p *Process) {
	t.Helper()
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-p.Ended():
			}
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			if err := p.start(); err != nil {
				t.Logf("start %s again: %v", p.Name, err)
				return
			}
		}
	})
	t.Cleanup(func() { close(stop); done.Wait() })
}

// EdgeOf builds the edge agent as another version.
func EdgeOf(t TB, version string) string {
	t.Helper()
	path, err := buildEdge(t.TempDir(), version)
	must(t, err, "build fengsui-edge "+version)
	return path
}
