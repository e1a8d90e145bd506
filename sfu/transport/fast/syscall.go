//go:build linux

package fast

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// flag is a boolean set by one goroutine and read by others.
type flag = atomic.Bool

// messageHeader is struct mmsghdr of sendmmsg(2) and recvmmsg(2).
type messageHeader struct {
	header unix.Msghdr
	size   uint32 // bytes received
}

// segmentControl is the control message UDP_SEGMENT of udp(7).
type segmentControl struct {
	header unix.Cmsghdr
	size   uint16
	_      [6]byte
}

// prepare makes h the header of a run.
func (h *messageHeader) prepare(to *sockaddr, iovs []unix.Iovec, c *segmentControl, r *run) {
	h.header = unix.Msghdr{Name: &to.bytes[0], Namelen: to.size, Iov: &iovs[0]}
	h.header.SetIovlen(len(iovs))
	if r.count == 1 {
		return
	}
	c.header.Level, c.header.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	c.header.SetLen(unix.CmsgLen(2))
	c.size = uint16(r.size)
	h.header.Control = (*byte)(unsafe.Pointer(c)) //nolint:gosec // what the kernel wants; c outlives the call
	h.header.SetControllen(unix.CmsgSpace(2))
}

// sendmmsg returns how many messages were sent, and the error of the next one.
func sendmmsg(fd uintptr, h []messageHeader) (int, unix.Errno) {
	//nolint:gosec // the kernel reads what h points to during the call only
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&h[0])), uintptr(len(h)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// recvmmsg returns how many messages were received.
func recvmmsg(fd uintptr, h []messageHeader) (int, unix.Errno) {
	//nolint:gosec // the kernel writes where h points to during the call only
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&h[0])), uintptr(len(h)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sendOne sends one packet and reports whether it went out.
func sendOne(s *socket, to *dest, p []byte) bool {
	var h messageHeader
	var v unix.Iovec
	v.Base = &p[0]
	v.SetLen(len(p))
	h.header = unix.Msghdr{Name: &to.to.bytes[0], Namelen: to.to.size, Iov: &v}
	h.header.SetIovlen(1)
	one := [1]messageHeader{h}
	var errno unix.Errno
	err := s.raw.Control(func(fd uintptr) { _, errno = sendmmsg(fd, one[:]) })
	return err == nil && errno == 0
}

// put16 and get16 are in the machine's own order, as sa_family_t is.
func put16(b []byte, v uint16) { binary.NativeEndian.PutUint16(b, v) }
func get16(b []byte) uint16    { return binary.NativeEndian.Uint16(b) }
