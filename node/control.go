package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/internal/peer"
	"entente/statement"
)

const (
	// ControlSocket is the unix socket in the data folder by which the party's
	// own commands reach the running node.
	ControlSocket = "control.sock"
	// controlPath names a socket that lies elsewhere, because the system
	// limits the length of socket paths.
	controlPath   = "control.path"
	maxSocketPath = 100
)

// listenControl opens the control socket. A socket that a crash left behind is
// replaced, one that answers is not.
func listenControl(dir string, listen func(network, address string) (net.Listener, error)) (net.Listener, error) {
	path, err := filepath.Abs(filepath.Join(dir, ControlSocket))
	if err != nil {
		return nil, err
	}
	note := filepath.Join(dir, controlPath)
	if old, err := os.ReadFile(note); err == nil {
		if err := clearSocket(dir, strings.TrimSpace(string(old))); err != nil {
			return nil, err
		}
		_ = os.Remove(filepath.Dir(strings.TrimSpace(string(old)))) // empty now, or not ours
		if err := os.Remove(note); err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	if len(path) > maxSocketPath {
		short, err := os.MkdirTemp("", "entente-") // mode 0700
		if err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
		path = filepath.Join(short, ControlSocket)
		if err := os.WriteFile(note, []byte(path+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	if err := clearSocket(dir, path); err != nil {
		return nil, err
	}
	l, err := listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("control socket: %w", err), l.Close())
	}
	return l, nil
}

// clearSocket removes a socket that nobody answers on.
func clearSocket(dir, path string) error {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return fmt.Errorf("%s: %w", dir, ErrRunning)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("control socket: %w", err)
	}
	return nil
}

// ErrRunning says that a node runs in a data folder.
var ErrRunning = errors.New("a node runs in this folder")

// Connect returns a client of the node that runs in a data folder; that one
// answers shows with the first request (api.ErrNoNode).
func Connect(dir string) *api.Client {
	return api.NewClient(func(ctx context.Context) (net.Conn, error) {
		path := filepath.Join(dir, ControlSocket)
		if short, err := os.ReadFile(filepath.Join(dir, controlPath)); err == nil {
			path = strings.TrimSpace(string(short))
		}
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", path)
	})
}

// serveControl answers the party's own commands until ctx ends.
func (n *Node) serveControl(ctx context.Context, l net.Listener) error {
	var under inFlight
	defer under.wait()
	s := &http.Server{
		Handler: under.count(api.Handler(n.Control())), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return fmt.Errorf("serve the control socket: %w", err)
	}
	return nil
}

// Control returns what the party's own commands may ask of this node.
func (n *Node) Control() api.Node { return control{n} }

// control implements api.Node; its other methods stand in share.go, status.go
// and offline_*.go.
type control struct{ n *Node }

var _ api.Node = control{}

func (c control) Bundle(ctx context.Context, party string, index uint64) ([]byte, error) {
	if party == "" {
		party = c.n.self.ID
	}
	b, err := c.n.whole().Bundle(ctx, party, index)
	if errors.Is(err, console.ErrNotFound) {
		return nil, statement.Refuse(statement.CodeRequest, "no statement %d of %.40s under a checkpoint here", index, party)
	}
	return b, err
}

func (c control) Link(_ context.Context, user string) (string, error) { return c.n.EntryLink(user) }

func (c control) Users(context.Context) ([]api.User, error) {
	out := []api.User{}
	for _, u := range c.n.people.users.List() {
		one := api.User{Name: u.Name, Roles: []string{}, Clearance: string(u.Sees())}
		for _, r := range u.Roles {
			one.Roles = append(one.Roles, string(r))
		}
		out = append(out, one)
	}
	return out, nil
}

func (c control) PutUser(_ context.Context, u api.User) error {
	one := console.User{Name: u.Name}
	if u.Clearance != "" {
		var err error
		if one.Clearance, err = border.ParseMarking(u.Clearance); err != nil {
			return err
		}
	}
	for _, r := range u.Roles {
		one.Roles = append(one.Roles, console.Role(r))
	}
	if !one.Has(console.RoleAdministrator) && c.lastAdministrator(u.Name) {
		return statement.Refuse(statement.CodeRequest, "%.64q is the last administrator; make another one first", u.Name)
	}
	return c.n.people.users.Put(one)
}

func (c control) RemoveUser(_ context.Context, name string) error {
	if _, ok := c.n.people.users.Find(name); !ok {
		return statement.Refuse(statement.CodeRequest, "no user %.64q", name)
	}
	if c.lastAdministrator(name) {
		return statement.Refuse(statement.CodeRequest, "%.64q is the last administrator; make another one first", name)
	}
	return c.n.people.users.Remove(name)
}

// lastAdministrator says that without this user nobody would be one.
func (c control) lastAdministrator(name string) bool {
	last := false
	for _, u := range c.n.people.users.List() {
		if u.Has(console.RoleAdministrator) {
			if u.Name != name {
				return false
			}
			last = true
		}
	}
	return last
}

// Wire answers from this node's logs as the partner port does. What is served
// there is served here: parts stay sealed.
func (c control) Wire(ctx context.Context, path string) ([]byte, error) {
	b, err := c.local().Get(ctx, path, maxWire)
	var absent *peer.Error
	if errors.As(err, &absent) {
		return nil, statement.Refuse(statement.CodeRequest, "%.200s is not here", path)
	}
	return b, err
}

const maxWire = 64 << 20

func (c control) local() peer.Local { return peer.Local{Backend: c.n.backend, Party: c.n.self.ID} }

func (c control) Override(ctx context.Context, r api.ReasonRequest) error {
	if r.Officer == "" || r.Reason == "" {
		return statement.Refuse(statement.CodeField, "an override names an officer and a reason")
	}
	return c.n.override(ctx, r.Officer, r.Reason)
}

func (c control) CarryOut(ctx context.Context, w io.Writer) error { return c.n.carryOut(ctx, w) }

func (c control) CarryIn(ctx context.Context, r io.Reader) (api.Carried, error) {
	spool, err := os.CreateTemp(c.n.cfg.Dir, ".stick-*")
	if err != nil {
		return api.Carried{}, fmt.Errorf("keep the stick's bytes: %w", err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	size, err := io.Copy(spool, r)
	if err != nil {
		return api.Carried{}, fmt.Errorf("keep the stick's bytes: %w", err)
	}
	return c.n.carryIn(ctx, spool, size)
}

func (c control) Backup(ctx context.Context, w io.Writer, archive bool) error {
	return c.n.backup(ctx, w, archive)
}
