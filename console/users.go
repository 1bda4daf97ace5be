package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"entente/border"
)

// Role is what a named local user may do.
type Role string

// The roles. What a user sees is up to the clearance, not the role.
const (
	RoleAnalyst       Role = "analyst"
	RoleApprover      Role = "approver"
	RoleDelegate      Role = "delegate"
	RoleOfficial      Role = "official"
	RoleObserver      Role = "observer"
	RoleAdministrator Role = "administrator"
)

// Roles returns every role in the order in which screens name them.
func Roles() []Role {
	return []Role{RoleAnalyst, RoleApprover, RoleDelegate, RoleOfficial, RoleObserver, RoleAdministrator}
}

// User is a named local user of one node.
type User struct {
	Name  string `json:"name"` // 1 to 64 bytes: letters, digits, dot, dash, underscore
	Roles []Role `json:"roles"`
	// Clearance is the strictest marking that the user may see; empty: all.
	Clearance border.Marking `json:"clearance,omitempty"`
}

// Sees is the strictest marking that the user may see.
func (u User) Sees() border.Marking { return cmp.Or(u.Clearance, border.Red) }

// Has reports whether the user holds one of the roles.
func (u User) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(u.Roles, r) })
}

// decides reports whether the user may accept and release.
func (u User) decides() bool {
	return u.Has(RoleAnalyst, RoleApprover, RoleAdministrator)
}

// speaks reports whether the user may draft and sign what is said in the accord.
// Whether a signature counts is the officers' list's to say.
func (u User) speaks() bool { return u.decides() || u.Has(RoleDelegate, RoleOfficial) }

// firstScreen is where the user starts: an observer with the record, all others
// with the watch.
func (u User) firstScreen() string {
	if u.Has(RoleObserver) && !u.decides() {
		return "/record"
	}
	return "/watch"
}

var (
	userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

	// ErrUser is returned for a name or role that cannot be.
	ErrUser = errors.New("bad user")
)

const (
	maxUsers     = 1000
	maxUsersJSON = 1 << 20
)

// Users are the named local users of one node. The node keeps them: it passes
// in what it stored last and a function that stores the next state.
type Users struct {
	save func([]byte) error

	mu   sync.RWMutex // guards list
	list []User
}

// NewUsers reads users from the JSON that save was last called with; nil data
// means none yet. A nil save keeps them in memory only.
func NewUsers(data []byte, save func([]byte) error) (*Users, error) {
	u := &Users{save: save}
	if len(data) == 0 {
		return u, nil
	}
	if len(data) > maxUsersJSON {
		return nil, fmt.Errorf("users: %d bytes: %w", len(data), ErrUser)
	}
	var list []User
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	if len(list) > maxUsers {
		return nil, fmt.Errorf("users: %d of at most %d: %w", len(list), maxUsers, ErrUser)
	}
	for _, one := range list {
		if err := one.check(); err != nil {
			return nil, err
		}
		if _, twice := u.Find(one.Name); twice {
			return nil, fmt.Errorf("user %q is there twice: %w", one.Name, ErrUser)
		}
		u.list = append(u.list, one)
	}
	return u, nil
}

func (u User) check() error {
	if !userName.MatchString(u.Name) {
		return fmt.Errorf("%w: the name %q; a name has letters, digits, dots, dashes and underscores, at most 64", ErrUser, u.Name)
	}
	if u.Clearance != "" && !slices.Contains(border.Markings(), u.Clearance) {
		return fmt.Errorf("user %q: unknown clearance %q: %w", u.Name, u.Clearance, ErrUser)
	}
	if len(u.Roles) == 0 {
		return fmt.Errorf("user %q has no role: %w", u.Name, ErrUser)
	}
	for _, r := range u.Roles {
		if !slices.Contains(Roles(), r) {
			return fmt.Errorf("user %q: unknown role %q: %w", u.Name, r, ErrUser)
		}
	}
	return nil
}

// Find returns the user with that name.
func (u *Users) Find(name string) (User, bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	i := slices.IndexFunc(u.list, func(x User) bool { return x.Name == name })
	if i < 0 {
		return User{}, false
	}
	return u.list[i], true
}

// List returns all users in the order in which they were added.
func (u *Users) List() []User {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return slices.Clone(u.list)
}

// Put adds a user, or replaces the one with that name. Sessions of
// the user have the new roles and clearance from the next request on.
func (u *Users) Put(user User) error {
	if err := user.check(); err != nil {
		return err
	}
	return u.change(func(list []User) []User {
		if i := slices.IndexFunc(list, func(x User) bool { return x.Name == user.Name }); i >= 0 {
			list[i] = user
			return list
		}
		return append(list, user)
	})
}

// Remove takes a user away; its sessions end with the next request.
func (u *Users) Remove(name string) error {
	return u.change(func(list []User) []User {
		return slices.DeleteFunc(list, func(x User) bool { return x.Name == name })
	})
}

// change saves the new state before it holds.
func (u *Users) change(edit func([]User) []User) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	next := edit(slices.Clone(u.list))
	if len(next) > maxUsers {
		return fmt.Errorf("more than %d users: %w", maxUsers, ErrUser)
	}
	if u.save != nil {
		data, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("users: %w", err)
		}
		if err := u.save(data); err != nil {
			return fmt.Errorf("save users: %w", err)
		}
	}
	u.list = next
	return nil
}
