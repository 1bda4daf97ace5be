package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"entente/internal/account"
)

// Tools is the listener of the own side's tools: TAXII and MISP clients, SIEMs,
// scripts. They log in with the accounts of the data folder.
type Tools struct {
	// Listen is host:port; empty means that no tool connects.
	Listen string `yaml:"listen"`
	// Certificate and Key are PEM files; without them Listen must be loopback.
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// ErrPlain says that secrets of tools would cross a network unencrypted.
var ErrPlain = errors.New("without certificate and key, tools connect on loopback only")

func (t Tools) url(at net.Addr) string {
	if t.Certificate != "" {
		return "https://" + at.String()
	}
	return "http://" + at.String()
}

// toolDoor is the listener of the tools, nil where there is none.
type toolDoor struct{ *account.Door }

// newDoor makes the door and everything behind it.
func (n *Node) newDoor(ctx context.Context) (toolDoor, error) {
	t := n.cfg.Tools
	if t.Listen == "" {
		return toolDoor{}, nil
	}
	book := account.NewBook(n.cfg.Dir, n.opt.Now, func(err error) { n.logger.Error("accounts", "error", err) })
	mounts, err := n.mounts(ctx)
	if err != nil {
		return toolDoor{}, err
	}
	report := slog.NewLogLogger(n.logger.Handler(), slog.LevelDebug)
	if t.Certificate == "" && t.Key == "" {
		if loopback(t.Listen) != nil {
			return toolDoor{}, fmt.Errorf("tools.listen %q: %w", t.Listen, ErrPlain)
		}
		return toolDoor{account.NewDoor(book, mounts, account.Limits{}, nil, report)}, nil
	}
	secure, err := account.TLS(t.Certificate, t.Key)
	if err != nil {
		return toolDoor{}, err
	}
	return toolDoor{account.NewDoor(book, mounts, account.Limits{}, secure, report)}, nil
}

// mounts are the protocols that tools speak, in the order of their paths.
func (n *Node) mounts(ctx context.Context) ([]account.Mount, error) {
	server, err := n.newTaxii(ctx)
	if err != nil {
		return nil, err
	}
	return []account.Mount{n.taxiiMount(server), n.mispMount(), n.apiMount()}, nil
}

// serve answers tools until ctx ends.
func (d toolDoor) serve(ctx context.Context, l net.Listener) error {
	if d.Door == nil {
		return nil
	}
	return d.Serve(ctx, l)
}
