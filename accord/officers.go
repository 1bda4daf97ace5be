package accord

import (
	"encoding/base64"
	"slices"

	"entente/statement"
)

// The roles of officers.
const (
	RoleDuty      = "duty"
	RoleAnalyst   = "analyst"
	RoleApprover  = "approver"
	RoleDelegate  = "delegate" // may consent
	RoleHead      = "head"     // charter, officers and exit
	RoleArchivist = "archivist"
)

// Roles lists them all.
func Roles() []string {
	return []string{RoleDuty, RoleAnalyst, RoleApprover, RoleDelegate, RoleHead, RoleArchivist}
}

// Officers is the body of officers/v1: the whole list of who may sign what for
// the party whose log it stands in, and who can be reached. The first list of a
// log rules at once; a later one needs two officers of the list before it, one
// of them a head, and rules only after Rules.OfficersDelay, so that a stolen
// key can be contested (a position revoke on it by a head stops it).
type Officers struct {
	Officers []Officer `json:"officers"`
	Contacts []Contact `json:"contacts"` // in the order in which they are called
}

// Officer is one person's powers and keys.
type Officer struct {
	ID    string       `json:"id"`
	Name  string       `json:"name"`
	Roles []string     `json:"roles"`
	Keys  []OfficerKey `json:"keys"`
}

// OfficerKey is one key that signs approvals.
type OfficerKey struct {
	Form string `json:"form"` // ed25519 (a file or an ssh-agent), webauthn-es256, webauthn-ed25519
	Key  string `json:"key"`  // base64: 32 bytes of Ed25519, or 65 bytes of an uncompressed P-256 point
	// Of a passkey: its relying party and its credential id (base64url).
	RP         string `json:"rp"`
	Credential string `json:"credential"`
}

// Contact is how a role is reached (fields after RFC 9116).
type Contact struct {
	Role      string   `json:"role"`
	Officer   string   `json:"officer"` // id
	Reach     []string `json:"reach"`   // mailto:, tel:, https: URIs
	Languages []string `json:"languages"`
	Expires   Instant  `json:"expires"`
}

// ParseOfficers decodes and checks the body of an officers list.
func ParseOfficers(body []byte) (Officers, error) {
	return parse(body, statement.MaxAct, func(o Officers) error {
		if len(o.Officers) < 2 {
			return refuse("at least two officers: no act that binds is one person's")
		}
		var ids, keys []string
		return first(
			each("officers", o.Officers, 100, func(_ int, f Officer) error {
				if slices.Contains(ids, f.ID) {
					return refuse("officer %.60q twice", f.ID)
				}
				ids = append(ids, f.ID)
				return first(word("officer", f.ID), word("name", f.Name),
					each("roles", f.Roles, 6, func(_ int, r string) error { return one("role", r, Roles()...) }),
					each("keys", f.Keys, 8, func(_ int, k OfficerKey) error {
						if slices.Contains(keys, k.Key) {
							return statement.Refuse(statement.CodeKey, "a key is one officer's")
						}
						keys = append(keys, k.Key)
						return k.check()
					}))
			}),
			each("contacts", o.Contacts, 40, func(_ int, c Contact) error {
				if !slices.Contains(ids, c.Officer) {
					return refuse("contact %.60q is not an officer", c.Officer)
				}
				return first(one("role", c.Role, Roles()...), words("reach", c.Reach, 8), words("languages", c.Languages, 12), c.Expires.check("expires", true))
			}),
		)
	})
}

func (k OfficerKey) check() error {
	raw, err := base64.StdEncoding.Strict().DecodeString(k.Key)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != k.Key {
		return statement.Refuse(statement.CodeKey, "a key is base64")
	}
	passkey := k.Form != "ed25519"
	if passkey != (k.RP != "") || passkey != (k.Credential != "") {
		return statement.Refuse(statement.CodeKey, "a passkey names its relying party and credential, another key does not")
	}
	want := 32
	if k.Form == "webauthn-es256" {
		want = 65
	}
	if len(raw) != want || want == 65 && raw[0] != 4 {
		return statement.Refuse(statement.CodeKey, "a key of form %.20q has %d bytes", k.Form, want)
	}
	return first(one("form of key", k.Form, "ed25519", "webauthn-es256", "webauthn-ed25519"), plain("relying party", k.RP), plain("credential", k.Credential))
}
