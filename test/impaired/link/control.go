package link

import (
	"bufio"
	"context"
	"net"
	"time"
)

// commandTime bounds one connection to the control socket.
const commandTime = 2 * time.Second

// Control takes commands at a listener, one line per connection, until ctx is
// done. It closes the listener.
func (l *Link) Control(ctx context.Context, at net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = at.Close() })
	defer stop()
	for {
		conn, err := at.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		l.obey(conn)
	}
}

func (l *Link) obey(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(commandTime)) // a unix socket has deadlines
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	answer, err := l.Command(line)
	if err != nil {
		answer = "error: " + err.Error() + "\n"
	}
	_, _ = conn.Write([]byte(answer)) // who asked may be gone
}
