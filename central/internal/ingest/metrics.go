package ingest

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	messages, readings, duplicates, failed prometheus.Counter
	refused                                *prometheus.CounterVec
	commit                                 prometheus.Histogram
}

func (m *metrics) register(r prometheus.Registerer, waiting func() float64) error {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "fengsui", Subsystem: "ingest", Name: name, Help: help})
	}
	m.messages = counter("messages_total", "Messages committed.")
	m.readings = counter("readings_total", "Readings newly stored.")
	m.duplicates = counter("duplicates_total", "Batches that were stored before.")
	m.failed = counter("failed_total", "Messages that could not be committed and will be sent again.")
	m.refused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "fengsui", Subsystem: "ingest", Name: "refused_total", Help: "Messages and readings refused, by reason.",
	}, []string{"reason"})
	m.commit = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "fengsui", Subsystem: "ingest", Name: "commit_seconds", Help: "Time of one commit of many messages.",
		Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .25, .5, 1, 5},
	})
	if r == nil {
		return nil
	}
	queue := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "fengsui", Subsystem: "ingest", Name: "waiting", Help: "Messages that wait to be committed.",
	}, waiting)
	for _, c := range []prometheus.Collector{m.messages, m.readings, m.duplicates, m.failed, m.refused, m.commit, queue} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("measure ingest: %w", err)
		}
	}
	return nil
}
