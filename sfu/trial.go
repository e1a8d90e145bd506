package sfu

import (
	"context"
	"errors"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/transport"
)

// What trying the ways to this server may cost: a try is over in a second or
// two, or will not succeed.
const (
	trialFor   = 15 * time.Second
	mostTrials = 32
)

// ErrBusy is returned when too many do the same at once.
var ErrBusy = errors.New("busy")

// Trial answers the offer of a connection that will carry nothing, by which a
// page finds out which ways lead to this server. The connection ends by itself.
// It returns ErrBusy when too many are tried at once.
func (s *SFU) Trial(ctx context.Context, offer string) (answer string, err error) {
	conn, err := s.conns.New(unheard{}, s.log)
	if err != nil {
		return "", err
	}
	if !s.enlist(conn) {
		return "", errors.Join(ErrBusy, conn.Close())
	}
	if answer, err = conn.Answer(ctx, offer); err != nil {
		s.dismiss(conn)
	}
	return answer, err
}

// enlist notes a trial and when it ends.
func (s *SFU) enlist(conn transport.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.trials) >= mostTrials {
		return false
	}
	s.trials[conn] = time.AfterFunc(trialFor, func() { s.dismiss(conn) })
	s.trying.Add(1)
	return true
}

// dismiss ends a trial, if it has not ended yet.
func (s *SFU) dismiss(conn transport.Conn) {
	s.mu.Lock()
	timer := s.trials[conn]
	delete(s.trials, conn)
	s.mu.Unlock()
	if timer == nil {
		return
	}
	defer s.trying.Done()
	timer.Stop()
	if err := conn.Close(); err != nil {
		s.log.Debug("trial closed with an error", "error", err)
	}
}

// endTrials ends all trials and lets none begin.
func (s *SFU) endTrials() {
	s.mu.Lock()
	s.closed = true
	var conns []transport.Conn
	for conn := range s.trials {
		conns = append(conns, conn)
	}
	s.mu.Unlock()
	for _, conn := range conns {
		s.dismiss(conn)
	}
	s.trying.Wait()
}

// unheard hears nothing of a connection.
type unheard struct{}

func (unheard) Incoming(transport.Track) transport.Receiver { return nil }
func (unheard) StateChanged(transport.State)                {}
func (unheard) Sending(int) uint16                          { return 0 }
func (unheard) Arrived([]bandwidth.Arrival, time.Time)      {}
