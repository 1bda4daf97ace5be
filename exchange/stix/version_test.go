package stix

import (
	"strings"
	"testing"

	"entente/statement"
)

func TestFollows(t *testing.T) {
	raw := anInd + `,"created_by_ref":"` + who + `"}`
	first, err := ParseObject([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, from, to string
		code           statement.Code
	}{
		{"later", "00.1230Z", "00.1231Z", ""},
		{"later and revoked", `00.1230Z"`, `00.1231Z","revoked":true`, ""},
		{"the same", "", "", statement.CodeField},
		{"the same instant in other digits", "00.1230Z", "00.123Z", statement.CodeField},
		{"earlier", "00.1230Z", "00.122Z", statement.CodeField},
		{"by somebody else", who, "identity--0a1b2c3d-1111-4222-8333-444455556667", CodeOwner},
		{"by nobody", `,"created_by_ref":"` + who + `"`, "", CodeOwner},
		{"created at another time", "00.000Z", "00.001Z", statement.CodeField},
		{"another object", "6a8e4f5c", "6a8e4f5d", statement.CodeField},
	} {
		next, err := ParseObject([]byte(strings.Replace(raw, c.from, c.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		err = Follows(first, next)
		if r, ok := statement.AsRefusal(err); c.code == "" && err != nil || c.code != "" && (!ok || r.Code != c.code) {
			t.Errorf("%s: %v, want %q", c.what, err, c.code)
		}
		if c.code == "" && next.Revoked {
			if err := Follows(next, next); !isCode(err, statement.CodeState) {
				t.Errorf("after revocation: %v", err)
			}
		}
		if got := CompareVersions(first, next); c.code == "" && got != -1 {
			t.Errorf("%s: compares %d", c.what, got)
		}
	}
	url, err := ParseObject([]byte(`{"type":"url","id":"url--0a1b2c3d-1111-4222-8333-444455556666","value":"http://a.example/"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := Follows(url, url); !isCode(err, statement.CodeState) || url.Version() != "" || CompareVersions(url, url) != 0 {
		t.Errorf("an observable has no versions: %v", err)
	}
}
