// Command fengsui-sim runs simulated sensors and cameras: fengsui-sim run --config sim.yml. It prints one
// line of JSON with the addresses on standard output once all of them answer, and runs until SIGINT or
// SIGTERM. Everything it serves is 演示数据.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/test/sim"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fengsui-sim:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || args[0] != "run" {
		return errors.New("usage: fengsui-sim run --config sim.yml")
	}
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	file := flags.String("config", "sim.yml", "what to simulate")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	config, err := sim.Load(*file)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	s := &sim.Sim{Config: config, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if err := s.Start(ctx); err != nil {
		return err
	}
	addresses := s.Addresses()
	stops := []func(context.Context) error{s.Stop}
	if config.Control != "" {
		control := &sim.Control{Sim: s, Listen: config.Control}
		if err := control.Start(ctx); err != nil {
			return errors.Join(err, s.Stop(ctx))
		}
		stops = append(stops, control.Stop)
		addresses.Control = "http://" + control.Addr()
	}
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return fmt.Errorf("print addresses: %w", err)
	}
	<-ctx.Done()
	end, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	for _, stop := range slices.Backward(stops) {
		err = errors.Join(err, stop(end))
	}
	return err
}
