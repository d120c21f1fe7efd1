package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// usual is the chain that many build: mosquitto, Telegraf, InfluxDB 1.8.
type usual struct{ mosquitto, telegraf string }

// findUsual looks for the programs on the path; missing says which there is not and how to get it.
func findUsual() (u usual, missing string) {
	var err error
	if u.mosquitto, err = exec.LookPath("mosquitto"); err != nil {
		if u.mosquitto, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			return u, "no mosquitto (sh test/prepare.sh installs it)"
		}
	}
	if u.telegraf, err = exec.LookPath("telegraf"); err != nil {
		return u, "no telegraf (CONTRIBUTING.md says how to build it)"
	}
	if _, err = harness.FindInflux(); err != nil {
		return u, err.Error()
	}
	return u, ""
}

// Nothing is written to the disk by mosquitto, and no message is dropped: the fastest it can do.
const mosquittoConf = `listener %s 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 1000
log_type error
`

// A message is acknowledged when InfluxDB has its readings (persistent_session), as the centre does it. Large
// batches without compression and many messages on the way are what it is fastest with.
const telegrafConf = `[agent]
interval = "1s"
flush_interval = "1s"
metric_batch_size = 10000
metric_buffer_limit = 1000000
omit_hostname = true
[[inputs.mqtt_consumer]]
servers = ["tcp://%s"]
topics = ["%s"]
qos = 1
client_id = "telegraf"
persistent_session = true
max_undelivered_messages = 10000
data_format = "json"
json_time_key = "ts"
json_time_format = "unix_ms"
[[outputs.influxdb]]
urls = ["%s"]
database = "bench"
content_encoding = "identity"
`

// chain is the usual chain that runs.
type chain struct {
	mosquitto, telegraf *harness.Process
	influx              *harness.Influx
	broker              string
}

func (u usual) start(t host) chain {
	dir := t.TempDir()
	run := func(name, path, flag, config string) *harness.Process {
		file := filepath.Join(dir, name+".conf")
		t.must(os.WriteFile(file, []byte(config), 0o600))
		p := &harness.Process{Name: name, Path: path, Args: []string{flag, file}, Dir: dir}
		p.Start(t)
		return p
	}
	c := chain{broker: testserver.FreeAddr(t), influx: harness.StartInflux(t)}
	_, port, err := net.SplitHostPort(c.broker)
	t.must(err)
	c.mosquitto = run("mosquitto", u.mosquitto, "-c", fmt.Sprintf(mosquittoConf, port))
	_, err = c.influx.Ask("", "create database bench")
	t.must(err)
	c.telegraf = run("telegraf", u.telegraf, "--config", fmt.Sprintf(telegrafConf, c.broker, wire.SensorTopic("+"), c.influx.URL))
	harness.WaitFor(t, 3*time.Minute, "a message passes the chain", func() error {
		probe := sender{broker: c.broker, device: "probe", base: time.Now().UnixMilli(), messages: 1}
		if _, err := probe.blast(); err != nil {
			return err
		}
		return atLeast(c.tally(t, "probe", "level", 0).n, 1)
	})
	return c
}

func (c chain) cpu(t host) time.Duration {
	return t.use(c.mosquitto).CPU + t.use(c.telegraf).CPU + t.use(c.influx.Process).CPU
}

// tally adds up what InfluxDB has of a device from a moment on.
func (c chain) tally(t host, device, property string, from int64) tally {
	n, sum, err := c.influx.Count("bench", "mqtt_consumer", "values_"+property, fmt.Sprintf("topic = '%s' and time >= %dms", wire.SensorTopic(device), from))
	t.must(err)
	return tally{n, sum}
}

// throughUsual sends the messages that the centre was sent.
func throughUsual(t host, u usual, base int64, messages []int64) passed {
	c := u.start(t)
	all := make([]sender, sensors)
	for i := range all {
		all[i] = sender{broker: c.broker, device: fmt.Sprintf("bench-%d", i), base: base, messages: messages[i]}
	}
	before, start := c.cpu(t), time.Now()
	p := passed{messages: publish(t, all)}
	// The last message of each is looked for first: to count everything again and again would slow it down.
	harness.WaitFor(t, 10*time.Minute, "the last messages are stored", func() error {
		for _, s := range all {
			last := base + (s.messages-1)*objects*apart
			if err := atLeast(c.tally(t, s.device, "battery", last).n, objects); err != nil {
				return err
			}
		}
		return nil
	})
	harness.WaitFor(t, time.Minute, "every acknowledged reading is stored", func() error {
		for _, s := range all {
			if err := atLeast(c.tally(t, s.device, "battery", 0).n, s.messages*objects); err != nil {
				return err
			}
		}
		return nil
	})
	p.took, p.cpu = time.Since(start), c.cpu(t)-before
	for i, s := range all {
		prove(t, "InfluxDB", s.device, messages[i], func(property string) tally { return c.tally(t, s.device, property, 0) })
	}
	return p
}
