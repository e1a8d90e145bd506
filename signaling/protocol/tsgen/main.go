// Command tsgen prints the TypeScript types of the plenum.v1 protocol. It reads
// them, with their comments, from the source of package protocol:
//
//	go run ./signaling/protocol/tsgen > static/src/client/protocol.gen.ts
package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"log"
	"os"

	"golang.org/x/tools/go/packages"

	"plenum/signaling/protocol"
)

const source = "plenum/signaling/protocol"

func main() {
	if err := run(); err != nil {
		log.Fatalln("tsgen:", err)
	}
}

func run() error {
	files, err := load()
	if err != nil {
		return err
	}
	text, err := generate(files, protocol.ClientMessages(), protocol.ServerMessages())
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	if _, err := out.WriteString(text); err != nil {
		return err
	}
	return out.Flush()
}

// load parses package protocol.
func load() ([]*ast.File, error) {
	mode := packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports
	pkgs, err := packages.Load(&packages.Config{Mode: mode}, source)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", source, err)
	}
	if len(pkgs) != 1 || len(pkgs[0].Errors) > 0 {
		return nil, fmt.Errorf("load %s: %v", source, pkgs[0].Errors)
	}
	return pkgs[0].Syntax, nil
}
