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
			d.link.Cut()
			fmt.Println("  链路已断开：洋口闸终端在本地存数据、照样判断告警。再按回车恢复。  The link of the sluice is cut. Enter mends it.")
			continue
		}
		d.link.Mend()
		fmt.Println("  链路已恢复：告警先到，最新值随后，最后是积压。  Mended: alarms first, then the newest values, then the backlog.")
	}
}
