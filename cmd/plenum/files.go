package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"plenum/api"
	"plenum/rooms/files"
	"plenum/signaling"
)

// filesFlags say how much people may share in meetings.
type filesFlags struct {
	MaxSize  byteSize `help:"Largest file that people may share in a meeting, such as 100MB; 0 lets them share none." default:"100MB" placeholder:"SIZE"`
	RoomSize byteSize `help:"How much the files of one meeting may hold, such as 1GB; 0 is no limit." default:"1GB" placeholder:"SIZE"`
}

// config says where the files lie: below the data, deleted with their meeting.
func (f filesFlags) config(data string) files.Config {
	return files.Config{Dir: filepath.Join(data, "shared"), MaxSize: int64(f.MaxSize), RoomSize: int64(f.RoomSize)}
}

// sharedFiles shows a Hub's files as the API wants them.
type sharedFiles struct{ hub *signaling.Hub }

// Share takes a file from who has the ticket.
func (s sharedFiles) Share(ctx context.Context, roomID, ticket string, p api.Parcel) (string, error) {
	id, err := s.hub.ShareFile(ctx, roomID, ticket, signaling.Parcel(p))
	return id, ofFiles(err)
}

// Fetch returns a file to who has the ticket.
func (s sharedFiles) Fetch(roomID, ticket, id string) (api.SharedFile, error) {
	f, err := s.hub.OpenFile(roomID, ticket, id)
	if err != nil {
		return api.SharedFile{}, err
	}
	return api.SharedFile{ReadSeekCloser: f.File, Name: f.Name, Type: f.Type, At: f.At}, nil
}

// ofFiles puts an error of a file into the API's terms.
func ofFiles(err error) error {
	for _, pair := range []struct{ ours, theirs error }{
		{signaling.ErrTicket, api.ErrTicket},
		{signaling.ErrMayNot, api.ErrMayNot},
		{signaling.ErrBusy, api.ErrFilesBusy},
		{signaling.ErrNotHere, api.ErrNotHere},
		{signaling.ErrNotLive, api.ErrNotLive},
		{files.ErrClosed, api.ErrNotLive},
		{files.ErrTooLarge, api.ErrFileSize},
		{files.ErrQuota, api.ErrFilesFull},
		{files.ErrNoSpace, api.ErrFilesFull},
	} {
		if errors.Is(err, pair.ours) {
			return fmt.Errorf("%w: %w", pair.theirs, err)
		}
	}
	return err
}
