package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// yamlFlags are the flags that a file sets. The command line and the
// environment come before it.
type yamlFlags map[string]any

// readYAML reads a file of flags.
func readYAML(r io.Reader) (kong.Resolver, error) {
	flags := yamlFlags{}
	if err := yaml.NewDecoder(r).Decode(&flags); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return flags, nil
}

// Validate refuses names that no command knows, which are most likely misspelt.
func (f yamlFlags) Validate(app *kong.Application) error {
	var known []string
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Name)
		}
		return next(nil)
	})
	for name := range f {
		if !slices.Contains(known, name) {
			return fmt.Errorf("the configuration names %q, which is no flag", name)
		}
	}
	return nil
}

// Resolve returns the file's value of a flag, nil if it has none.
func (f yamlFlags) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f[flag.Name]
	if !ok {
		return nil, nil //nolint:nilnil // kong asks for nil when there is no value
	}
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // as above: the environment comes first
		}
	}
	switch value.(type) {
	case []any, map[string]any: // a list for a flag that takes JSON
		if flag.Target.Kind() == reflect.String {
			text, err := json.Marshal(value)
			return string(text), err
		}
	}
	return value, nil
}
