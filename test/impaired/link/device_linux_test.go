package link

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// Two real namespaces, pings across a real link.
func TestPingsCrossTheLink(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("making network namespaces takes root")
	}
	if _, err := exec.LookPath("ping"); err != nil {
		t.Fatal("ping is not installed: run scripts/setup-tests.sh")
	}
	near, far := fmt.Sprintf("link%d-a", os.Getpid()), fmt.Sprintf("link%d-b", os.Getpid())
	for _, ns := range []string{near, far} {
		if out, err := exec.CommandContext(t.Context(), "ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Fatalf("make a network namespace, as root: %v %s", err, out)
		}
		t.Cleanup(func() { _ = exec.CommandContext(context.WithoutCancel(t.Context()), "ip", "netns", "del", ns).Run() })
	}
	a, err := OpenDevice(t.Context(), near+":eth0:198.18.79.1/24")
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenDevice(t.Context(), far+":eth0:198.18.79.2/24")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	l := New(a, b, 1)
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	ping := func(spec string) string {
		if _, err := l.Command(spec); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "ip", "netns", "exec", near,
			"ping", "-c", "10", "-i", "0.01", "-W", "1", "198.18.79.2").CombinedOutput()
		t.Logf("%s: %v\n%s", spec, err, out)
		return string(out)
	}
	if out := ping("both delay=20ms"); !regexp.MustCompile(` 0% packet loss[\s\S]*= ([4-9]\d|\d{3,})\.`).MatchString(out) {
		t.Error("20 ms each way do not make 40")
	}
	if out := ping("ba down=1"); !regexp.MustCompile(` 100% packet loss`).MatchString(out) {
		t.Error("a link that is down lets packets through")
	}
	stop()
	<-ended
}
