package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What a server with hundreds of participants needs of the kernel.
const (
	wantBuffer = 4 << 20 // bytes; what sfu/ice asks for each UDP socket
	wantFiles  = 4096    // a participant takes one or two
)

func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// lookAtSystem looks at limits and the clock.
func lookAtSystem() []finding {
	findings := []finding{lookAtFiles(), lookAtClock()}
	for _, name := range []string{"rmem_max", "wmem_max"} {
		findings = append(findings, lookAtBuffer(name))
	}
	return findings
}

func lookAtFiles() finding {
	const check = "open files"
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return warn(check, "", "the limit is not known: %v", err)
	}
	if limit.Max < wantFiles { // Go raises the soft limit to the hard one
		return warn(check, "Raise LimitNOFILE (systemd) or ulimit -n.", "at most %d: enough for about %d participants", limit.Max, limit.Max/3)
	}
	return ok(check, "at most %d", limit.Max)
}

// lookAtClock asks the kernel whether something keeps the clock right. Rooms
// open and end, and credentials hold, by the clock.
func lookAtClock() finding {
	const check = "clock"
	var state unix.Timex
	if _, err := unix.Adjtimex(&state); err != nil {
		return warn(check, "", "whether it is kept right is not known: %v", err)
	}
	if state.Status&unix.STA_UNSYNC != 0 {
		return warn(check, "Run chrony or systemd-timesyncd: rooms open and end, and credentials hold, by the clock.", "nothing keeps it right")
	}
	return ok(check, "kept right to %d ms", state.Maxerror/1000)
}

func lookAtBuffer(name string) finding {
	check := "net " + name
	data, err := os.ReadFile("/proc/sys/net/core/" + name)
	if err != nil {
		return warn(check, "", "not known: %v", err)
	}
	bytes, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || bytes < wantBuffer {
		return warn(check, "Install deploy/sysctl/60-plenum.conf: bursts of hundreds of publishers need room.", "%d bytes, %d are better", bytes, wantBuffer)
	}
	return ok(check, "%d bytes", bytes)
}
