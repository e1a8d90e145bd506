package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract is openapi.yaml as a validator that is not ours reads it, made strict:
// a field that a schema does not name is wrong unless it allows others.
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(openAPI)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if err := doc.Validate(loader.Context, openapi3.EnableExamplesValidation(), openapi3.EnableMultiError()); err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	seen := map[*openapi3.Schema]bool{}
	for _, path := range doc.Paths.Map() {
		for _, o := range path.Operations() {
			for _, r := range o.Responses.Map() {
				for _, media := range r.Value.Content {
					closeSchema(media.Schema, seen)
				}
			}
		}
	}
	return doc, nil
})

// closeSchema forbids the fields that a schema and those in it do not name.
func closeSchema(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	schema := ref.Value
	seen[schema] = true
	if others := &schema.AdditionalProperties; len(schema.Properties) > 0 && others.Has == nil && others.Schema == nil {
		others.Has = new(bool)
	}
	for _, property := range schema.Properties {
		closeSchema(property, seen)
	}
	closeSchema(schema.Items, seen)
}

// TestDescriptionIsValid has a validator that is not ours read the description,
// and every example in it.
func TestDescriptionIsValid(t *testing.T) {
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("the description is written in OpenAPI %s", doc.OpenAPI)
	}
}

// asDescribed says what is wrong with an answer under /api/ by the description.
// Every answer that a test of this package gets goes through it.
func asDescribed(a answer) error {
	doc, err := contract()
	if err != nil || a.Request.Method == http.MethodHead {
		return err
	}
	o := operationOf(doc, a.Request.Method, a.Request.URL)
	if o == nil {
		return nil // it is no route of the description
	}
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	described := o.Responses.Status(a.StatusCode)
	if described == nil {
		return undescribed(doc, a, kind)
	}
	content := described.Value.Content
	if len(content) == 0 {
		if a.body != "" {
			return fmt.Errorf("answer %d has a body, which is not described", a.StatusCode)
		}
		return nil
	}
	media := content[kind]
	if media == nil {
		media = content["*/*"]
	}
	if media == nil {
		return fmt.Errorf("the type %q of answer %d is not described", kind, a.StatusCode)
	}
	return conforms(media.Schema, a, kind)
}

// undescribed holds answers that any operation may give to the shape they share.
func undescribed(doc *openapi3.T, a answer, kind string) error {
	switch a.StatusCode {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
	default:
		return fmt.Errorf("answer %d is not described", a.StatusCode)
	}
	if kind != "application/problem+json" {
		return fmt.Errorf("answer %d is %q, no problem", a.StatusCode, kind)
	}
	return conforms(doc.Components.Schemas["Problem"], a, kind)
}

// conforms holds a JSON body to its schema.
func conforms(schema *openapi3.SchemaRef, a answer, kind string) error {
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	var body any
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	return schema.Value.VisitJSON(body, openapi3.EnableJSONSchema2020(), openapi3.EnableFormatValidation(),
		openapi3.MultiErrors(), openapi3.VisitAsResponse())
}

// operationOf finds the operation that a request was for, or nil.
func operationOf(doc *openapi3.T, method string, at *url.URL) *openapi3.Operation {
	parts := strings.Split(at.EscapedPath(), "/")
	for _, template := range doc.Paths.InMatchingOrder() {
		wanted := strings.Split(template, "/")
		if slices.EqualFunc(wanted, parts, func(want, part string) bool {
			return want == part || strings.HasPrefix(want, "{") && part != ""
		}) {
			if o := doc.Paths.Value(template).GetOperation(method); o != nil {
				return o
			}
		}
	}
	return nil
}

// TestContractNotices feeds answers that are not as described to the check that
// all answers go through.
func TestContractNotices(t *testing.T) {
	attendant := `{"channel_name":"a!b","user":"","details":{"my_id":"bob"},"connected_at":"2018-04-03T12:14:21.276Z"}`
	for name, tt := range map[string]struct {
		status     int
		kind, body string
		right      bool
	}{
		"as it should be":      {200, "application/json", `{"attendants":[` + attendant + `]}`, true},
		"an open object":       {200, "application/json", `{"attendants":[` + strings.Replace(attendant, `"my_id"`, `"x":"y","my_id"`, 1) + `]}`, true},
		"a problem":            {401, "application/problem+json", `{"type":"a","title":"b","status":401,"detail":"c"}`, true},
		"an unwritten problem": {503, "application/problem+json", `{"type":"a","title":"b","status":503,"detail":"c"}`, true},
		"a missing field":      {200, "application/json", `{}`, false},
		"a field too many":     {200, "application/json", `{"attendants":[],"secret":1}`, false},
		"one within":           {200, "application/json", `{"attendants":[` + strings.Replace(attendant, `"user"`, `"secret":1,"user"`, 1) + `]}`, false},
		"a wrong type":         {200, "application/json", `{"attendants":{}}`, false},
		"a number as a detail": {200, "application/json", `{"attendants":[` + strings.Replace(attendant, `"bob"`, `7`, 1) + `]}`, false},
		"no time":              {200, "application/json", `{"attendants":[` + strings.Replace(attendant, `2018-`, ``, 1) + `]}`, false},
		"null for a list":      {200, "application/json", `{"attendants":null}`, false},
		"no JSON":              {200, "application/json", `{`, false},
		"another type":         {200, "text/plain", `ok`, false},
		"another status":       {201, "application/json", `{"attendants":[]}`, false},
		"a plain failure":      {503, "text/plain", `no`, false},
		"half a problem":       {401, "application/problem+json", `{"status":401}`, false},
	} {
		err := asDescribed(answer{&http.Response{
			StatusCode: tt.status, Header: http.Header{"Content-Type": {tt.kind}},
			Request: &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/api/v1/attendants"}},
		}, tt.body})
		if (err == nil) != tt.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}
