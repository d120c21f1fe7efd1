// Command fengsui-demo runs a whole city desk on one machine: the simulated field, the centre and two
// edge agents, each with its own configuration and data, started again when they die. make demo builds
// everything and runs it; the browser tests do the same. Rule that must never break: it listens on
// loopback only and everything in it is 演示数据.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "fengsui-demo:", err)
		os.Exit(1)
	}
}

func run() error {
	bin := flag.String("bin", "bin", "folder of the programs")
	data := flag.String("data", ".demo", "folder for configuration and data of the demo")
	root := flag.String("root", ".", "folder of the repository")
	http := flag.String("http", "127.0.0.1:8080", "address of the console")
	free := flag.Bool("free-ports", false, "take any free ports instead of the usual ones")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	d := &demo{HTTP: *http, Free: *free, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	for _, f := range []struct {
		to   *string
		from string
	}{{&d.Bin, *bin}, {&d.Data, *data}, {&d.Root, *root}} {
		dir, err := filepath.Abs(f.from)
		if err != nil {
			return fmt.Errorf("find folder %s: %w", f.from, err)
		}
		*f.to = dir
	}
	// SIGTTIN would stop a demo in the background that asks whether Enter was pressed.
	signal.Ignore(syscall.SIGTTIN)
	var err error
	if stopped := harness.Try(func(h *harness.Host) { err = d.run(ctx, h) }); stopped != nil {
		err = stopped
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// demo is everything that make demo starts.
type demo struct {
	Bin, Data, Root string
	HTTP            string
	Free            bool
	Log             *slog.Logger

	ports  ports
	logins logins
	line   *line // of the terminal at the sluice
}

// One answer may take readyWithin on a busy machine; a first start, which plays several days of a desk, settleWithin.
const (
	readyWithin  = 60 * time.Second
	settleWithin = 5 * time.Minute
)

func (d *demo) run(ctx context.Context, h *harness.Host) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.prepare(ctx, h); err != nil {
		return err
	}
	started := make([]*program, 0, 4)
	defer func() {
		for _, p := range slices.Backward(started) {
			p.stop()
		}
	}()
	start := func(p *program) error {
		// The programs outlive the signal until they are stopped one after the other.
		if err := p.start(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		started = append(started, p)
		return nil
	}
	ready, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	field := d.program("sim", "fengsui-sim", "run", "--config", d.file("sim", "sim.yml"))
	if err := start(field); err != nil {
		return err
	}
	if _, err := field.line(ready, "{"); err != nil {
		return err
	}
	centre := d.program("central", "fengsui-central", "serve", "--config", d.file("central", "central.yml"))
	if err := start(centre); err != nil {
		return err
	}
	if err := d.settle(ready, centre); err != nil {
		return err
	}
	for _, edge := range edges() {
		if err := d.enrol(ready, edge); err != nil {
			return err
		}
		if err := start(d.program(edge.ID, "fengsui-edge", "run", "--config", d.file(edge.ID, "edge.yml"))); err != nil {
			return err
		}
	}
	if err := d.board(ready); err != nil {
		return err
	}
	d.greet()
	go d.cutting(os.Stdin)
	<-ctx.Done()
	fmt.Println("\n正在停止…… Stopping …")
	return nil
}

func (d *demo) program(name, binary string, args ...string) *program {
	return &program{
		Name: name, Path: filepath.Join(d.Bin, binary), Args: args,
		Log: d.file("log", name+".log"), PID: d.file("run", name+".pid"), Say: d.Log,
	}
}

func (d *demo) file(parts ...string) string {
	return filepath.Join(append([]string{d.Data}, parts...)...)
}

func (d *demo) greet() {
	status := "http://" + d.ports.Status[sluice]
	fmt.Printf(`
  烽燧 演示  Fengsui demo            演示数据 – 不代表任何真实情况 · simulated data
  ─────────────────────────────────────────────────────────────────────────────
  地址 Address     %s
  值班员 Duty       %s   密码 password   %s   (接班 next: %s)
  县级 County       %s   密码 password   %s   (接班 next: %s)
  管理员 Admin      %s    密码 password   %s
  ─────────────────────────────────────────────────────────────────────────────
  约一分钟后洋口潮位越过警戒水位。    The tide passes its warning level in about a minute.
  1 按回车断开洋口闸终端的链路，画面一起断，过一会儿再按恢复：告警先到，曲线补齐，终端页上待传归零、丢失为 0，画面自己回来。
    Enter cuts the link of the sluice and its pictures, Enter mends it: alarms first, the chart fills up, nothing is lost on the terminal's page, the pictures are back.
  2 更多 → 设备 → 吕四指挥车终端 → 终端详情 → 添加传感器：通用水位计（Modbus TCP），地址 %s
    More → Devices → the command car's terminal → Add a sensor: generic water level (Modbus TCP) at that address.
  3 监测 → 规则：改限值，用近 30 天试算，发布到终端。       手册 Manual  docs/manual
    Monitor → Rules: change a limit, try it on the last 30 days, publish it to the terminals.
  4 以如东县值班员登录，打开一条告警，写备注，点升级：告警到市值班台，市值班台再升级到带班领导。
    Sign in as the county's officer, open an alarm, write a remark, escalate: the city's desk has it next, then the leader.
  5 视频 → 录像：岔河闸、洋口闸下游一直在录。强行结束中心的进程，它会自己重启；缺的一段由终端补上（斜纹），约一两分钟。
    Video → Recordings: Chahe sluice and Yangkou sluice, downstream, are always recorded. Kill the centre, it starts again; its terminal fills the gap (hatched) in a minute or two.
  6 值一个班：县里、市里各开一个浏览器，照手册“值班”一章走，从接班到月底的通报。
    A whole shift, a browser for the county and one for the city: the manual's chapter on duty, from the first signature to the bulletin.
  7 处置一起事件：告警 → 转接报 → 立案 → 启动预案，任务当即到人；指挥室里“任务码”给手机，“调派”派队伍，“态势报告”成文，更多 → 结束，再写复盘。
    Handle an incident: alarm → inbox → file it → Start a plan, and people have their tasks; in its room a task code for a phone, Send for teams, the situation report, More → End, then the review.
  8 指挥现场：视频 → 16 画面，左侧逐台点开，共 16 台；洋口外闸的画面上有云台、标注、消息、喊话；视频 → 链接给手机，视频 → 会商。
    Command the scene: Video → 16 pictures, click the cameras on the left one after the other, sixteen in all; on Yangkou outer sluice turn, draw, send a message, talk; Video → Links for a phone, Video → Consultations.
    消息在洋口闸终端页上确认：%s ，终端状态页 %s ；最近一次喊话的声音存于 %s。
    Messages are confirmed on that terminal's page, its state stands above; what was spoken last is kept as raw sound: aplay -f S16_LE -r 8000 FILE.
    手机须用 https，演示只在本机：用本机浏览器的另一个窗口打开链接当作手机。
    Phones want https and the demo is on this machine only: open the link in another window of this browser, as if it were the phone.
  9 会商：市、县各开一个浏览器，视频 → 会商 →“洋口外闸风暴潮会商”进入会商；共享…选摄像机或地图，主持人可录制，结束后在列表里回看。
    Consult, a browser for the city and one for the county: Video → Consultations → the room that stands open; share a camera or the map, record, and replay it from the list.
  日志与进程号 Logs and process ids  %s
  按 Ctrl-C 停止    Ctrl-C stops everything
`, d.ports.URL(), dutyUser, d.logins.Duty, nextUser, countyUser, d.county(), countyNext, adminUser, d.logins.Admin, d.ports.Upper, status+"/messages", status, d.file(sluice, "spoken.raw"), d.Data)
}

// county is the password of the county's officer, whom a demo that was begun long ago does not have.
func (d *demo) county() string { return cmp.Or(d.logins.County, "–") }

// lock makes sure that one demo uses the folder.
func (d *demo) lock() (func(), error) {
	if err := os.MkdirAll(d.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the demo: %w", err)
	}
	f, err := os.OpenFile(d.file("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("另一个演示正在使用 %s。another demo uses this folder: %w", d.Data, err), f.Close())
	}
	return func() { f.Close() }, nil
}
