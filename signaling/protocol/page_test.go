package protocol

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readPage returns docs/protocol.md.
func readPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section returns what stands under a second-level heading.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/protocol.md has no section %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

var (
	entry   = regexp.MustCompile("(?m)^### `([a-z_]+)`$")
	example = regexp.MustCompile("(?s)```json\n(.*?)```")
)

// TestExamples holds every example of the page to its struct: no field too
// many, none missing.
func TestExamples(t *testing.T) {
	page := readPage(t)
	checked := 0
	for heading, types := range map[string]map[string]any{
		"Messages to the server": ClientMessages(), "Messages to the page": ServerMessages(),
	} {
		text := section(t, page, heading)
		heads := entry.FindAllStringSubmatchIndex(text, -1)
		seen := map[string]bool{}
		for i, at := range heads {
			name, end := text[at[2]:at[3]], len(text)
			if i+1 < len(heads) {
				end = heads[i+1][0]
			}
			examples := example.FindAllStringSubmatch(text[at[1]:end], -1)
			zero, known := types[name]
			if !known || len(examples) != 1 {
				t.Errorf("%s: %s has %d examples and is known: %v; want one of a known message", heading, name, len(examples), known)
				continue
			}
			seen[name] = true
			checked++
			checkExample(t, name, zero, examples[0][1])
		}
		for name := range types {
			if !seen[name] {
				t.Errorf("%s: nothing about %s", heading, name)
			}
		}
	}
	if all := len(example.FindAllString(page, -1)); all != checked {
		t.Errorf("%d of %d examples were checked", checked, all)
	}
}

// checkExample decodes an example strictly and encodes it again: both must be
// the same.
func checkExample(t *testing.T, name string, zero any, text string) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if fields["type"] != name {
		t.Errorf("%s: the example's type is %v", name, fields["type"])
	}
	delete(fields, "type")
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	msg := reflect.New(reflect.TypeOf(zero))
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(msg.Interface()); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	again, err := json.Marshal(msg.Elem().Interface())
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(again, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fields, back); diff != "" {
		t.Errorf("%s is not whole (-example +struct):\n%s", name, diff)
	}
}

// TestPageNamesEveryConstant holds the page to the closed lists.
func TestPageNamesEveryConstant(t *testing.T) {
	page := readPage(t)
	file, err := parser.ParseFile(token.NewFileSet(), "protocol.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Type == nil || len(spec.Values) != 1 {
			return true
		}
		kind, value := spec.Type.(*ast.Ident).Name, strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		if kind == "Role" {
			return true // told in words
		}
		found++
		if !strings.Contains(page, "`"+value+"`") {
			t.Errorf("docs/protocol.md says nothing about %s %q", kind, value)
		}
		return true
	})
	if found < 19 {
		t.Errorf("only %d constants were found", found)
	}
}
