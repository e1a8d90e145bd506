package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
)

// auditLog writes a log, and reads it page by page and by every filter.
func auditLog(t *testing.T, s rooms.Store) {
	var want []rooms.AuditEntry // newest first
	for i := range 7 {
		e := rooms.AuditEntry{
			At: ms(start.Add(time.Duration(i) * time.Minute)), Kind: rooms.ActorUser, ActorID: "7", Actor: "Anna",
			Address: "192.0.2.1", Action: "meeting.mute", Object: "7.x", Outcome: rooms.OutcomeOK,
			Details: map[string]string{"participant": "p" + strconv.Itoa(i), "name": "<b>\U0001d11e 'x'"},
		}
		switch i {
		case 2:
			e.Actor, e.Kind, e.Outcome = "ben", rooms.ActorToken, rooms.OutcomeRefused
		case 4:
			e.Action, e.Object, e.Details = "createUser", "", nil
		}
		want = append([]rooms.AuditEntry{e}, want...)
	}
	oldest := len(want) - 1
	if err := s.AppendAudit(t.Context(), []rooms.AuditEntry{want[oldest], want[oldest-1]}); err != nil {
		t.Fatal(err)
	}
	for i := oldest - 2; i >= 0; i-- {
		if err := s.AppendAudit(t.Context(), want[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	all := listAudit(t, s, rooms.AuditFilter{})
	for i := range all {
		if i > 0 && all[i].ID >= all[i-1].ID {
			t.Errorf("ids do not fall: %d after %d", all[i].ID, all[i-1].ID)
		}
		want[i].ID = all[i].ID
	}
	same(t, want, all)
	for name, tt := range map[string]struct {
		filter rooms.AuditFilter
		want   []rooms.AuditEntry
	}{
		"by actor, any case":  {rooms.AuditFilter{Actor: "BEN"}, want[4:5]},
		"by action":           {rooms.AuditFilter{Action: "createUser"}, want[2:3]},
		"by part of action":   {rooms.AuditFilter{Action: "meeting.", Limit: 2}, want[:2]},
		"not by a wildcard":   {rooms.AuditFilter{Action: "%."}, nil},
		"by object":           {rooms.AuditFilter{Object: "7.x", Before: want[4].At}, want[5:]},
		"from":                {rooms.AuditFilter{From: want[1].At}, want[:2]},
		"before":              {rooms.AuditFilter{Before: want[5].At}, want[6:]},
		"nobody's":            {rooms.AuditFilter{Actor: "' OR 1=1 --"}, nil},
		"what can't be there": {rooms.AuditFilter{Object: "7.x\x00"}, nil},
	} {
		got, _, err := s.Audit(t.Context(), tt.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(append([]rooms.AuditEntry(nil), tt.want...), append([]rooms.AuditEntry(nil), got...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n, err := s.PruneAudit(t.Context(), want[3].At); err != nil || n != 3 {
		t.Errorf("pruned %d, %v; want 3", n, err)
	}
	same(t, want[:4], listAudit(t, s, rooms.AuditFilter{}))
}

// listAudit reads a listing in pages of two.
func listAudit(t *testing.T, s rooms.Store, f rooms.AuditFilter) []rooms.AuditEntry {
	t.Helper()
	var all []rooms.AuditEntry
	f.Limit = 2
	for {
		page, more, err := s.Audit(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if !more {
			return all
		}
		f.After = page[len(page)-1].ID
	}
}
