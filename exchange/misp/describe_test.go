package misp

import (
	"slices"
	"strings"
	"testing"
)

// TestDescribe: every type that is read or a rule is described, no other, and
// the four parts agree.
func TestDescribe(t *testing.T) {
	d := Describe()
	for _, typ := range d.Types {
		if _, read := Values(typ, "a|b"); !read && !IsRule(typ) {
			t.Errorf("%s is described and not read", typ)
		}
		def := d.Defaults[typ]
		if !slices.Contains(d.Mappings[def.Category], typ) || def.ToIDs != 1 {
			t.Errorf("%s: %+v", typ, def)
		}
	}
	for _, typ := range strings.Fields("ip-src ip-dst domain hostname url uri md5 sha1 sha256 email email-src email-dst email-reply-to domain|ip filename|sha256 sigma stix2-pattern") {
		if !slices.Contains(d.Types, typ) {
			t.Errorf("%s is read and not described", typ)
		}
	}
	if len(d.Defaults) != len(d.Types) || len(d.Categories) != len(d.Mappings) || !slices.IsSorted(d.Types) || !slices.IsSorted(d.Categories) {
		t.Errorf("%+v", d)
	}
}
