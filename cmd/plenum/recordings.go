package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type recordingsCmd struct {
	List   recordingsListCmd   `cmd:"" help:"List the recordings."`
	Verify recordingsVerifyCmd `cmd:"" help:"Read every file and compare it with what was recorded."`
	Repair recordingsRepairCmd `cmd:"" help:"Rebuild a recording from its journal and files, as a start of the server does."`
	Render recordingsRenderCmd `cmd:"" help:"Make a file of a recording's tracks: one voice mix, one picture of the meeting and others."`
	Export recordingsExportCmd `cmd:"" help:"Write a recording with all its files to a ZIP."`
}

type recordingsListCmd struct{ data }

// listed is what the list shows of a manifest.
type listed struct {
	ID         string    `json:"id"`
	Room       string    `json:"room"`
	Title      string    `json:"title"`
	State      string    `json:"state"`
	T0         time.Time `json:"t0_utc"`
	DurationUS int64     `json:"duration_us"`
	Tracks     []struct {
		Bytes int64 `json:"bytes"`
	} `json:"tracks"`
}

// Run lists the recordings, newest first. It reads the manifests and opens no
// library: a library repairs what it finds, and the server may be recording.
func (c *recordingsListCmd) Run(term terminal) error {
	all, err := readManifests(filepath.Join(c.Data, "recordings"))
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b listed) int { return b.T0.Compare(a.T0) })
	table := tabwriter.NewWriter(term.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTARTED\tLENGTH\tSTATE\tTRACKS\tBYTES\tTITLE")
	for _, r := range all {
		var bytes int64
		for _, t := range r.Tracks {
			bytes += t.Bytes
		}
		length := (time.Duration(r.DurationUS) * time.Microsecond).Round(time.Second)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", r.ID, r.T0.UTC().Format(time.RFC3339), length, r.State,
			len(r.Tracks), bytes, strings.Join(strings.Fields(r.Title), " "))
	}
	return table.Flush()
}

func readManifests(dir string) ([]listed, error) {
	folders, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list recordings: %w", err)
	}
	var all []listed
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(dir, folder.Name(), "manifest.json"))
		if errors.Is(err, fs.ErrNotExist) || (err != nil && !folder.IsDir()) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read recording %s: %w", folder.Name(), err)
		}
		var r listed
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("read manifest of recording %s: %w", folder.Name(), err)
		}
		all = append(all, r)
	}
	return all, nil
}
