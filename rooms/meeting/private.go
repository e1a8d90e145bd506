package meeting

import (
	"errors"
	"time"
)

// Why a line does not reach one participant.
var (
	ErrAbsent = errors.New("the participant is not in the meeting")
	ErrAlone  = errors.New("a line to oneself")
	ErrUnread = errors.New("the participant may not chat")
)

// keptDirects is how many private lines each participant's page may have
// missed and still get.
const keptDirects = 100

// File is one that somebody shared. Values are never changed once given out.
type File struct {
	ID      string
	Name    string
	Size    int64 // bytes
	Picture bool  // it may be shown
}

// Direct is a private line as one of its two readers has it.
type Direct struct {
	Message
	Number int64 // among the reader's, from 1 without a gap
	To     string
	ToName string
}

// directs are a participant's private lines, newest last.
type directs struct {
	number int64
	kept   []Direct
}

func (d *directs) add(line Direct) Direct {
	d.number++
	line.Number = d.number
	d.kept = append(d.kept, line)
	if len(d.kept) > keptDirects {
		d.kept = d.kept[1:]
	}
	return line
}

// Reaches says why a line of one participant to another would not get there,
// if it would not.
func (m *Meeting) Reaches(from, to string) error {
	switch {
	case from == to:
		return ErrAlone
	case m.member(from) == nil || m.member(to) == nil:
		return ErrAbsent
	case !m.May(to, MayChat):
		return ErrUnread // who can't answer does not see the chat either
	}
	return nil
}

// Tell passes a line to one participant, and returns it as the sender and the
// addressee have it. It is part of nothing that others get: no event, no chat
// of a Snapshot. It returns what Reaches does.
func (m *Meeting) Tell(now time.Time, from, to, text string, file *File) (own, theirs Direct, err error) {
	if err := m.Reaches(from, to); err != nil {
		return Direct{}, Direct{}, err
	}
	p, q := m.member(from), m.member(to)
	line := Direct{Message: Message{From: from, Name: p.Name, Text: text, At: now, File: file}, To: to, ToName: q.Name}
	return p.direct.add(line), q.direct.add(line), nil
}

// DirectsAfter returns the private lines of a participant that followed that
// number, as far as they are kept.
func (m *Meeting) DirectsAfter(id string, number int64) []Direct {
	p := m.member(id)
	if p == nil {
		return nil
	}
	var missed []Direct
	for _, line := range p.direct.kept {
		if line.Number > number {
			missed = append(missed, line)
		}
	}
	return missed
}
