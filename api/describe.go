package api

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"gopkg.in/yaml.v3"
)

// openAPI describes every route under /api/v1. A test holds the two together.
//
//go:embed openapi.yaml
var openAPI []byte

//go:embed docs/api.html docs/api.css
var docsFiles embed.FS

// description is as much of an OpenAPI file as its page shows.
type description struct {
	Info struct {
		Title       string `yaml:"title"`
		Version     string `yaml:"version"`
		Description string `yaml:"description"`
	} `yaml:"info"`
	Paths      ordered[pathItem] `yaml:"paths"`
	Components struct {
		Parameters map[string]parameter    `yaml:"parameters"`
		Responses  map[string]response     `yaml:"responses"`
		Schemas    ordered[describedShape] `yaml:"schemas"`
	} `yaml:"components"`
}

type pathItem struct {
	Parameters []parameter `yaml:"parameters"`
	Get        *operation  `yaml:"get"`
	Post       *operation  `yaml:"post"`
	Patch      *operation  `yaml:"patch"`
	Delete     *operation  `yaml:"delete"`
}

// Operations returns what the path has, by method.
func (p pathItem) Operations() ordered[*operation] {
	var all ordered[*operation]
	for _, o := range []named[*operation]{{"GET", p.Get}, {"POST", p.Post}, {"PATCH", p.Patch}, {"DELETE", p.Delete}} {
		if o.Value != nil {
			all = append(all, o)
		}
	}
	return all
}

type operation struct {
	ID          string            `yaml:"operationId"`
	Summary     string            `yaml:"summary"`
	Description string            `yaml:"description"`
	Parameters  []parameter       `yaml:"parameters"`
	Body        *content          `yaml:"requestBody"`
	Responses   ordered[response] `yaml:"responses"`
	Access      struct {          // the status of the example, by who asks
		Anonymous int `yaml:"anonymous"`
		Own       int `yaml:"own"`
		Foreign   int `yaml:"foreign"`
		Admin     int `yaml:"admin"`
	} `yaml:"x-access"`
}

type parameter struct {
	Ref         string         `yaml:"$ref"`
	Name        string         `yaml:"name"`
	In          string         `yaml:"in"`
	Description string         `yaml:"description"`
	Schema      describedShape `yaml:"schema"`
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string `yaml:"description"`
	content     `yaml:",inline"`
}

type content struct {
	Content map[string]struct {
		Schema  *describedShape `yaml:"schema"`
		Example yaml.Node       `yaml:"example"`
	} `yaml:"content"`
}

// JSON returns the shape of the JSON that is sent, or nil.
func (c *content) JSON() *describedShape {
	if c == nil {
		return nil
	}
	return c.Content["application/json"].Schema
}

// A describedShape is a JSON schema.
type describedShape struct {
	Ref         string                  `yaml:"$ref"`
	Type        string                  `yaml:"type"`
	Format      string                  `yaml:"format"`
	Description string                  `yaml:"description"`
	Enum        []string                `yaml:"enum"`
	Required    []string                `yaml:"required"`
	Properties  ordered[describedShape] `yaml:"properties"`
	Items       *describedShape         `yaml:"items"`
	Others      any                     `yaml:"additionalProperties"`
}

// Name returns the name of the schema that is referred to, or "".
func (s *describedShape) Name() string { return refName(s.Ref) }

// Kind says in a few words what is expected.
func (s *describedShape) Kind() string {
	switch {
	case len(s.Enum) > 0:
		return strings.Join(s.Enum, ", ")
	case s.Format == "date-time":
		return "time"
	}
	return s.Type
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// ordered is a YAML mapping in the order it was written in.
type ordered[T any] []named[T]

type named[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML reads a mapping.
func (o *ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		entry := named[T]{Name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&entry.Value); err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
		*o = append(*o, entry)
	}
	return nil
}

// describe reads the description. What it refers to is put in its place, but
// for schemas, which the page links to.
var describe = sync.OnceValues(func() (*description, error) {
	d := &description{}
	if err := yaml.Unmarshal(openAPI, d); err != nil {
		return nil, fmt.Errorf("read the API's description: %w", err)
	}
	for _, path := range d.Paths {
		d.resolve(path.Value.Parameters)
		for _, o := range path.Value.Operations() {
			d.resolve(o.Value.Parameters)
			for i, r := range o.Value.Responses {
				if r.Value.Ref != "" {
					o.Value.Responses[i].Value = d.Components.Responses[refName(r.Value.Ref)]
				}
			}
		}
	}
	return d, nil
})

func (d *description) resolve(all []parameter) {
	for i, p := range all {
		if p.Ref != "" {
			all[i] = d.Components.Parameters[refName(p.Ref)]
		}
	}
}

// describedPage is the description for people, made once.
var describedPage = sync.OnceValues(func() (string, error) {
	d, err := describe()
	if err != nil {
		return "", err
	}
	page, err := template.ParseFS(docsFiles, "docs/api.html")
	if err != nil {
		return "", fmt.Errorf("read the page about the API: %w", err)
	}
	var text strings.Builder
	if err := page.Execute(&text, d); err != nil {
		return "", fmt.Errorf("write the page about the API: %w", err)
	}
	return text.String(), nil
})

// describeRoutes registers the description, and its page.
func (s *Server) describeRoutes() {
	s.get("/api/v1/openapi.yaml", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/yaml", openAPI)
	})
	s.get("/docs/api", func(c echo.Context) error {
		page, err := describedPage()
		if err != nil {
			return err
		}
		return c.HTML(http.StatusOK, page)
	})
	s.get("/docs/api.css", func(c echo.Context) error {
		style, err := docsFiles.ReadFile("docs/api.css")
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "text/css; charset=utf-8", style)
	})
}
