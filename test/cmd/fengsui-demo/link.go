package main

import (
	"bufio"
	"fmt"
	"io"
)

// cutting cuts and mends the link of the terminal at the sluice in turn, a line for each: whoever sits before
// the demo presses Enter. It ends with its input.
func (d *demo) cutting(in io.Reader) {
	cut := false
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if cut = !cut; cut {
			d.line.cut()
			fmt.Println("  链路已断开，画面也停：洋口闸终端在本地存数据、照样判断告警、照样录像。再按回车恢复。  The link of the sluice is cut, and its pictures with it. Enter mends it.")
			continue
		}
		d.line.mend()
		fmt.Println("  链路已恢复：告警先到，最新值随后，最后是积压；画面自己回来，一直在录的摄像机缺的一段由终端补上。  Mended: alarms first, then the newest values, then the backlog; pictures come back by themselves.")
	}
}
