package plenum_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the house as docs/adr/0001-layout-and-import-arrows.md has it:
// which of our packages a part may import beside those of its own. A part is a
// top-level folder.
var mayImport = map[string][]string{
	"cmd":       {"api", "load", "signaling", "recording", "rooms", "sfu", "static"},
	"api":       {"signaling", "recording", "rooms", "static"},
	"signaling": {"rooms", "sfu", "recording"},
	"recording": {"sfu", "rooms"},
	"rooms":     {},
	"sfu":       {},
	"static":    {},
	"load":      {"signaling", "sfu"}, // of them only what is on the wire: protocol, packet, codec
	"test":      {"api", "cmd", "load", "recording", "rooms", "sfu", "signaling", "static"},
}

// mayNotImport lists what a part must not know of the outside, by prefix.
var mayNotImport = map[string][]string{
	"sfu":       {"github.com/labstack", "database/sql", "modernc.org/sqlite", "github.com/jackc"},
	"recording": {"github.com/labstack", "database/sql", "modernc.org/sqlite", "github.com/jackc"},
	"signaling": {"github.com/labstack", "database/sql", "modernc.org/sqlite", "github.com/jackc"},
	"rooms":     {"github.com/labstack", "net/http", "github.com/pion"},
}

type goPackage struct {
	ImportPath   string
	Doc          string
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// TestImportArrows fails when a package imports against the arrows of the house.
func TestImportArrows(t *testing.T) {
	for _, p := range packages(t) {
		part := partOf(p.ImportPath)
		if part == "" {
			continue
		}
		allowed, known := mayImport[part]
		if !known {
			t.Errorf("%s: %q is no part of the house; add it to mayImport and to ADR 1", p.ImportPath, part)
			continue
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if to := partOf(imported); to != "" && to != part && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may not import %s", p.ImportPath, imported, part, to)
			}
			for _, prefix := range mayNotImport[part] {
				if imported == prefix || strings.HasPrefix(imported, prefix+"/") {
					if !exempt(p.ImportPath, imported) {
						t.Errorf("%s imports %s, which %s must not know", p.ImportPath, imported, part)
					}
				}
			}
		}
	}
}

// exempt names the packages whose purpose is the thing their part must not know.
func exempt(pkg, imported string) bool {
	store := strings.HasPrefix(pkg, "plenum/rooms/sqlite") || strings.HasPrefix(pkg, "plenum/rooms/postgres") ||
		strings.HasPrefix(pkg, "plenum/rooms/internal")
	return store && !strings.HasPrefix(imported, "github.com/labstack")
}

// TestPackagesHaveDocs fails when a package does not say what it is for.
func TestPackagesHaveDocs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package doc", p.ImportPath)
		}
	}
}

// partOf returns the top-level folder of one of our packages, else "".
func partOf(path string) string {
	rest, ours := strings.CutPrefix(path, "plenum/")
	if !ours {
		return ""
	}
	part, _, _ := strings.Cut(rest, "/")
	return part
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list",
		"-json=ImportPath,Doc,GoFiles,Imports,TestImports,XTestImports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") { // npm packages that carry Go files
			all = append(all, p)
		}
	}
	if len(all) < 4 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}
