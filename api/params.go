package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// param returns a part of the path, unescaped.
func param(c echo.Context, name string) string {
	value := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return value // it was matched unescaped
	}
	plain, err := url.PathUnescape(value)
	if err != nil {
		return value
	}
	return plain
}

// query reads the query of a request, all of it or none.
func query(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the query is malformed")
	}
	return values, nil
}

// timeParam reads a time of a query; zero when it is left out.
func timeParam(values url.Values, name string) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, &rooms.FieldError{Field: name, Problem: "must be a time as in RFC 3339"}
	}
	return at, nil
}

// limitParam reads how much a page is to hold; 0 when it is left out.
func limitParam(values url.Values) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 500 {
		return 0, &rooms.FieldError{Field: "limit", Problem: "must be 1 to 500"}
	}
	return n, nil
}

// seedParams reads the parameters of a seed route: the query, and over it the
// fields of a form or JSON body. Of a repeated parameter the last counts.
func seedParams(r *http.Request) (map[string]string, error) {
	values, err := query(r)
	if err != nil {
		return nil, err
	}
	params := map[string]string{}
	takeLast(params, values)
	if r.Method != http.MethodPost {
		return params, nil
	}
	kind := r.Header.Get(echo.HeaderContentType)
	media, _, err := mime.ParseMediaType(kind)
	if kind != "" && err != nil {
		return nil, refuse(http.StatusUnsupportedMediaType, "the Content-Type is malformed")
	}
	switch media {
	case echo.MIMEApplicationForm:
		err = r.ParseForm()
		takeLast(params, r.PostForm)
	case echo.MIMEMultipartForm:
		err = r.ParseMultipartForm(maxBody)
		if err == nil {
			takeLast(params, r.MultipartForm.Value)
			err = r.MultipartForm.RemoveAll()
		}
	case echo.MIMEApplicationJSON:
		return params, takeJSON(params, r.Body)
	default:
		err = nothingElse(r.Body)
	}
	return params, bodyProblem(err)
}

func takeLast(params map[string]string, values url.Values) {
	for name, all := range values {
		params[name] = all[len(all)-1]
	}
}

// takeJSON reads an object of texts and numbers.
func takeJSON(params map[string]string, body io.Reader) error {
	var fields map[string]any
	dec := json.NewDecoder(body)
	dec.UseNumber() // 60.5 and 1e9 must arrive as they were written
	if err := dec.Decode(&fields); err != nil {
		return bodyProblem(err)
	}
	if err := endOf(dec); err != nil {
		return err
	}
	for name, value := range fields {
		switch value := value.(type) {
		case string:
			params[name] = value
		case json.Number:
			params[name] = value.String()
		case nil:
		default:
			return refuse(http.StatusBadRequest, fmt.Sprintf("%.64q must be a text or a number", name))
		}
	}
	return nil
}

// nothingElse refuses a body whose type says nothing about its parameters.
func nothingElse(body io.Reader) error {
	var one [1]byte
	if n, err := body.Read(one[:]); n > 0 {
		return refuse(http.StatusUnsupportedMediaType, "send parameters in the query, as a form or as JSON")
	} else if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// readJSON reads a request's body as one T, and nothing that T does not know.
func readJSON[T any](c echo.Context) (T, error) {
	var body T
	media, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || media != echo.MIMEApplicationJSON {
		return body, refuse(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	dec := json.NewDecoder(c.Request().Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return body, bodyProblem(err)
	}
	return body, endOf(dec)
}

func endOf(dec *json.Decoder) error {
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "the body must hold one JSON object")
	}
	return nil
}

// bodyProblem puts what is wrong with a body into words for its sender.
func bodyProblem(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return refuse(http.StatusBadRequest, fmt.Sprintf("%s must not be a %s", e.Field, e.Value))
	}
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return refuse(http.StatusBadRequest, fmt.Sprintf("there is no field %.80s", field))
	}
	return refuse(http.StatusBadRequest, "the body is malformed")
}
