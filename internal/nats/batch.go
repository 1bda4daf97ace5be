package nats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Batch is a run of lines of one source: the bytes [From, To) of one incarnation.
type Batch struct {
	Source     string          `json:"source"`
	Path       string          `json:"path"`
	Generation int             `json:"generation"`
	From       int64           `json:"from"`
	To         int64           `json:"to"`
	Format     string          `json:"format"`
	State      []byte          `json:"state,omitempty"` // of the parser before the first line
	Modified   time.Time       `json:"modified"`
	Position   json.RawMessage `json:"position"` // where the shipper goes on
	Lost       string          `json:"lost,omitempty"`
	Lines      []Line          `json:"lines"`
}

// Line is one line of a batch.
type Line struct {
	Number int64  `json:"n"`
	Offset int64  `json:"o"`
	Size   int64  `json:"s"`
	Length int    `json:"l"`           // bytes of Raw
	Why    string `json:"w,omitempty"` // code of the reason why it cannot be parsed, found by the shipper
	Raw    []byte `json:"-"`
}

// ID names the batch for ever.
func (b *Batch) ID() string {
	return token(b.Source) + "." + strconv.Itoa(b.Generation) + "." + strconv.FormatInt(b.From, 10)
}

// Limits of a message, foreign like all others.
const (
	maxLines = 1 << 16
	maxBatch = 32 << 20
)

// encode writes the head as one line of JSON and behind it the bytes of the lines.
func (b *Batch) encode() ([]byte, error) {
	for i := range b.Lines {
		b.Lines[i].Length = len(b.Lines[i].Raw)
	}
	out, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	out = append(out, '\n')
	for _, l := range b.Lines {
		out = append(out, l.Raw...)
	}
	return out, nil
}

func decode(data []byte) (*Batch, error) {
	head, rest, ok := bytes.Cut(data, []byte("\n"))
	b := new(Batch)
	if len(data) > maxBatch || !ok || json.Unmarshal(head, b) != nil {
		return nil, ErrBatch
	}
	if len(b.Lines) > maxLines || b.Source == "" || b.From < 0 || b.To < b.From || b.Generation < 0 {
		return nil, fmt.Errorf("%w: bounds", ErrBatch)
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Length < 0 || l.Length > len(rest) || l.Offset < b.From || l.Offset > b.To {
			return nil, fmt.Errorf("%w: line %d", ErrBatch, i)
		}
		l.Raw, rest = rest[:l.Length:l.Length], rest[l.Length:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrBatch, len(rest))
	}
	return b, nil
}
