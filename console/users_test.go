package console

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestUsersAreKept(t *testing.T) {
	var kept []byte
	save := func(b []byte) error { kept = slices.Clone(b); return nil }
	u, err := NewUsers(nil, save)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []User{{Name: "orlova", Roles: []Role{RoleAnalyst}}, {Name: "smith", Roles: []Role{RoleObserver, RoleOfficial}}, {Name: "orlova", Roles: []Role{RoleApprover}}} {
		if err := u.Put(one); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Remove("nobody"); err != nil {
		t.Fatal(err)
	}
	again, err := NewUsers(kept, save)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.List(); len(got) != 2 || !got[0].Has(RoleApprover) || got[0].Has(RoleAnalyst) || !got[1].Has(RoleOfficial) {
		t.Errorf("%+v", got)
	}
}

func TestFailedSaveChangesNothing(t *testing.T) {
	full := errors.New("disk full")
	u, err := NewUsers(nil, func([]byte) error { return full })
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Put(User{Name: "orlova", Roles: []Role{RoleAnalyst}}); !errors.Is(err, full) {
		t.Errorf("put: %v", err)
	}
	if _, ok := u.Find("orlova"); ok {
		t.Error("a user that was not saved is there")
	}
}

func TestBadUsersAreRefused(t *testing.T) {
	u, err := NewUsers(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []User{{Name: "", Roles: []Role{RoleAnalyst}}, {Name: "a b", Roles: []Role{RoleAnalyst}}, {Name: strings.Repeat("x", 65), Roles: []Role{RoleAnalyst}}, {Name: "x", Roles: []Role{RoleAnalyst}, Clearance: "TLP:PURPLE"}, {Name: "x", Roles: nil}, {Name: "x", Roles: []Role{"root"}}, {Name: "<b>", Roles: []Role{RoleAnalyst}}} {
		if err := u.Put(bad); !errors.Is(err, ErrUser) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	for _, data := range []string{`{`, `[{"name":"x","roles":["root"]}]`, `[{"name":"x","roles":["analyst"]},{"name":"x","roles":["analyst"]}]`, strings.Repeat(" ", maxUsersJSON+1)} {
		if _, err := NewUsers([]byte(data), nil); err == nil {
			t.Errorf("%.40q is taken", data)
		}
	}
}
