package link

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenDevice makes one end of a link: the TUN device that name describes as
// NAMESPACE:DEVICE:CIDR, with its address set and itself up. The namespace is
// one of `ip netns`. Closing the file removes the device. TUN devices have none
// of veth's trouble with checksums and segmentation.
func OpenDevice(ctx context.Context, name string) (*os.File, error) {
	parts := strings.SplitN(name, ":", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is not NAMESPACE:DEVICE:CIDR", name)
	}
	type result struct {
		file *os.File
		err  error
	}
	made := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is in another namespace and ends with this goroutine
		file, err := openTUN(parts[0], parts[1])
		made <- result{file, err}
	}()
	r := <-made
	if r.err != nil {
		return nil, fmt.Errorf("make device %s in namespace %s: %w", parts[1], parts[0], r.err)
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", parts[2], "dev", parts[1]},
		{"link", "set", parts[1], "txqueuelen", "1000", "up"},
	} {
		cmd := exec.CommandContext(ctx, "ip", append([]string{"-n", parts[0]}, args...)...) //nolint:gosec // a test tool's own arguments
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("%v: %w: %s", cmd.Args, err, out), r.file.Close())
		}
	}
	return r.file, nil
}

func openTUN(namespace, device string) (*os.File, error) {
	ns, err := os.Open("/run/netns/" + namespace)
	if err != nil {
		return nil, err
	}
	defer func() { _ = ns.Close() }()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter the namespace: %w", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(device)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), device), nil // only now: the runtime polls what it is given at once
}
