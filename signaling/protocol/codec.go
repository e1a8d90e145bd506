package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unicode/utf8"
)

// ErrUnknownType is wrapped by errors about a message whose type is not listed.
var ErrUnknownType = errors.New("unknown type")

// head is what is read of a message before its type is known.
type head struct {
	Type string          `json:"type"`
	ID   json.RawMessage `json:"id"` // a Request's is a number; the server's messages may have their own
}

// names maps the Go type of every message to its type on the wire. The two
// directions share no Go type.
var names = sync.OnceValue(func() map[reflect.Type]string {
	all := map[reflect.Type]string{}
	for _, table := range []map[string]any{ClientMessages(), ServerMessages()} {
		for name, zero := range table {
			all[reflect.TypeOf(zero)] = name
		}
	}
	return all
})

// Marshal returns msg, a message of either direction, as it goes on the wire.
func Marshal(msg any) ([]byte, error) {
	name, ok := names()[reflect.TypeOf(msg)]
	if !ok {
		return nil, fmt.Errorf("marshal %T: %w", msg, ErrUnknownType)
	}
	body, err := json.Marshal(msg)
	if err != nil {
		return nil, fmt.Errorf("marshal %s: %w", name, err)
	}
	out := make([]byte, 0, len(body)+len(name)+10)
	out = append(out, `{"type":"`...)
	out = append(out, name...)
	out = append(out, '"')
	if len(body) > len("{}") {
		out = append(out, ',')
	}
	return append(out, body[1:]...), nil
}

// DecodeClient reads a message to the server. Fields it does not know are
// ignored. The id is returned also beside an error, as far as it can be read.
func DecodeClient(data []byte) (msg any, id int, err error) {
	return decode(data, clientTypes())
}

// DecodeServer reads a message to the page.
func DecodeServer(data []byte) (any, error) {
	msg, _, err := decode(data, serverTypes())
	return msg, err
}

var (
	clientTypes = sync.OnceValue(ClientMessages)
	serverTypes = sync.OnceValue(ServerMessages)
)

func decode(data []byte, types map[string]any) (msg any, id int, err error) {
	if !utf8.Valid(data) {
		return nil, 0, errors.New("not UTF-8")
	}
	var h head
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, 0, fmt.Errorf("not a message: %w", err)
	}
	_ = json.Unmarshal(h.ID, &id) // 0 if it is no number; where it must be one, reading the message fails
	zero, ok := types[h.Type]
	if !ok {
		return nil, id, fmt.Errorf("%w %.40q", ErrUnknownType, h.Type)
	}
	v := reflect.New(reflect.TypeOf(zero))
	if err := json.Unmarshal(data, v.Interface()); err != nil {
		return nil, id, fmt.Errorf("%s: %w", h.Type, err)
	}
	return v.Elem().Interface(), id, nil
}
