package node

import "unicode/utf8"

// exactText holds bytes of a log in JSON so that they come back as they were: as
// text where they are UTF-8, else in base 64. JSON alone would replace what is none.
type exactText struct {
	Raw   string `json:"raw,omitempty"`
	Bytes []byte `json:"raw_base64,omitempty"`
}

func exactly(b []byte) exactText {
	if utf8.Valid(b) {
		return exactText{Raw: string(b)}
	}
	return exactText{Bytes: b}
}
